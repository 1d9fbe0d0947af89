"""Agent routes for any HTTP client: start, stop, resume and read runs; threads as streams."""
