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
