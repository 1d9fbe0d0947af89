"""The runtime as a CopilotKit remote endpoint, for Node runtimes."""
