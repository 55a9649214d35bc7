{{/* The passwords that MongoDB's users get: each from the Secret that the user itself reads. */}}
{{- define "shopsync.mongo.passwords" -}}
{{- $certificates := .Values.setup.mongo.certificates }}
{{- range (.Files.Get "files/roles.json" | fromJson).users }}
{{- if not (hasKey $certificates .name) }}
{{- $mongo := (get $.Values .name).mongo }}
{{- $keys := include "shopsync.mongo.keys" (dict "root" $ "mongo" $mongo) | fromYaml }}
- name: {{ .password_env }}
  valueFrom:
    secretKeyRef:
      name: {{ required (printf "%s.mongo.existingSecret is not set: setup.mongo.enabled gives its user that password" .name) $mongo.existingSecret | quote }}
      key: {{ required "mongo.secretKeys.password is empty: setup.mongo.enabled has to be false" $keys.password | quote }}
{{- end }}
{{- end }}
{{- end -}}
