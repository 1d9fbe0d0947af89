"""What stores share: how runs and states are written, leases, the reading of logs, the janitor."""
