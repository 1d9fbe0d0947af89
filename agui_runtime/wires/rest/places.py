"""Where the agent routes are."""

PARTS = ("api", "v1", "agent")
PREFIX = "/" + "/".join(PARTS)
