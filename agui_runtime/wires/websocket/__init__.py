"""One WebSocket on which a page makes many requests at once: the protocol `agui-mux.1`."""
