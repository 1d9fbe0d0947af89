"""The chat-completions protocol, as far as connectors share it; opens no connections.

`request` makes requests out of AG-UI input, `reply` AG-UI events out of the chunks that answer
them, `failures` and `transport` errors out of what goes wrong; `patience` says when to ask again.
"""
