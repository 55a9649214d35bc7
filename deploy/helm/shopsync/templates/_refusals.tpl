{{/*
Values that are each good alone and contradict each other: named here, instead of one of them counting in silence.
What can be said of one value alone stands in values.schema.json.
*/}}
{{- define "shopsync.refusals" -}}
{{- $kafka := .Values.kafka -}}
{{- $isTls := hasSuffix "SSL" $kafka.securityProtocol -}}
{{- $isToken := and (hasPrefix "SASL_" $kafka.securityProtocol) (eq $kafka.saslMechanism "OAUTHBEARER") -}}
{{- if and (not $isTls) (or $kafka.ca.existingSecret $kafka.ca.existingConfigMap) }}
{{- fail (printf "kafka.ca is set, but kafka.securityProtocol is %s: SSL and SASL_SSL have certificates" $kafka.securityProtocol) }}
{{- end }}
{{- if and (not $isTls) $kafka.clientCertificate }}
{{- fail (printf "kafka.clientCertificate is on, but kafka.securityProtocol is %s: SSL and SASL_SSL have certificates" $kafka.securityProtocol) }}
{{- end }}
{{- if and (not $isToken) $kafka.serviceAccountToken.enabled }}
{{- fail "kafka.serviceAccountToken is on, but it is for SASL_SSL or SASL_PLAINTEXT with saslMechanism OAUTHBEARER" }}
{{- end }}
{{- range $name := list "kafka" "mongo" "http" }}
{{- $ca := (get $.Values $name).ca }}
{{- if and $ca.existingSecret $ca.existingConfigMap }}
{{- fail (printf "%s.ca: existingSecret or existingConfigMap, not both" $name) }}
{{- end }}
{{- end }}
{{- if and .Values.http.proxy .Values.http.existingSecret }}
{{- fail "http: proxy or existingSecret, not both" }}
{{- end }}
{{- if and .Values.ingestor.shops.existingSecret .Values.ingestor.shops.existingConfigMap }}
{{- fail "ingestor.shops: existingSecret or existingConfigMap, not both" }}
{{- end }}
{{- if and .Values.setup.mongo.enabled .Values.mongo.secretKeys.uri }}
{{- fail "mongo.secretKeys.uri: the job cannot make users from whole connection strings; set setup.mongo.enabled to false" }}
{{- end }}
{{- if and (eq .Values.setup.users "job") (ne .Values.setup.topics "job") }}
{{- fail (printf "setup.users is job, which grants rights together with the topics, but setup.topics is %s: set it to job, or setup.users to none or strimzi" .Values.setup.topics) }}
{{- end }}
{{- $names := list }}
{{- range .Values.scheduled }}
{{- if has .name $names }}
{{- fail (printf "scheduled: the name %s stands twice" .name) }}
{{- end }}
{{- $names = append $names .name }}
{{- end }}
{{- end -}}
