"""Ids as applications make them; each may name a thread and a run."""

ODD_IDS = (
    "Support chat 1",
    "ä",
    "日本語 🧵",
    "a" * 201,
    "{braces}",
    "}{",
    "}",
    "%7D",
    "%257D",
    "100%",
    "a*?[b]\\",
    "../up",
    "a/b/c",
    "quote\"'`",
    "x:y:meta",
    " ",
)
