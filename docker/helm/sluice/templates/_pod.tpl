{{/* The pod of a part. Takes root and part. */}}
{{- define "sluice.pod" -}}
{{- $v := .root.Values -}}
{{- $part := get $v .part -}}
{{- $fullname := include "sluice.fullname" . -}}
{{- $persistence := include "sluice.persistence" . -}}
{{- $security := mustMergeOverwrite (deepCopy $v.podSecurityContext) (deepCopy $part.podSecurityContext) -}}
{{- $dmi := and (ne .part "rules") (dig "kubeedge" "dmi" false $part) -}}
{{- if $dmi -}}
{{- /* The socket of edgecore belongs to root, and so does its folder. */ -}}
{{- $security = mustMergeOverwrite $security (dict "runAsNonRoot" false "runAsUser" 0) -}}
{{- end -}}
metadata:
  annotations:
    checksum/configuration: {{ include "sluice.restartingFiles" . | sha256sum }}
    {{- with $v.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  labels:
    {{- include "sluice.labels" . | nindent 4 }}
    {{- with $v.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "sluice.serviceAccount" .root }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ $v.terminationGracePeriodSeconds }}
  hostNetwork: {{ $v.hostNetwork }}
  dnsPolicy: {{ $v.dnsPolicy | default (ternary "ClusterFirstWithHostNet" "ClusterFirst" $v.hostNetwork) }}
  {{- with $v.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with $v.image.pullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $v.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $v.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with include "sluice.affinity" . }}
  affinity:
    {{- . | nindent 4 }}
  {{- end }}
  securityContext:
    {{- toYaml $security | nindent 4 }}
  {{- if and (eq $persistence "hostPath") $v.persistence.prepare.enabled }}
  initContainers:
    - name: prepare
      image: {{ $v.persistence.prepare.image }}
      imagePullPolicy: {{ $v.image.pullPolicy }}
      command: [chown, "{{ $security.runAsUser | int64 }}:{{ $security.runAsGroup | int64 }}", /var/lib/sluice]
      securityContext:
        runAsNonRoot: false
        runAsUser: 0
        readOnlyRootFilesystem: true
        allowPrivilegeEscalation: false
        capabilities: {drop: [ALL], add: [CHOWN]}
      resources:
        limits: {memory: 32Mi}
      volumeMounts:
        - {name: data, mountPath: /var/lib/sluice}
  {{- end }}
  containers:
    - name: {{ get (include "sluice.parts" . | fromYaml) .part }}
      image: {{ include "sluice.image" . }}
      imagePullPolicy: {{ $v.image.pullPolicy }}
      args:
        - -cd=/etc/sluice/configuration
        {{- if $v.edgex.configProvider }}
        - -cp={{ $v.edgex.configProvider }}
        {{- else }}
        - -cc=/etc/sluice/configuration/common.yaml
        {{- end }}
        {{- if $v.edgex.registry }}
        - -r
        {{- end }}
      env:
        {{- include "sluice.env" . | nindent 8 }}
        {{- with $part.env }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        {{- include "sluice.containerPorts" . | nindent 8 }}
      {{- include "sluice.probes" . | nindent 6 }}
      securityContext:
        {{- $container := dict "readOnlyRootFilesystem" true "allowPrivilegeEscalation" false "privileged" false "capabilities" (dict "drop" (list "ALL")) }}
        {{- mustMergeOverwrite $container (deepCopy $part.securityContext) | toYaml | nindent 8 }}
      resources:
        {{- toYaml $part.resources | nindent 8 }}
      volumeMounts:
        {{- include "sluice.mounts" (set . "dmi" $dmi) | nindent 8 }}
        {{- with $part.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    {{- include "sluice.volumes" (set . "dmi" $dmi) | nindent 4 }}
    {{- with $part.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}

{{/* What a pod reads at its start alone: a change of it starts the pod anew. */}}
{{- define "sluice.restartingFiles" -}}
{{- $part := get .root.Values .part -}}
{{- include "sluice.configuration" . }}
{{- if not .root.Values.edgex.configProvider }}{{ include "sluice.common" .root }}{{ end }}
{{- if ne .part "rules" }}{{ toYaml (list $part.profiles $part.devices $part.nodeDevices) }}{{ end }}
{{- end }}

{{/* The given affinity, and the nodes that have devices of their own. */}}
{{- define "sluice.affinity" -}}
{{- $affinity := deepCopy .root.Values.affinity -}}
{{- $part := get .root.Values .part -}}
{{- if and (ne .part "rules") $part.nodeDevices -}}
{{- $terms := list -}}
{{- range $node := keys $part.nodeDevices | sortAlpha -}}
{{- $terms = append $terms (dict "matchFields" (list (dict "key" "metadata.name" "operator" "In" "values" (list $node)))) -}}
{{- end -}}
{{- $affinity = mustMergeOverwrite $affinity (dict "nodeAffinity" (dict "requiredDuringSchedulingIgnoredDuringExecution" (dict "nodeSelectorTerms" $terms))) -}}
{{- end -}}
{{- with $affinity }}{{ toYaml . }}{{ end -}}
{{- end }}
