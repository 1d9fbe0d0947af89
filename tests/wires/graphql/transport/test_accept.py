"""Which form an Accept header gets: as browsers, libraries and the front ends write it."""

from __future__ import annotations

import pytest

from agui_runtime.wires.graphql.delivery.framing import EVENTS, GRAPHQL_JSON, JSON, MULTIPART
from agui_runtime.wires.graphql.transport.accept import accepted

PAGE = (
    "application/graphql-response+json, application/graphql+json, application/json,"
    " text/event-stream, multipart/mixed"
)


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        *(
            (accept, JSON)
            for accept in ("", " ", "*/*", "*", "application/*", "text/html, */*;q=0.8")
        ),
        (JSON, JSON),
        ("application/json; charset=utf-8", JSON),
        ("application/json, text/plain, */*", JSON),
        ("APPLICATION/JSON", JSON),
        (PAGE, GRAPHQL_JSON),
        (GRAPHQL_JSON, GRAPHQL_JSON),
        (f"{GRAPHQL_JSON}; charset=utf-8", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON},application/json;q=0.9", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON}, */*;q=0.1", GRAPHQL_JSON),
        (f"application/json;q=0.9, {GRAPHQL_JSON}", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON}, {JSON}", GRAPHQL_JSON),
        (f"{JSON}, {GRAPHQL_JSON}", JSON),
        (f"{GRAPHQL_JSON};q=0.5, {JSON}", JSON),
        (f"{GRAPHQL_JSON};q=0.5, */*", JSON),
        (f"{GRAPHQL_JSON};q=0, */*", JSON),
        ("application/json;q=0, */*", GRAPHQL_JSON),
        (f"*/*, {GRAPHQL_JSON}", GRAPHQL_JSON),
        ("application/json;q=nonsense", JSON),
        ("application/json;q=" + "9" * 500, JSON),
        ("application/json; q = .5", JSON),
        *((accept, None) for accept in ("image/png", "*/*;q=0", "application/json;q=0.000", ",;,")),
    ],
)
def test_a_single_answer_has_the_type_that_is_wanted_most(accept: str, kind: str | None) -> None:
    assert accepted(accept).json == kind


@pytest.mark.parametrize(
    ("accept", "framing"),
    [
        *(
            (accept, MULTIPART)
            for accept in ("", "*/*", PAGE, "multipart/*;q=0.1", "multipart/mixed")
        ),
        ("multipart/mixed;deferSpec=20220824,application/json", MULTIPART),
        ("text/event-stream", EVENTS),
        ("text/event-stream, multipart/mixed;q=0.5", EVENTS),
        ("text/event-stream;q=0.5, multipart/mixed", MULTIPART),
        ("multipart/mixed;q=0, */*", EVENTS),
        *((accept, None) for accept in (JSON, "text/html", "*/*;q=0")),
    ],
)
def test_a_growing_answer_has_the_framing_that_is_wanted_most(accept: str, framing: object) -> None:
    assert accepted(accept).framing is framing


@pytest.mark.parametrize(
    ("accept", "is_served"),
    [("", True), ("*/*", True), ("text/*", True), (JSON, False), ("text/event-stream;q=0", False)],
)
def test_a_subscription_needs_a_client_that_takes_events(accept: str, is_served: bool) -> None:
    assert (accepted(accept).events is EVENTS) == is_served
