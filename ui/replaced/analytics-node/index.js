// Telemetry: nothing is sent.
export class Analytics {
  track() {}
  identify() {}
}
