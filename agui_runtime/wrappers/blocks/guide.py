"""How a model that calls no tools says blocks: what it is told of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from ag_ui.core import Context, RunAgentInput, SystemMessage
from pydantic import BaseModel

from agui_runtime.core import jsontext
from agui_runtime.wrappers.blocks.options import described, schema_of

ABOUT = "How to show charts, tables and the like"

_GUIDE = """\
Where words are not enough, write a block: a JSON object alone on its lines, with its kind as \
`type`, between lines of plain text. It must be valid JSON: straight quotes, no comments, no comma \
behind the last element. All other text is shown as it is. For example:

Sales have doubled.
{"type": "table", "headers": ["month", "sales"], "rows": [["January", 12], ["February", 24]]}
That is all.

The kinds:
"""


def guide(models: Mapping[str, type[BaseModel]]) -> str:
    """The format and the kinds, with their JSON Schemas."""
    kinds = (
        f"- {kind}: {described(model)} {jsontext.dumps(schema_of(model)).decode()}"
        for kind, model in models.items()
    )
    return _GUIDE + "\n".join(kinds)


def guided(request: RunAgentInput, text: str) -> RunAgentInput:
    """With the guide: beside the front end's own prompt, where it sends one, as that stands for all
    context; else in the context.
    """
    for at, message in enumerate(request.messages):
        if message.role in {"system", "developer"}:
            own = SystemMessage(id="agui_runtime.blocks", content=text)
            messages = [*request.messages[: at + 1], own, *request.messages[at + 1 :]]
            return request.model_copy(update={"messages": messages})
    entry = Context(description=ABOUT, value=text)
    return request.model_copy(update={"context": [*(request.context or ()), entry]})
