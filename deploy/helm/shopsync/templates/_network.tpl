{{/* Rules of NetworkPolicies. An empty peer list outward: anywhere, on the port alone. */}}

{{- define "shopsync.egress" -}}
{{- with .to }}
- to:
    {{- toYaml . | nindent 4 }}
  ports:
{{- else }}
- ports:
{{- end }}
    {{- range .ports }}
    - {port: {{ int . }}, protocol: TCP}
    {{- end }}
{{- end -}}

{{/* A link's rule: where its ports are not said, those of the addresses that the services are given. */}}
{{- define "shopsync.egress.link" -}}
{{- $ports := .rule.ports -}}
{{- if not $ports -}}
{{- range splitList "," .addresses -}}
{{- $ports = append $ports (regexFind ":[0-9]+$" (trim .) | trimPrefix ":" | default $.usual) -}}
{{- end -}}
{{- end -}}
{{- include "shopsync.egress" (dict "to" .rule.to "ports" ($ports | uniq)) -}}
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
{{- include "shopsync.egress.link" (dict "rule" $policy.kafka "addresses" .root.Values.kafka.bootstrapServers "usual" "9092") }}
{{- end }}
{{- if .reachesMongo }}
{{- include "shopsync.egress.link" (dict "rule" $policy.mongo "addresses" .root.Values.mongo.hosts "usual" "27017") }}
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
