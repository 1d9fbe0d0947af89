"""Layers over stores: each is a store over another one, and changes what passes through it."""
