"""HTTP, event streams and WebSockets that carry operations; the playground."""
