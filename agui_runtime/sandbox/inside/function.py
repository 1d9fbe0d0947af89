"""Carries out one function in a sandbox: `function.py MODULE QUALNAME`, with its arguments as JSON
on standard input and its result as JSON on descriptor 3.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import sys
from functools import reduce
from typing import Any

RESULT = 3


def main() -> None:
    module, name, folder, *checks = sys.argv[1:]
    sys.path[0] = folder
    if checks:
        _found(module, name)
        return
    with open(RESULT, "wb") as out:
        try:
            answer = {"result": _called(_found(module, name))}
        except Exception as error:  # noqa: BLE001  # user code: a function, whose failure is a result
            answer = {"error": str(error) or repr(error)}
        out.write(_written(answer))


def _found(module: str, name: str) -> Any:  # noqa: ANN401  # whatever has the name
    found = reduce(getattr, name.split("."), importlib.import_module(module))
    return getattr(found, "function", found)


def _called(function: Any) -> Any:  # noqa: ANN401  # whatever it is and returns
    from pydantic import validate_call

    result = validate_call(function)(**json.load(sys.stdin))
    return asyncio.run(_awaited(result)) if inspect.isawaitable(result) else result


async def _awaited(result: Any) -> Any:  # noqa: ANN401  # whatever it returns
    return await result


def _written(answer: dict[str, Any]) -> bytes:
    from pydantic_core import PydanticSerializationError, to_json

    try:
        return to_json(answer)
    except (PydanticSerializationError, ValueError) as error:
        return to_json({"error": f"the result cannot be written as JSON: {error}"})


if __name__ == "__main__":
    main()
