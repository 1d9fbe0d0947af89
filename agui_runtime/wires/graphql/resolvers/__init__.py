"""The fields of the schema; each delegates to the runtime."""
