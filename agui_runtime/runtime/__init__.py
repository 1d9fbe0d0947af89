"""The face that wires and applications see: `CopilotRuntime`, its options, threads and catalog."""
