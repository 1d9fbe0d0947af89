"""Stand-ins that tests talk to: a model provider, agents. No mocks."""
