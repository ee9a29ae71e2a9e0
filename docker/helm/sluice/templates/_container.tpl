{{- define "sluice.env" -}}
{{- $part := get .root.Values .part -}}
- name: EDGEX_SECURITY_SECRET_STORE
  value: {{ .root.Values.edgex.secretStore | quote }}
- name: NODE_NAME
  valueFrom: {fieldRef: {fieldPath: spec.nodeName}}
# Where EdgeX finds this service, and its address to listen on.
- name: SERVICE_HOST
  valueFrom: {fieldRef: {fieldPath: status.podIP}}
{{- if eq .part "rules" }}
# The image says 0.0.0.0 in the same variable, which wins over files.
- name: RULES_HOST
  value: {{ $part.host | quote }}
{{- if include "sluice.definitions" .root }}
- name: RULES_RECONCILE_FOLDER
  value: /etc/sluice/definitions
{{- if $part.prune }}
- name: RULES_RECONCILE_PRUNE
  value: "true"
{{- end }}
{{- end }}
{{- range $part.secrets }}
- name: {{ include "sluice.secretVariable" . }}
  valueFrom: {secretKeyRef: {name: {{ .secretName }}, key: {{ .secretKey }}}}
{{- end }}
{{- else }}
{{- $name := get (include "sluice.parts" . | fromYaml) .part }}
{{- $each := eq (include "sluice.kind" .) "DaemonSet" }}
{{- if and $part.instancePerNode $each }}
- name: EDGEX_INSTANCE_NAME
  value: $(NODE_NAME)
{{- end }}
{{- if $each }}
# Two clients of a broker with one id would throw each other out.
- name: MESSAGEBUS_OPTIONAL_CLIENTID
  value: {{ $name }}-$(NODE_NAME)
{{- else }}
- name: POD_NAME
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
- name: MESSAGEBUS_OPTIONAL_CLIENTID
  value: $(POD_NAME)
{{- end }}
{{- if $part.nodeDevices }}
- name: DEVICE_DEVICESDIR
  value: /etc/sluice/devices/$(NODE_NAME)
{{- end }}
{{- end }}
{{- end }}

{{/* The variable that stands for secret://NAME/KEY. */}}
{{- define "sluice.secretVariable" -}}
RULES_SECRET_{{ regexReplaceAll "[^A-Z0-9]" (upper .name) "_" }}_{{ regexReplaceAll "[^A-Z0-9]" (upper .key) "_" }}
{{- end }}

{{- define "sluice.containerPorts" -}}
{{- $part := get .root.Values .part -}}
{{- if eq .part "rules" -}}
- {name: rules, containerPort: {{ $part.port }}}
- {name: edgex, containerPort: {{ $part.edgexPort }}}
{{- if $part.httpPush.enabled }}
- {name: http-push, containerPort: {{ $part.httpPush.port }}}
{{- end }}
{{- else -}}
- {name: edgex, containerPort: {{ $part.port }}}
{{- end }}
{{- end }}

{{/* A device service listens before it has found the bus and core-metadata: to
start it again would not bring them back. It is ready when it answers. */}}
{{- define "sluice.probes" -}}
{{- $part := get .root.Values .part -}}
{{- $ready := dict "httpGet" (dict "path" "/api/v3/ping" "port" "edgex") -}}
{{- $alive := dict "tcpSocket" (dict "port" "edgex") -}}
{{- if eq .part "rules" -}}
{{- $scheme := ternary "HTTPS" "HTTP" $part.tls.enabled -}}
{{- $route := dict "port" "rules" "scheme" $scheme -}}
{{- if eq $part.host "127.0.0.1" -}}
{{- $_ := set $route "host" $part.host -}}
{{- end -}}
{{- $ready = dict "httpGet" (merge (dict "path" "/readyz") $route) -}}
{{- $alive = dict "httpGet" (merge (dict "path" "/healthz") $route) -}}
{{- end -}}
startupProbe:
  {{- toYaml (merge (deepCopy $part.startupProbe) $alive) | nindent 2 }}
readinessProbe:
  {{- toYaml (merge (deepCopy $part.readinessProbe) $ready) | nindent 2 }}
livenessProbe:
  {{- toYaml (merge (deepCopy $part.livenessProbe) $alive) | nindent 2 }}
{{- end }}

{{- define "sluice.mounts" -}}
{{- $part := get .root.Values .part -}}
{{- if include "sluice.persistence" . -}}
- {name: data, mountPath: /var/lib/sluice}
{{ end -}}
- {name: tmp, mountPath: /tmp}
- {name: configuration, mountPath: /etc/sluice/configuration, readOnly: true}
{{- if eq .part "rules" }}
{{- if include "sluice.definitions" .root }}
- {name: definitions, mountPath: /etc/sluice/definitions, readOnly: true}
{{- end }}
{{- if $part.token.secretName }}
- {name: token, mountPath: /var/lib/sluice/token, subPath: token, readOnly: true}
{{- end }}
{{- if $part.publicKeys.secretName }}
- {name: keys, mountPath: /etc/sluice/keys, readOnly: true}
{{- end }}
{{- if $part.tls.enabled }}
- {name: tls, mountPath: /etc/sluice/tls, readOnly: true}
{{- end }}
{{- else }}
{{- range $what := list "profiles" "devices" }}
{{- if include "sluice.files" (dict "root" $.root "part" $.part "what" $what) }}
- {name: {{ $what }}, mountPath: /etc/sluice/{{ $what }}, readOnly: true}
{{- end }}
{{- end }}
{{- if .dmi }}
- {name: kubeedge, mountPath: {{ $part.kubeedge.socketFolder }}}
{{- end }}
{{- end }}
{{- end }}
