// Telemetry at the time of installation: there is none.
