"""The schema's nouns: what it takes in, what it gives out, its errors."""
