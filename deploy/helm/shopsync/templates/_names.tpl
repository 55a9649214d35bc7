{{/* Names, labels, images. A `context` is {root, component, values}: the chart's own scope, ingestor …, and its values. */}}

{{- define "shopsync.services" -}}
ingestor catalog publisher janitor console
{{- end -}}

{{/* Short enough for the labels that Kubernetes adds to a name: revision and ordinal. */}}
{{- define "shopsync.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $both := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{- default $both .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "shopsync.name" -}}
{{- printf "%s-%s" (include "shopsync.fullname" .root) .component -}}
{{- end -}}

{{/* What never changes: labels by which objects find pods. */}}
{{- define "shopsync.selector" -}}
app.kubernetes.io/name: shopsync
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "shopsync.labels" -}}
{{ include "shopsync.selector" . }}
app.kubernetes.io/part-of: shopsync
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* name, namespace, labels, annotations. `annotations` of the context are joined with the common ones. */}}
{{- define "shopsync.metadata" -}}
name: {{ default (include "shopsync.name" .) .name }}
namespace: {{ default .root.Release.Namespace .namespace }}
labels:
  {{- include "shopsync.labels" . | nindent 2 }}
  {{- with .labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with include "shopsync.with" (list .root.Values.commonAnnotations (default (dict) .annotations)) | fromYaml }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "shopsync.image" -}}
{{- $image := .root.Values.image -}}
{{- $name := printf "%s%s" $image.prefix .image -}}
{{- $path := empty $image.registry | ternary $name (printf "%s/%s" $image.registry $name) -}}
{{- $digest := get $image.digests .image -}}
{{- empty $digest | ternary (printf "%s:%s" $path (default .root.Chart.AppVersion $image.tag)) (printf "%s@%s" $path $digest) -}}
{{- end -}}

{{/* The first map with what the second says in its place; `merge` would take an empty value or `false` for no value. */}}
{{- define "shopsync.with" -}}
{{- $all := dict -}}
{{- range . }}{{ range $key, $value := . }}{{ $_ := set $all $key $value }}{{ end }}{{ end -}}
{{- toYaml $all -}}
{{- end -}}

{{/* `defaults`, with what `overrides` of the service says in their place; of a probe, what it says alone. */}}
{{- define "shopsync.pod" -}}
{{- $pod := include "shopsync.with" (list .root.Values.defaults .values.overrides) | fromYaml -}}
{{- $own := default (dict) .values.overrides.probes -}}
{{- $probes := dict -}}
{{- range $kind, $usual := .root.Values.defaults.probes -}}
{{- $_ := set $probes $kind (include "shopsync.with" (list $usual (default (dict) (get $own $kind))) | fromYaml) -}}
{{- end -}}
{{- $_ := set $pod "probes" $probes -}}
{{- toYaml $pod -}}
{{- end -}}

{{/* A number as it is written: Helm reads whole numbers as floats, and prints large ones as 3.3e+07. */}}
{{- define "shopsync.scalar" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) }}{{ int64 . | toString }}{{ else }}{{ toString . }}{{ end -}}
{{- end -}}

{{- define "shopsync.securityContext.pod" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "shopsync.securityContext.container" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* Partitions of what a service reads: more replicas than that have nothing to read. */}}
{{- define "shopsync.partitions" -}}
{{- $most := 0 -}}
{{- range index (.root.Files.Get "files/groups.yaml" | fromYaml) .component -}}
{{- $most = max $most .partitions -}}
{{- end -}}
{{- $most -}}
{{- end -}}
