"""The CopilotKit runtime in Python."""
