"""The GraphQL wire of CopilotKit 1.10.6 and older, with subscriptions, queries and a playground.

`wire` is what an app is given. A request comes in by `transport/` (HTTP, event streams,
WebSockets); `engine/` parses it once, within limits, and executes it over the schema of
`resolvers/`, whose types are the `nouns/`. What a run emits is folded into one growing document by
`answer/`; `delivery/` is a cursor on that document, which brings its reader what was selected.
Imports go one way: wire, transport, engine, resolvers, delivery, answer, nouns.
"""
