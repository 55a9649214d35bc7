{{/*
Hooks: they run before anything of the release is there or changed, so what they use are hooks too. All of it goes when
the jobs have succeeded; what has failed stays, to be read, until the next try.
*/}}
{{- define "shopsync.hook" -}}
helm.sh/hook: pre-install,pre-upgrade
helm.sh/hook-weight: {{ .weight | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}

{{- define "shopsync.setup.topics" -}}
{{- or (eq .Values.setup.topics "job") (eq .Values.setup.users "job") | ternary "true" "" -}}
{{- end -}}
