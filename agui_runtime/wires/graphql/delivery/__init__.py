"""How a growing document is brought to its client: planned, in parts, framed."""
