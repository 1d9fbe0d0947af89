"""The GraphQL wire of CopilotKit 1.10.6 and older, with subscriptions, queries and a playground.

A request comes in by `routes` (HTTP: `http`, `exchange`, `framing`) or `transport_ws` (`sockets`).
`operations` parses it once, within `limits` and `rules`; `engine` executes it over the `schema`,
whose parts are `types`, `inputs`, `saved_state`, `execution`, `exploration` and `subscriptions`.

What a run says is folded into one growing answer by `projector` (`agent_state`, `interrupts`,
`messages`); `plan` knows what was asked for, and `incremental` is a cursor on that answer, which
`stream` brings to its reader.
"""
