"""Texts as vectors: one file for each way to make them."""
