"""Doorbells between those who post runs and the workers that carry them out."""
