{{/* The common configuration of EdgeX, for services without a provider. */}}
{{- define "sluice.common" -}}
{{- $edgex := .Values.edgex -}}
{{- $clients := dict "core-metadata" (dict "Protocol" $edgex.coreMetadata.protocol "Host" $edgex.coreMetadata.host "Port" $edgex.coreMetadata.port) -}}
{{- $bus := $edgex.messageBus -}}
{{- $common := dict
  "all-services" (dict
    "Writable" (dict
      "LogLevel" $edgex.logLevel
      "Telemetry" (dict "Interval" "30s")
      "InsecureSecrets" (dict "DB" (dict "SecretName" "redisdb" "SecretData" (dict "username" "" "password" ""))))
    "Service" (dict "HealthCheckInterval" "10s" "MaxResultCount" 1024 "MaxRequestSize" 0 "RequestTimeout" "5s")
    "MessageBus" (dict "Type" $bus.type "Protocol" $bus.protocol "Host" $bus.host "Port" $bus.port
      "AuthMode" "none" "SecretName" "redisdb" "BaseTopicPrefix" $bus.baseTopicPrefix))
  "app-services" (dict
    "Clients" $clients
    "Trigger" (dict "Type" "edgex-messagebus" "SubscribeTopics" "events/#"))
  "device-services" (dict
    "MaxEventSize" 0
    "Writable" (dict "Reading" (dict "ReadingUnits" true))
    "Clients" $clients
    "Device" (dict "DataTransform" true "MaxCmdOps" 128 "MaxCmdValueLen" 256 "EnableAsyncReadings" true "AsyncBufferSize" 16
      "Discovery" (dict "Enabled" false "Interval" "30s"))) -}}
{{- mustMergeOverwrite $common (deepCopy $edgex.common) | toYaml -}}
{{- end }}

{{/* The private configuration of a part. Hosts are those of the pod, see the
variables of its container. */}}
{{- define "sluice.configuration" -}}
{{- $v := .root.Values -}}
{{- $part := get $v .part -}}
{{- $name := get (include "sluice.parts" . | fromYaml) .part -}}
{{- $own := dict "Writable" (dict "LogLevel" $v.edgex.logLevel) -}}
{{- if eq .part "rules" -}}
{{- $_ := set $own "Service" (dict "Host" "localhost" "Port" $part.edgexPort "StartupMsg" "rules service has started") -}}
{{- $_ := set $own "MessageBus" (dict "Disabled" true) -}}
{{- $_ := set $own "Trigger" (dict "Type" "http") -}}
{{- if and (eq $part.host "127.0.0.1") (not $v.hostNetwork) -}}
{{- fail "rules.host: without hostNetwork nobody reaches a pod on 127.0.0.1, not even its probes; take 0.0.0.0" -}}
{{- end -}}
{{- $rules := dict "Host" $part.host "Port" $part.port "Authentication" $part.authentication "DataDir" "/var/lib/sluice" "LogFormat" $part.logFormat -}}
{{- if $part.tls.enabled -}}
{{- $_ := set $rules "RestTLS" (dict "CertFile" "/etc/sluice/tls/tls.crt" "KeyFile" "/etc/sluice/tls/tls.key") -}}
{{- end -}}
{{- if $part.publicKeys.secretName -}}
{{- $_ := set $rules "PublicKeys" "/etc/sluice/keys" -}}
{{- end -}}
{{- if $part.httpPush.enabled -}}
{{- $_ := set $rules "HTTPServer" (dict "Host" "0.0.0.0" "Port" $part.httpPush.port) -}}
{{- end -}}
{{- $_ := set $own "Rules" $rules -}}
{{- else -}}
{{- $_ := set $own "Service" (dict "Host" "localhost" "Port" $part.port "StartupMsg" (printf "%s started" $name)) -}}
{{- $_ := set $own "MessageBus" (dict "Optional" (dict "ClientId" $name "AutoReconnect" "true" "KeepAlive" "10")) -}}
{{- $profiles := ternary "/etc/sluice/profiles" "" (ne (include "sluice.files" (set . "what" "profiles")) "") -}}
{{- $devices := ternary "/etc/sluice/devices" "" (ne (include "sluice.files" (set . "what" "devices")) "") -}}
{{- $_ := set $own "Device" (dict "ProfilesDir" $profiles "DevicesDir" $devices) -}}
{{- $_ := set $own "Driver" (dict "DataDir" "/var/lib/sluice") -}}
{{- $_ := set $own "Autonomy" (dict "Dir" "/var/lib/sluice") -}}
{{- if eq .part "opcua" -}}
{{- $_ := set $own.Driver "PKI" "/var/lib/sluice/pki" -}}
{{- end -}}
{{- if $part.kubeedge.dmi -}}
{{- $folder := $part.kubeedge.socketFolder -}}
{{- $_ := set $own "KubeEdge" (dict "DMI" (dict "EdgeSocket" (printf "%s/dmi.sock" $folder) "Socket" (printf "%s/%s.sock" $folder $name) "Protocol" .part)) -}}
{{- end -}}
{{- end -}}
{{- mustMergeOverwrite $own (deepCopy $part.configuration) | toYaml -}}
{{- end }}
