"""What connectors share: chat completions, connections, requests to other servers, messages."""
