{{/* Rules of NetworkPolicies. An empty peer list: anywhere, on the port alone. */}}

{{- define "shopsync.egress" -}}
{{- with .to }}
- to:
    {{- toYaml . | nindent 4 }}
  ports:
{{- else }}
- ports:
{{- end }}
    {{- range .ports }}
    - {port: {{ . }}, protocol: TCP}
    {{- end }}
{{- end -}}

{{- define "shopsync.networkPolicy.egress" -}}
{{- $policy := .root.Values.networkPolicy -}}
- to:
    {{- toYaml $policy.dns.to | nindent 4 }}
  ports:
    {{- range $policy.dns.ports }}
    - {port: {{ . }}, protocol: UDP}
    - {port: {{ . }}, protocol: TCP}
    {{- end }}
{{- if .reachesKafka }}
{{- include "shopsync.egress" $policy.kafka }}
{{- end }}
{{- if .reachesMongo }}
{{- include "shopsync.egress" $policy.mongo }}
{{- end }}
{{- if .reachesInternet }}
{{- include "shopsync.egress" $policy.internet }}
{{- end }}
{{- if .reachesPublisher }}
- to:
    - podSelector:
        matchLabels:
          {{- include "shopsync.selector" (dict "root" .root "component" "publisher") | nindent 10 }}
  ports:
    - {port: http, protocol: TCP}
{{- end }}
{{- with $policy.extraEgress }}
{{ toYaml . }}
{{- end }}
{{- end -}}
