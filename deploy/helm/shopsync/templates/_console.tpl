{{/* The console's own: the address that merchants open, and the token that it shares with the publisher. */}}

{{- define "shopsync.console.url" -}}
{{- $console := .root.Values.console -}}
{{- $own := $console.ingress.enabled | ternary (printf "https://%s" $console.ingress.host) "" -}}
{{- required "console.publicUrl is not set: where merchants open the console, https://console.example.jp" (default $own $console.publicUrl) -}}
{{- end -}}

{{- define "shopsync.console.environment" -}}
- name: CONSOLE_PUBLIC_URL
  value: {{ include "shopsync.console.url" . | quote }}
- name: CONSOLE_PUBLISHER_URL
  value: {{ include "shopsync.publisher.url" . | quote }}
- name: CONSOLE_PUBLISHER_TOKEN_FILE
  value: /etc/shopsync/console/token
{{- end -}}

{{/* The publisher's side: it answers the console, and leads consents back to it. */}}
{{- define "shopsync.internal.environment" -}}
- name: PUBLISHER_INTERNAL_TOKEN_FILE
  value: /etc/shopsync/console/token
- name: PUBLISHER_CONSOLE_URL
  value: {{ include "shopsync.console.url" . | quote }}
{{- end -}}

{{- define "shopsync.console.sources" -}}
{{- $token := .root.Values.console.token -}}
- secret:
    name: {{ required "console.token.existingSecret is not set: the Secret with the token that console and publisher share" $token.existingSecret | quote }}
    items: [{key: {{ $token.key | quote }}, path: console/token}]
{{- end -}}
