{{/* The publisher's own: TikTok Shop's app, and the address that its webhooks come to. */}}

{{/* Ready replicas only, from inside the cluster. */}}
{{- define "shopsync.publisher.url" -}}
{{- printf "http://%s-publisher-web:%d" (include "shopsync.fullname" .root) (int .root.Values.publisher.service.port) -}}
{{- end -}}

{{- define "shopsync.tiktok.environment" -}}
{{- $tiktok := .values.tiktok -}}
{{- $ingress := .values.ingress -}}
- name: PUBLISHER_TIKTOK_APP_KEY
  value: {{ required "publisher.tiktok.appKey is not set: the app's key, from Partner Center" $tiktok.appKey | quote }}
- name: PUBLISHER_TIKTOK_APP_SECRET_FILE
  value: /etc/shopsync/tiktok/app-secret
- name: PUBLISHER_TOKEN_KEY_FILE
  value: /etc/shopsync/tiktok/token-key
{{- with $tiktok.serviceId }}
- name: PUBLISHER_TIKTOK_SERVICE_ID
  value: {{ . | quote }}
{{- end }}
{{- $own := $ingress.enabled | ternary (printf "https://%s/webhooks/tiktok" $ingress.host) "" }}
{{- with default $own $tiktok.webhookUrl }}
- name: PUBLISHER_WEBHOOK_URL
  value: {{ . | quote }}
{{- end }}
{{- end -}}

{{- define "shopsync.tiktok.sources" -}}
{{- $tiktok := .values.tiktok -}}
- secret:
    name: {{ required "publisher.tiktok.existingSecret is not set: the Secret with the app's secret and the token key" $tiktok.existingSecret | quote }}
    items:
      - {key: {{ $tiktok.secretKeys.appSecret | quote }}, path: tiktok/app-secret}
      - {key: {{ $tiktok.secretKeys.tokenKey | quote }}, path: tiktok/token-key}
{{- end -}}

{{/* Everything under /etc/shopsync. */}}
{{- define "shopsync.sources" -}}
{{- include "shopsync.kafka.sources" . -}}
{{- include "shopsync.mongo.sources" . -}}
{{- if has .component (list "ingestor" "publisher" "console") -}}
{{- include "shopsync.http.sources" . -}}
{{- end -}}
{{- if eq .component "publisher" }}
{{ include "shopsync.tiktok.sources" . }}
{{- end }}
{{- if has .component (list "publisher" "console") }}
{{ include "shopsync.console.sources" . }}
{{- end -}}
{{- end -}}
