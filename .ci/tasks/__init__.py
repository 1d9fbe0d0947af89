"""What `scripts.py` does. Everything here runs on a bare Python >= 3.11."""
