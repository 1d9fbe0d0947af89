"""What can remember: the logs of runs, the state of agents, the index of threads."""
