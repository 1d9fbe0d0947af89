"""In whose words a request is refused that no wire has seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from starlette.types import Scope

from agui_runtime.core.errors import AguiError
from agui_runtime.wires.shared.admission import is_below, is_one_of
from agui_runtime.wires.shared.exchange import ErrorAnswer

Refusal: TypeAlias = Callable[[AguiError], ErrorAnswer]


class Words:
    """Those of the wire for whose paths the request is, if that has any; `own` are these by the
    paths at which they begin, of which the longest counts. A wire at the root has that alone.
    """

    def __init__(self, own: Mapping[str, Refusal]) -> None:
        self._own = sorted(own.items(), key=lambda item: len(item[0]), reverse=True)

    def answer(self, refused: AguiError, scope: Scope) -> ErrorAnswer:
        """The answer in place of all wires."""
        for path, refusal in self._own:
            matches = is_one_of if path == "/" else is_below
            if matches([path], scope):
                return refusal(refused)
        return ErrorAnswer(refused.status, _for_all(refused))


def _for_all(refused: AguiError) -> Mapping[str, object]:
    """A form that the clients of all wires read: nobody knows yet which one it is."""
    error = {"message": refused.message, "extensions": {"code": refused.code}}
    body = {"error": refused.message, "message": refused.message, "code": refused.code}
    return {**body, "errors": [error]}
