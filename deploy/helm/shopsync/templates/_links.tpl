{{/*
How a program finds Kafka, MongoDB and the proxy: variables, and one folder of mounted secrets, /etc/shopsync. Files
rather than variables, because a file follows its Secret when that changes, and shows up in no `kubectl describe`.
The context also has: kafka and mongo, the users; `mongoOptions` where they differ.
*/}}

{{- define "shopsync.kafka.user" -}}
{{- $own := printf "%s-%s" (.root.Values.kafka.topicPrefix | lower | replace "_" "-") .component -}}
{{- default (eq .root.Values.setup.users "strimzi" | ternary $own .component) .kafka.username -}}
{{- end -}}

{{- define "shopsync.kafka.secret" -}}
{{- $makes := ne .root.Values.strimzi.authentication "tls-external" -}}
{{- $strimzi := and (eq .root.Values.setup.users "strimzi") (ne .component "setup") $makes -}}
{{- $made := $strimzi | ternary (include "shopsync.kafka.user" .) "" -}}
{{- default $made .kafka.existingSecret -}}
{{- end -}}

{{- define "shopsync.kafka.environment" -}}
{{- $kafka := .root.Values.kafka -}}
{{- $tls := hasSuffix "SSL" $kafka.securityProtocol -}}
- name: SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS
  value: {{ required "kafka.bootstrapServers is not set: host:port of the brokers" $kafka.bootstrapServers | quote }}
- name: SHOPSYNC_TOPIC_PREFIX
  value: {{ $kafka.topicPrefix | quote }}
{{- if ne $kafka.securityProtocol "PLAINTEXT" }}
- name: SHOPSYNC_KAFKA_SECURITY_PROTOCOL
  value: {{ $kafka.securityProtocol }}
{{- end }}
{{- if hasPrefix "SASL_" $kafka.securityProtocol }}
- name: SHOPSYNC_KAFKA_SASL_MECHANISM
  value: {{ $kafka.saslMechanism }}
{{- if eq $kafka.saslMechanism "OAUTHBEARER" }}
- name: SHOPSYNC_KAFKA_TOKEN_FILE
  value: /etc/shopsync/kafka/token
{{- else }}
- name: SHOPSYNC_KAFKA_USERNAME
  value: {{ include "shopsync.kafka.user" . | quote }}
- name: SHOPSYNC_KAFKA_PASSWORD_FILE
  value: /etc/shopsync/kafka/password
{{- end }}
{{- end }}
{{- if and $tls (or $kafka.ca.existingSecret $kafka.ca.existingConfigMap) }}
- name: SHOPSYNC_KAFKA_CA_FILE
  value: /etc/shopsync/kafka-ca.crt
{{- end }}
{{- if and $tls $kafka.clientCertificate }}
- name: SHOPSYNC_KAFKA_CERTIFICATE_FILE
  value: /etc/shopsync/kafka/client.crt
- name: SHOPSYNC_KAFKA_KEY_FILE
  value: /etc/shopsync/kafka/client.key
{{- if (include "shopsync.kafka.keys" . | fromYaml).keyPassword }}
- name: SHOPSYNC_KAFKA_KEY_PASSWORD_FILE
  value: /etc/shopsync/kafka/key-password
{{- end }}
{{- end }}
{{- end -}}

{{- define "shopsync.kafka.keys" -}}
{{- include "shopsync.with" (list .root.Values.kafka.secretKeys (default (dict) .kafka.secretKeys)) -}}
{{- end -}}

{{- define "shopsync.mongo.keys" -}}
{{- include "shopsync.with" (list .root.Values.mongo.secretKeys (default (dict) .mongo.secretKeys)) -}}
{{- end -}}

{{- define "shopsync.mongo.environment" -}}
{{- $mongo := .root.Values.mongo -}}
{{- $keys := include "shopsync.mongo.keys" . | fromYaml -}}
{{- if $keys.uri }}
- name: SHOPSYNC_MONGO_URI_FILE
  value: /etc/shopsync/mongo/uri
{{- else }}
- name: SHOPSYNC_MONGO_URI
  {{- $hosts := required "mongo.hosts is not set: host:port of the replica set's members" $mongo.hosts }}
  {{- $options := default $mongo.options .mongo.options }}
  {{- /* With X.509 the certificate's subject is the user; another name beside it is refused. */ -}}
  {{- $named := and .mongo.username (not (regexMatch "(?i)(^|&)authMechanism=MONGODB-X509(&|$)" $options)) }}
  value: {{ printf "%s://%s%s/?%s" $mongo.scheme ($named | ternary (printf "%s@" .mongo.username) "") $hosts $options | quote }}
{{- end }}
- name: SHOPSYNC_MONGO_DATABASE
  value: {{ $mongo.database | quote }}
{{- if $keys.password }}
- name: SHOPSYNC_MONGO_PASSWORD_FILE
  value: /etc/shopsync/mongo/password
{{- end }}
{{- if or $mongo.ca.existingSecret $mongo.ca.existingConfigMap }}
- name: SHOPSYNC_MONGO_CA_FILE
  value: /etc/shopsync/mongo-ca.crt
{{- end }}
{{- if $keys.certificate }}
- name: SHOPSYNC_MONGO_CERTIFICATE_FILE
  value: /etc/shopsync/mongo/client.pem
{{- end }}
{{- end -}}

{{- define "shopsync.http.environment" -}}
{{- with .root.Values.http }}
{{- if .existingSecret }}
- name: SHOPSYNC_HTTP_PROXY_FILE
  value: /etc/shopsync/http/proxy
{{- else if .proxy }}
- name: SHOPSYNC_HTTP_PROXY
  value: {{ .proxy | quote }}
{{- end }}
{{- with .noProxy }}
{{- if not (or $.root.Values.http.proxy $.root.Values.http.existingSecret) }}
{{- fail "http.noProxy is set and neither http.proxy nor http.existingSecret: the services refuse that" }}
{{- end }}
- name: SHOPSYNC_HTTP_NO_PROXY
  value: {{ . | quote }}
{{- end }}
{{- if or .ca.existingSecret .ca.existingConfigMap }}
- name: SHOPSYNC_HTTP_CA_FILE
  value: /etc/shopsync/http-ca.crt
{{- end }}
{{- end }}
{{- end -}}

{{/* What is mounted of the user's Kafka Secret: keys and files. */}}
{{- define "shopsync.kafka.items" -}}
{{- $kafka := .root.Values.kafka -}}
{{- $keys := include "shopsync.kafka.keys" . | fromYaml -}}
{{- if hasPrefix "SASL_" $kafka.securityProtocol }}
{{- if ne $kafka.saslMechanism "OAUTHBEARER" }}
- {key: {{ $keys.password | quote }}, path: kafka/password}
{{- else if not $kafka.serviceAccountToken.enabled }}
- {key: {{ $keys.token | quote }}, path: kafka/token}
{{- end }}
{{- end }}
{{- if and $kafka.clientCertificate (hasSuffix "SSL" $kafka.securityProtocol) }}
- {key: {{ $keys.certificate | quote }}, path: kafka/client.crt}
- {key: {{ $keys.key | quote }}, path: kafka/client.key}
{{- with $keys.keyPassword }}
- {key: {{ . | quote }}, path: kafka/key-password}
{{- end }}
{{- end }}
{{- end -}}

{{- define "shopsync.authority" -}}
{{- if .ca.existingSecret }}
- secret: {name: {{ .ca.existingSecret | quote }}, items: [{key: {{ .ca.key | quote }}, path: {{ .path }}}]}
{{- else if .ca.existingConfigMap }}
- configMap: {name: {{ .ca.existingConfigMap | quote }}, items: [{key: {{ .ca.key | quote }}, path: {{ .path }}}]}
{{- end }}
{{- end -}}

{{- define "shopsync.kafka.sources" -}}
{{- $kafka := .root.Values.kafka -}}
{{- with include "shopsync.kafka.items" . | trim }}
- secret:
    name: {{ required (printf "%s.kafka.existingSecret is not set: the Secret of its Kafka user" $.component) (include "shopsync.kafka.secret" $) | quote }}
    items:
      {{- . | nindent 6 }}
{{- end }}
{{- if and (hasPrefix "SASL_" $kafka.securityProtocol) (eq $kafka.saslMechanism "OAUTHBEARER") $kafka.serviceAccountToken.enabled }}
- serviceAccountToken:
    audience: {{ $kafka.serviceAccountToken.audience | quote }}
    expirationSeconds: {{ include "shopsync.scalar" $kafka.serviceAccountToken.expirationSeconds }}
    path: kafka/token
{{- end }}
{{- if hasSuffix "SSL" $kafka.securityProtocol }}
{{- include "shopsync.authority" (dict "ca" $kafka.ca "path" "kafka-ca.crt") }}
{{- end }}
{{- end -}}

{{- define "shopsync.mongo.sources" -}}
{{- $keys := include "shopsync.mongo.keys" . | fromYaml -}}
{{- if or $keys.password $keys.uri $keys.certificate }}
- secret:
    name: {{ required (printf "%s.mongo.existingSecret is not set: the Secret of its MongoDB user" .component) .mongo.existingSecret | quote }}
    items:
      {{- if $keys.password }}
      - {key: {{ $keys.password | quote }}, path: mongo/password}
      {{- end }}
      {{- if $keys.uri }}
      - {key: {{ $keys.uri | quote }}, path: mongo/uri}
      {{- end }}
      {{- if $keys.certificate }}
      - {key: {{ $keys.certificate | quote }}, path: mongo/client.pem}
      {{- end }}
{{- end }}
{{- include "shopsync.authority" (dict "ca" .root.Values.mongo.ca "path" "mongo-ca.crt") }}
{{- end -}}

{{- define "shopsync.http.sources" -}}
{{- with .root.Values.http }}
{{- if .existingSecret }}
- secret: {name: {{ .existingSecret | quote }}, items: [{key: {{ .key | quote }}, path: http/proxy}]}
{{- end }}
{{- include "shopsync.authority" (dict "ca" .ca "path" "http-ca.crt") }}
{{- end }}
{{- end -}}

{{/* Variables from `settings`: those of all services, then the service's own in their place. */}}
{{- define "shopsync.settings" -}}
{{- range $name, $value := include "shopsync.with" (list .root.Values.settings (default (dict) .values.settings)) | fromYaml }}
- name: {{ $name }}
  value: {{ include "shopsync.scalar" $value | quote }}
{{- end }}
{{- end -}}
