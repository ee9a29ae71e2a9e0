{{/*
Parts are the three services: the key of their values, and their name as EdgeX
and the images have it.
*/}}
{{- define "sluice.parts" -}}
rules: rules-service
modbus: device-modbus
opcua: device-opcua
{{- end }}

{{/* The name of a part in this release. Takes root and part. */}}
{{- define "sluice.fullname" -}}
{{- $service := get (include "sluice.parts" . | fromYaml) .part -}}
{{- printf "%s-%s" (.root.Release.Name | trunc 38 | trimSuffix "-") $service -}}
{{- end }}

{{- define "sluice.selector" -}}
app.kubernetes.io/name: {{ get (include "sluice.parts" . | fromYaml) .part }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{- define "sluice.labels" -}}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version | replace "+" "_" }}
app.kubernetes.io/part-of: sluice
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
{{ include "sluice.selector" . }}
{{- end }}

{{- define "sluice.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{ .Values.serviceAccount.name | default .Release.Name }}
{{- else -}}
{{ .Values.serviceAccount.name | default "default" }}
{{- end -}}
{{- end }}

{{- define "sluice.image" -}}
{{- $image := (get .root.Values .part).image -}}
{{- $tag := $image.tag | default .root.Values.image.tag | default .root.Chart.AppVersion -}}
{{- with $image.registry | default .root.Values.image.registry }}{{ . }}/{{ end -}}
{{ $image.repository }}:{{ $tag }}
{{- end }}

{{- define "sluice.kind" -}}
{{ (get .root.Values .part).kind | default .root.Values.kind }}
{{- end }}

{{/* How the data of a part is kept: hostPath, pvc or emptyDir. */}}
{{- define "sluice.persistence" -}}
{{- $kind := include "sluice.kind" . -}}
{{- $type := .root.Values.persistence.type | default (ternary "hostPath" "pvc" (eq $kind "DaemonSet")) -}}
{{- if and (eq $type "pvc") (eq $kind "DaemonSet") -}}
{{- fail (printf "persistence.type: a DaemonSet (%s) has no claim for each node; take hostPath, or kind StatefulSet" .part) -}}
{{- end -}}
{{ $type }}
{{- end }}

{{/* The ConfigMap of streams, tables and rules; empty: there are none. */}}
{{- define "sluice.definitions" -}}
{{- if .Values.rules.definitionsConfigMap -}}
{{ .Values.rules.definitionsConfigMap }}
{{- else if .Values.rules.definitions -}}
{{ include "sluice.fullname" (dict "root" . "part" "rules") }}-definitions
{{- end -}}
{{- end }}

{{/* The ConfigMap of profiles or devices of a part. Takes what, too. */}}
{{- define "sluice.files" -}}
{{- $part := get .root.Values .part -}}
{{- with get $part (printf "%sConfigMap" .what) -}}
{{ . }}
{{- else -}}
{{- if or (get $part .what) (and (eq .what "devices") $part.nodeDevices) -}}
{{ include "sluice.fullname" . }}-{{ .what }}
{{- end -}}
{{- end -}}
{{- end }}
