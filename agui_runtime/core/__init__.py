"""The language: events, errors, and what is made of both. Pure; no I/O, no clock, no event loop."""
