"""One run, from its claim on a thread to its one terminal event."""
