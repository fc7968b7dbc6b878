{{/* A name for everything in this release, at most 63 characters as DNS wants. */}}
{{- define "waxseal.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Labels that never change: a StatefulSet cannot change its selector. */}}
{{- define "waxseal.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "waxseal.labels" -}}
{{ include "waxseal.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* The configuration as variables. Helm reads every number as a float, and 25.0 is no number of seconds. */}}
{{- define "waxseal.settings" -}}
{{- range $section, $keys := .Values.config }}
{{- range $key, $value := $keys }}
- name: {{ printf "WAXSEAL_%s__%s" $section $key | upper }}
  value: {{ if kindIs "float64" $value }}{{ int64 $value | quote }}{{ else }}{{ $value | quote }}{{ end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* What every pod of ours is. */}}
{{- define "waxseal.pod" -}}
serviceAccountName: {{ include "waxseal.name" . }}
automountServiceAccountToken: false
# Kubernetes would set WAXSEAL_… variables for the service, and the server refuses settings that it does not know.
enableServiceLinks: false
# preStop, draining, and what a last checkpoint takes.
terminationGracePeriodSeconds: {{ add 15 (dig "server" "drain_s" 25 .Values.config) }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* What every container of ours is, beside its settings, ports and volumes. */}}
{{- define "waxseal.container" -}}
image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
imagePullPolicy: {{ .Values.image.pullPolicy }}
args: [serve]
startupProbe:
  httpGet: { path: /healthz, port: management }
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: { path: /healthz, port: management }
  periodSeconds: 10
  timeoutSeconds: 3
readinessProbe:
  httpGet: { path: /readyz, port: management }
  periodSeconds: 5
  timeoutSeconds: 3
lifecycle:
  # Load balancers take a moment to hear that the pod is leaving.
  preStop:
    sleep: { seconds: 5 }
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
resources:
  {{- toYaml .Values.resources | nindent 2 }}
{{- end -}}

{{/* Where pods may run. */}}
{{- define "waxseal.placement" -}}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* What edges and secrets pods have in common. */}}
{{- define "waxseal.apart.settings" -}}
- name: DATABASE_URL
  valueFrom:
    secretKeyRef:
      name: {{ .Values.apart.databaseSecret }}
      key: url
- name: WAXSEAL_LISTENERS__MANAGEMENT
  value: "0.0.0.0:9090"
- name: WAXSEAL_STORE__DATA_DIR
  value: /var/lib/waxseal/data
- name: WAXSEAL_UPSTREAM__CA
  value: /etc/waxseal/ca.crt
- name: WAXSEAL_UPSTREAM__CERTIFICATE
  value: /etc/waxseal/tls.crt
- name: WAXSEAL_UPSTREAM__KEY
  value: /etc/waxseal/tls.key
{{- end -}}

{{- define "waxseal.apart.volumes" -}}
- name: certificates
  secret:
    secretName: {{ .Values.apart.certificateSecret }}
    defaultMode: 0440
{{- end -}}

{{/* Each secrets pod by its own name: edges take turns, and notice which one is away. */}}
{{- define "waxseal.apart.endpoints" -}}
{{- $name := printf "%s-secrets" (include "waxseal.name" . | trunc 54 | trimSuffix "-") -}}
{{- range $index := until (int .Values.apart.secrets.replicas) -}}
{{- if $index }},{{ end -}}https://{{ $name }}-{{ $index }}.{{ $name }}.{{ $.Release.Namespace }}.svc:8090
{{- end -}}
{{- end -}}
