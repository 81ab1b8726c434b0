{{- define "watchkeeper.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "watchkeeper.image" -}}
{{- $tag := .Values.image.tag | default (printf "%s%s" .Chart.AppVersion (eq .Values.mode "embedded" | ternary "-embedded" "")) -}}
{{ .Values.image.repository }}:{{ $tag }}{{ with .Values.image.digest }}@{{ . }}{{ end }}
{{- end }}

{{/* Of a role: dict "top" $ "role" "store". */}}
{{- define "watchkeeper.selector" -}}
app.kubernetes.io/name: {{ .top.Chart.Name }}
app.kubernetes.io/instance: {{ .top.Release.Name }}
app.kubernetes.io/component: {{ .role }}
{{- end }}

{{- define "watchkeeper.labels" -}}
{{ include "watchkeeper.selector" . }}
app.kubernetes.io/version: {{ .top.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .top.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .top.Chart.Name .top.Chart.Version }}
{{- end }}

{{/* The roles that are played apart: "receive,store,…", or "all". */}}
{{- define "watchkeeper.components" -}}
{{ eq .Values.mode "embedded" | ternary "all" "receive,store,detect,alert,console" }}
{{- end }}

{{/* What a component has to do with: true or nothing. */}}
{{- define "watchkeeper.receives" -}}{{ if has . (list "all" "receive") }}true{{ end }}{{- end }}
{{- define "watchkeeper.reads" -}}{{ if ne . "receive" }}true{{ end }}{{- end }}
{{- define "watchkeeper.alerts" -}}{{ if has . (list "all" "alert") }}true{{ end }}{{- end }}
{{- define "watchkeeper.console" -}}{{ if has . (list "all" "console") }}true{{ end }}{{- end }}

{{/* A secret as a file: dict "variable" "secretName" "key". */}}
{{- define "watchkeeper.secretFile" -}}
- name: {{ .variable }}_FILE
  value: /run/secrets/watchkeeper/{{ .variable }}
{{- end }}

{{/* variable → { name, key } of the secrets that a component reads, as YAML. */}}
{{- define "watchkeeper.secretsOf" -}}
{{- $values := .top.Values -}}
{{- if and (eq .role "receive") (not $values.pepper.secretName) }}{{ fail "pepper.secretName: the Secret with the second key of all fingerprints, which all receivers share" }}{{ end }}
{{- if and (include "watchkeeper.receives" .role) $values.pepper.secretName }}
WATCHKEEPER_PEPPER: { name: {{ $values.pepper.secretName }}, key: {{ $values.pepper.key }} }
{{- end }}
{{- if eq $values.mode "distributed" }}
{{- $kafka := eq .role "receive" | ternary $values.kafka.receive $values.kafka.pipeline }}
{{- if ne $values.kafka.saslMechanism "none" }}
WATCHKEEPER_KAFKA_SASL_PASSWORD: { name: {{ required (printf "kafka.%s.secretName: the Secret with the password of %s" (eq .role "receive" | ternary "receive" "pipeline") $kafka.user) $kafka.secretName }}, key: {{ $kafka.key }} }
{{- end }}
{{- if include "watchkeeper.reads" .role }}
WATCHKEEPER_CLICKHOUSE_PASSWORD: { name: {{ required "clickhouse.secretName: the Secret with the password of clickhouse.user" $values.clickhouse.secretName }}, key: {{ $values.clickhouse.key }} }
{{- if $values.clickhouse.readerUser }}
WATCHKEEPER_CLICKHOUSE_READER_PASSWORD: { name: {{ required "clickhouse.readerSecretName: the Secret with the password of clickhouse.readerUser" $values.clickhouse.readerSecretName }}, key: {{ $values.clickhouse.readerKey }} }
{{- end }}
{{- end }}
{{- end }}
{{- if and (include "watchkeeper.alerts" .role) $values.webhook.secretName }}
WATCHKEEPER_WEBHOOK_SECRET: { name: {{ $values.webhook.secretName }}, key: {{ $values.webhook.key }} }
{{- end }}
{{- if include "watchkeeper.console" .role }}
{{- if and (eq .role "console") $values.console.accountsSecretName (not $values.console.secretName) }}{{ fail "console.secretName: the Secret with the key of the console's cookies, which its replicas share" }}{{ end }}
{{- with $values.console }}
{{- if .secretName }}
WATCHKEEPER_CONSOLE_SECRET: { name: {{ .secretName }}, key: {{ .key }} }
{{- end }}
{{- if .oidcSecretName }}
WATCHKEEPER_OIDC_CLIENT_SECRET: { name: {{ .oidcSecretName }}, key: {{ .oidcKey }} }
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* Settings that are no secret, variable → text, as YAML. What the chart has to know itself stands after `config`. */}}
{{- define "watchkeeper.settingsOf" -}}
{{- $values := .top.Values -}}
{{- $set := dict -}}
{{- range $name, $value := $values.config }}{{ $_ := set $set $name (toString $value) }}{{ end -}}
{{- $_ := set $set "WATCHKEEPER_DATA_DIR" "/var/lib/watchkeeper" -}}
{{- $_ := set $set "WATCHKEEPER_RECEIVE_HOST" "0.0.0.0" -}}
{{- $_ := set $set "WATCHKEEPER_CONSOLE_HOST" "0.0.0.0" -}}
{{- if and (include "watchkeeper.receives" .role) $values.keys.secretName }}{{ $_ := set $set "WATCHKEEPER_KEYS_FILE" "/etc/watchkeeper-keys/keys.json" }}{{ end -}}
{{- if and $values.policy (include "watchkeeper.reads" .role) }}{{ $_ := set $set "WATCHKEEPER_POLICY" "/etc/watchkeeper/watchkeeper.yaml" }}{{ end -}}
{{- if eq $values.mode "distributed" -}}
{{- $_ := set $set "WATCHKEEPER_BUS" "kafka" -}}
{{- $_ := set $set "WATCHKEEPER_KAFKA_BROKERS" (join "," (required "kafka.brokers: host:port of at least one broker" $values.kafka.brokers)) -}}
{{- $_ := set $set "WATCHKEEPER_KAFKA_TLS" (toString $values.kafka.tls) -}}
{{- $_ := set $set "WATCHKEEPER_KAFKA_TOPIC_PREFIX" $values.kafka.topicPrefix -}}
{{- $_ := set $set "WATCHKEEPER_KAFKA_PARTITIONS" (toString $values.kafka.partitions) -}}
{{- $_ := set $set "WATCHKEEPER_KAFKA_REPLICATION" (toString $values.kafka.replication) -}}
{{- $_ := set $set "WATCHKEEPER_KAFKA_SASL_MECHANISM" $values.kafka.saslMechanism -}}
{{- if ne $values.kafka.saslMechanism "none" }}{{ $_ := set $set "WATCHKEEPER_KAFKA_SASL_USER" (eq .role "receive" | ternary $values.kafka.receive.user $values.kafka.pipeline.user) }}{{ end -}}
{{- if and $values.ca.configMapName $values.kafka.tls }}{{ $_ := set $set "WATCHKEEPER_KAFKA_TLS_CA_FILE" "/etc/watchkeeper-ca/ca.pem" }}{{ end -}}
{{- if include "watchkeeper.reads" .role -}}
{{- $_ := set $set "WATCHKEEPER_CLICKHOUSE_URL" (required "clickhouse.url: https://host:8443" $values.clickhouse.url) -}}
{{- $_ := set $set "WATCHKEEPER_CLICKHOUSE_DATABASE" $values.clickhouse.database -}}
{{- $_ := set $set "WATCHKEEPER_CLICKHOUSE_USER" $values.clickhouse.user -}}
{{- if $values.clickhouse.readerUser }}{{ $_ := set $set "WATCHKEEPER_CLICKHOUSE_READER_USER" $values.clickhouse.readerUser }}{{ end -}}
{{- end -}}
{{- end -}}
{{- if and (include "watchkeeper.alerts" .role) $values.webhook.url }}{{ $_ := set $set "WATCHKEEPER_WEBHOOK_URL" $values.webhook.url }}{{ end -}}
{{- if include "watchkeeper.console" .role -}}
{{- if $values.console.url }}{{ $_ := set $set "WATCHKEEPER_CONSOLE_URL" $values.console.url }}{{ end -}}
{{- if $values.console.accountsSecretName }}{{ $_ := set $set "WATCHKEEPER_ACCOUNTS_FILE" "/etc/watchkeeper-accounts/accounts.json" }}{{ end -}}
{{- end -}}
{{- toYaml $set -}}
{{- end }}

{{/* The pod of a component: dict "top" $ "role" "store". Data folder: a volume named `data`, that the caller has where it is to last. */}}
{{- define "watchkeeper.pod" -}}
{{- $values := .top.Values -}}
{{- $secrets := include "watchkeeper.secretsOf" . | fromYaml -}}
{{- $settings := include "watchkeeper.settingsOf" . | fromYaml -}}
{{- $own := eq .role "all" | ternary $values.embedded (index $values.roles (eq .role "all" | ternary "receive" .role)) -}}
metadata:
  labels:
    {{- include "watchkeeper.labels" . | nindent 4 }}
  annotations:
    checksum/policy: {{ $values.policy | sha256sum }}
    {{- with $values.podAnnotations }}{{ toYaml . | nindent 4 }}{{ end }}
spec:
  serviceAccountName: {{ include "watchkeeper.name" .top }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: 60
  {{- with $values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with $values.image.pullSecrets }}
  imagePullSecrets: {{ toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 10001
    runAsGroup: 10001
    fsGroup: 10001
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile: { type: RuntimeDefault }
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "watchkeeper.selector" . | nindent 10 }}
  containers:
    - name: {{ .role }}
      image: {{ include "watchkeeper.image" .top }}
      imagePullPolicy: {{ $values.image.pullPolicy }}
      args: [serve, --role, {{ .role }}]
      env:
        {{- range $name, $value := $settings }}
        - name: {{ $name }}
          value: {{ $value | quote }}
        {{- end }}
        {{- if $values.ca.configMapName }}
        - name: NODE_EXTRA_CA_CERTS
          value: /etc/watchkeeper-ca/ca.pem
        {{- end }}
        {{- range $variable, $_ := $secrets }}
        {{- include "watchkeeper.secretFile" (dict "variable" $variable) | nindent 8 }}
        {{- end }}
        {{- if include "watchkeeper.alerts" .role }}
        {{- range $values.extraSecrets }}
        - name: {{ .name }}
          valueFrom: { secretKeyRef: { name: {{ .secretName }}, key: {{ .key }} } }
        {{- end }}
        {{- end }}
      ports:
        {{- if include "watchkeeper.receives" .role }}
        - { name: otlp, containerPort: 4318 }
        {{- end }}
        - { name: console, containerPort: 8318 }
      # A first start waits for Kafka, the store and its migrations: alive all the while, ready after it.
      startupProbe: { httpGet: { path: /livez, port: console }, periodSeconds: 2, failureThreshold: 60 }
      livenessProbe: { httpGet: { path: /livez, port: console }, periodSeconds: 10, timeoutSeconds: 5 }
      readinessProbe: { httpGet: { path: /readyz, port: console }, periodSeconds: 5, timeoutSeconds: 5 }
      resources: {{ toYaml $own.resources | nindent 8 }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: { drop: [ALL] }
      volumeMounts:
        - { name: data, mountPath: /var/lib/watchkeeper }
        - { name: tmp, mountPath: /tmp }
        {{- if eq .role "all" }}
        - { name: spool, mountPath: /dev/shm }
        {{- end }}
        {{- if $secrets }}
        - { name: secrets, mountPath: /run/secrets/watchkeeper, readOnly: true }
        {{- end }}
        {{- if $values.ca.configMapName }}
        - { name: ca, mountPath: /etc/watchkeeper-ca, readOnly: true }
        {{- end }}
        {{- if hasKey $settings "WATCHKEEPER_KEYS_FILE" }}
        - { name: keys, mountPath: /etc/watchkeeper-keys, readOnly: true }
        {{- end }}
        {{- if hasKey $settings "WATCHKEEPER_ACCOUNTS_FILE" }}
        - { name: accounts, mountPath: /etc/watchkeeper-accounts, readOnly: true }
        {{- end }}
        {{- if hasKey $settings "WATCHKEEPER_POLICY" }}
        - { name: policy, mountPath: /etc/watchkeeper, readOnly: true }
        {{- end }}
  volumes:
    - name: tmp
      emptyDir: { sizeLimit: 256Mi }
    {{- if eq .role "all" }}
    - name: spool
      emptyDir: { medium: Memory, sizeLimit: 512Mi }
    {{- else }}
    - name: data
      emptyDir: { sizeLimit: 64Mi }
    {{- end }}
    {{- if $secrets }}
    - name: secrets
      projected:
        defaultMode: 0440
        sources:
          {{- range $variable, $secret := $secrets }}
          - secret: { name: {{ $secret.name }}, items: [{ key: {{ $secret.key }}, path: {{ $variable }} }] }
          {{- end }}
    {{- end }}
    {{- if $values.ca.configMapName }}
    - name: ca
      configMap: { name: {{ $values.ca.configMapName }}, items: [{ key: {{ $values.ca.key }}, path: ca.pem }] }
    {{- end }}
    {{- if hasKey $settings "WATCHKEEPER_KEYS_FILE" }}
    - name: keys
      secret: { secretName: {{ $values.keys.secretName }}, defaultMode: 0440, items: [{ key: keys.json, path: keys.json }] }
    {{- end }}
    {{- if hasKey $settings "WATCHKEEPER_ACCOUNTS_FILE" }}
    - name: accounts
      secret: { secretName: {{ $values.console.accountsSecretName }}, defaultMode: 0440, items: [{ key: accounts.json, path: accounts.json }] }
    {{- end }}
    {{- if hasKey $settings "WATCHKEEPER_POLICY" }}
    - name: policy
      configMap: { name: {{ include "watchkeeper.name" .top }}-policy }
    {{- end }}
  {{- with $values.nodeSelector }}
  nodeSelector: {{ toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.tolerations }}
  tolerations: {{ toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.affinity }}
  affinity: {{ toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
