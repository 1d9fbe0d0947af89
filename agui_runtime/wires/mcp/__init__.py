"""The runtime's agents as tools of the Model Context Protocol, in both of its generations."""
