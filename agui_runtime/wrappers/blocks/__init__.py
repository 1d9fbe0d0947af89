"""Blocks of structured output: charts, tables, timelines, records, and kinds of a user's own.

A model says them by tools, or within its text; they are validated and become AG-UI activities.
"""
