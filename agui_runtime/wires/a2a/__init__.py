"""The wire of A2A: each agent as an A2A agent, in the protocol's generations 1.0 and 0.3."""
