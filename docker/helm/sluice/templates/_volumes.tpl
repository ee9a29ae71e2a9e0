{{- define "sluice.volumes" -}}
{{- $v := .root.Values -}}
{{- $part := get $v .part -}}
{{- $fullname := include "sluice.fullname" . -}}
{{- $persistence := include "sluice.persistence" . -}}
- name: tmp
  emptyDir: {sizeLimit: 256Mi}
- name: configuration
  configMap: {name: {{ $fullname }}}
{{- if eq $persistence "hostPath" }}
- name: data
  hostPath: {path: {{ $v.persistence.hostPath }}/{{ $fullname }}, type: DirectoryOrCreate}
{{- else if eq $persistence "emptyDir" }}
- name: data
  emptyDir: {sizeLimit: {{ $v.persistence.size }}}
{{- end }}
{{- if eq .part "rules" }}
{{- with include "sluice.definitions" .root }}
- name: definitions
  configMap: {name: {{ . }}}
{{- end }}
{{- with $part.token.secretName }}
- name: token
  secret: {secretName: {{ . }}, defaultMode: 0440, items: [{key: {{ $part.token.key }}, path: token}]}
{{- end }}
{{- with $part.publicKeys.secretName }}
- name: keys
  secret: {secretName: {{ . }}, defaultMode: 0440}
{{- end }}
{{- if $part.tls.enabled }}
- name: tls
  secret: {secretName: {{ required "rules.tls.secretName: name the Secret with tls.crt and tls.key" $part.tls.secretName }}, defaultMode: 0440}
{{- end }}
{{- else }}
{{- with include "sluice.files" (dict "root" .root "part" .part "what" "profiles") }}
- name: profiles
  configMap: {name: {{ . }}}
{{- end }}
{{- with include "sluice.files" (dict "root" .root "part" .part "what" "devices") }}
- name: devices
  configMap:
    name: {{ . }}
    {{- if $part.nodeDevices }}
    items:
      {{- range $node := keys $part.nodeDevices | sortAlpha }}
      {{- range $file := keys (get $part.nodeDevices $node) | sortAlpha }}
      - {key: {{ $node }}..{{ $file }}, path: {{ $node }}/{{ $file }}}
      {{- end }}
      {{- end }}
    {{- end }}
{{- end }}
{{- if .dmi }}
- name: kubeedge
  hostPath: {path: {{ $part.kubeedge.socketFolder }}, type: Directory}
{{- end }}
{{- end }}
{{- end }}
