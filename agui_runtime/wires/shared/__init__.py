"""What wires share: who gets in, HTTP, event streams, limits."""
