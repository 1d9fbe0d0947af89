"""What runs are measured with: lines of JSON, numbers for Prometheus, spans for OpenTelemetry."""
