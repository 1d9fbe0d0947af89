"""What runs within a sandbox. It uses Python's own library alone, and is run by path there."""
