"""The dialect of one machine: a file, a thread that writes it, and a thread that reads it."""
