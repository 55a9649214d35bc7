{{/*
A pod that runs one `shopsync` command and ends; with `waits` it does nothing until it is told to end. The context also
has: arguments, account, needsKafka, needsMongo, extraEnv, extraVolumes, extraMounts.
*/}}
{{- define "shopsync.command" -}}
{{- $pod := .root.Values.defaults -}}
metadata:
  labels:
    {{- include "shopsync.labels" . | nindent 4 }}
    {{- with $pod.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with include "shopsync.with" (list .root.Values.commonAnnotations $pod.podAnnotations) | fromYaml }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- include "shopsync.command.spec" . | nindent 2 }}
{{- end -}}

{{- define "shopsync.command.spec" -}}
{{- $pod := .root.Values.defaults -}}
restartPolicy: {{ empty .waits | ternary "Never" "Always" }}
serviceAccountName: {{ .account }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $pod.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
securityContext:
  {{- include "shopsync.securityContext.pod" . | nindent 2 }}
containers:
  - name: shopsync
    image: {{ include "shopsync.image" (merge (dict "image" "ops") .) | quote }}
    imagePullPolicy: {{ .root.Values.image.pullPolicy }}
    {{- if .waits }}
    # Blocked, because process 1 never gets a signal that it neither handles nor blocks.
    command:
      - /app/.venv/bin/python
      - -c
      - "import signal as s; s.pthread_sigmask(s.SIG_BLOCK, {s.SIGTERM}); s.sigwait({s.SIGTERM})"
    {{- else }}
    args:
      {{- toYaml .arguments | nindent 6 }}
    {{- end }}
    securityContext:
      {{- include "shopsync.securityContext.container" . | nindent 6 }}
    env:
      {{- if .needsKafka }}
      {{- include "shopsync.kafka.environment" . | nindent 6 }}
      {{- end }}
      {{- if .needsMongo }}
      {{- include "shopsync.mongo.environment" . | nindent 6 }}
      {{- end }}
      {{- if eq .component "operator" }}
      - name: SHOPSYNC_PUBLISHER_URL
        value: {{ include "shopsync.publisher.url" . | quote }}
      - name: SHOPSYNC_CONSOLE_URL
        value: {{ include "shopsync.console.url" . | quote }}
      {{- end }}
      {{- range $name, $value := .root.Values.settings }}
      - name: {{ $name }}
        value: {{ include "shopsync.scalar" $value | quote }}
      {{- end }}
      {{- with .extraEnv }}
      {{- . | nindent 6 }}
      {{- end }}
    resources:
      {{- toYaml .root.Values.setup.resources | nindent 6 }}
    volumeMounts:
      - {name: tmp, mountPath: /tmp}
      {{- if include "shopsync.command.sources" . | trim }}
      - {name: links, mountPath: /etc/shopsync, readOnly: true}
      {{- end }}
      {{- with .extraMounts }}
      {{- . | nindent 6 }}
      {{- end }}
volumes:
  - name: tmp
    emptyDir: {sizeLimit: 64Mi}
  {{- with include "shopsync.command.sources" . | trim }}
  - name: links
    projected:
      defaultMode: 0440
      sources:
        {{- . | nindent 8 }}
  {{- end }}
  {{- with .extraVolumes }}
  {{- . | nindent 2 }}
  {{- end }}
{{- with $pod.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $pod.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $pod.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "shopsync.command.sources" -}}
{{- if .needsKafka }}{{ include "shopsync.kafka.sources" . }}{{ end }}
{{- if .needsMongo }}{{ include "shopsync.mongo.sources" . }}{{ end }}
{{- end -}}
