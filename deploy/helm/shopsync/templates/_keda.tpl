{{/* How KEDA asks Kafka for the lag: as a user of its own, else as the operator. */}}

{{- define "shopsync.keda.login" -}}
{{- $own := .Values.autoscaling -}}
{{- $operator := dict "root" . "component" "operator" "kafka" .Values.operator.kafka -}}
username: {{ default (include "shopsync.kafka.user" $operator) $own.username | quote }}
secret: {{ default (include "shopsync.kafka.secret" $operator) $own.existingSecret | quote }}
keys: {{ empty $own.existingSecret | ternary (include "shopsync.kafka.keys" $operator | fromYaml) .Values.kafka.secretKeys | toJson }}
{{- end -}}

{{/* The name of the TriggerAuthentication; empty where there is nothing to tell: no login, the system's authorities. */}}
{{- define "shopsync.keda.authentication" -}}
{{- $kafka := .Values.kafka -}}
{{- $authority := or $kafka.ca.existingSecret $kafka.ca.existingConfigMap -}}
{{- $tells := or (hasPrefix "SASL_" $kafka.securityProtocol) (and (hasSuffix "SSL" $kafka.securityProtocol) (or $kafka.clientCertificate $authority)) -}}
{{- if and (ne $kafka.securityProtocol "PLAINTEXT") (or $tells .Values.autoscaling.existingTriggerAuthentication) -}}
{{- default (printf "%s-kafka" (include "shopsync.fullname" .)) .Values.autoscaling.existingTriggerAuthentication -}}
{{- end -}}
{{- end -}}
