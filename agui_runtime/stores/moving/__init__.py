"""Threads that are moved from one store into another, as lines of JSON."""
