"""Measures the memory of users: `python3 scripts.py bench memory`, or only some of its parts.

Everything in this process, with the store that is asked for. Exits with 1 if a goal is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Callable, Coroutine, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TypeAlias

from bench.backing import STORES, backing
from bench.idleness import watched
from bench.memory_costs import tell_first_words, tell_recall, tell_rotation, tell_unsealing
from bench.memory_retrieval import Chosen, tell_retrieval


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts.py bench memory", description=__doc__)
    parser.add_argument("--parts", nargs="+", default=list(PARTS), choices=PARTS)
    parser.add_argument("--store", default="memory", choices=STORES)
    parser.add_argument("--rounds", type=int, default=300, help="recalls of each kind")
    parser.add_argument("--url", help="of an OpenAI-compatible server, for retrieval")
    parser.add_argument("--model", help="which of its models makes vectors")
    parser.add_argument("--size", type=int, help="how many numbers its vectors have")
    parser.add_argument("--litellm", help="a model as LiteLLM names it; with --size")
    chosen = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        store = backing(chosen.store, folder, stack)
        results = [asyncio.run(PARTS[part](chosen, store.url)) for part in chosen.parts]
    return 0 if all(results) else 1


async def _retrieval(chosen: argparse.Namespace, _: str) -> bool:
    key = os.environ.get("AGUI_API_KEY") if chosen.url else None
    asked = Chosen(chosen.url, chosen.model, key, chosen.litellm, chosen.size)
    await tell_retrieval(asked)
    return True


Part: TypeAlias = Callable[[argparse.Namespace, str], Coroutine[None, None, bool]]

PARTS: Mapping[str, Part] = {
    "recall": lambda chosen, url: tell_recall(url, chosen.rounds),
    "unsealing": lambda chosen, _: tell_unsealing(chosen.rounds),
    "first-words": lambda chosen, url: tell_first_words(url, chosen.rounds),
    "rotation": lambda _, url: tell_rotation(url),
    "retrieval": _retrieval,
}

if __name__ == "__main__":
    sys.exit(watched(main))
