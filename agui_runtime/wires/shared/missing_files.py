"""How to get the built files of a page that are missing."""

from __future__ import annotations

import re
from pathlib import Path

_ROOT = Path(__file__).parents[3]

_CHECKOUT = "run `python3 scripts.py {task}` once (it uses npm)"
_PACKAGE = (
    "this package was built without them: install the wheel that `python3 scripts.py wheel` makes"
    " in a checkout"
)


def remedy(task: str, root: Path = _ROOT) -> str:
    """What to do, where the package is below `root`: only a checkout has the task that builds."""
    words = _CHECKOUT if (root / "scripts.py").is_file() else _PACKAGE
    return words.format(task=task)


def as_html(words: str) -> str:
    """The same for a page."""
    return re.sub("`(.+?)`", r"<code>\1</code>", words)
