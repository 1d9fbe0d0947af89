"""The wire of CopilotKit since 1.50: AG-UI over event streams, threads, one-route envelopes."""
