"""What is worth knowing of a user in the next thread: kept sealed, found again, and deleted."""
