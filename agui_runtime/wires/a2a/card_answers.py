"""Answers with agents' cards, each at the well-known path below its agent's address."""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import formatdate
from hashlib import sha256
from importlib.metadata import version
from urllib.parse import quote

from a2a.server.request_handlers.response_helpers import agent_card_to_dict

from agui_runtime.core import jsontext
from agui_runtime.core.access import Resource
from agui_runtime.core.events import ANONYMOUS
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.a2a.cards import card_of
from agui_runtime.wires.a2a.exchange import A2AExchange
from agui_runtime.wires.a2a.options import A2AOptions
from agui_runtime.wires.a2a.security_schemes import schemes_of
from agui_runtime.wires.a2a.wire import WELL_KNOWN
from agui_runtime.wires.shared.exchange import JSON_TYPE
from agui_runtime.wires.shared.paths import public_root
from agui_runtime.wires.shared.table import WrongMethod

SECONDS = 300
"""For so long clients may hold a card."""


class CardAnswers:
    """Whoever may not call an agent is not shown its card, unless cards are public."""

    def __init__(self, runtime: CopilotRuntime, options: A2AOptions) -> None:
        self._runtime = runtime
        self._options = options
        self._schemes = schemes_of(options.security_schemes)
        self._release = version("agui-runtime")  # reads a file
        self._since = formatdate(usegmt=True).encode()

    def is_card(self, segments: Sequence[str]) -> bool:
        """Whether that is the path of a card below its agent's."""
        return len(segments) == 2 and segments[0] == ".well-known" and segments[1] in WELL_KNOWN

    async def answer(self, exchange: A2AExchange, agent: str) -> None:
        """With the card, or with 304 where the client has it; raises AgentNotFound, Forbidden."""
        if exchange.method not in ("GET", "HEAD"):
            raise WrongMethod(["GET"])
        body = jsontext.dumps(await self._card(exchange, agent))
        tag = b'"%b"' % sha256(body).hexdigest().encode()
        reach = b"public" if self._options.public_cards else b"private"
        headers = [
            (b"etag", tag),
            (b"last-modified", self._since),
            (b"cache-control", b"%b, max-age=%d" % (reach, SECONDS)),
        ]
        held = exchange.headers.get("if-none-match", "").encode()
        if tag in [each.strip().removeprefix(b"W/") for each in held.split(b",")]:
            await exchange.reply(304, headers, b"")
        else:
            shown = b"" if exchange.method == "HEAD" else body
            await exchange.reply(200, [JSON_TYPE, *headers], shown)

    async def _card(self, exchange: A2AExchange, agent: str) -> object:
        if self._options.public_cards:
            exchange.caller = ANONYMOUS
        else:
            await exchange.identify(self._runtime.authenticate)
        context = exchange.context({}, self._options.server.forwarded)
        found = await self._runtime.find(agent, context)
        if not self._options.public_cards:
            await self._runtime.permissions.check(exchange.caller, "read", Resource(agent))
        url = f"{public_root(exchange.scope)}{self._options.path}/{quote(agent, safe='')}"
        card = card_of(
            agent,
            found.description,
            url,
            self._release,
            pushes=self._options.webhooks.any,
            schemes=self._schemes,
        )
        return agent_card_to_dict(card)
