"""Settings that are refused when their files and URLs are looked at: each by its name."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

import pytest

from agui_runtime.commands.hosting import hosted
from agui_runtime.commands.serve import run
from agui_runtime.commands.serving import open_schemes
from agui_runtime.core.errors import Misconfigured

TOKENS = {"AGUI_JWT_ISSUER": "i", "AGUI_JWT_AUDIENCE": "a"}
SECRET = "hunter2"

REFUSED: Mapping[str, Mapping[str, str]] = {
    "AGUI_STORE: the URL of a store": {"AGUI_STORE": f"mongodb://u:{SECRET}@h/x"},
    "AGUI_STORE: this PostgreSQL URL": {"AGUI_STORE": f"postgresql://u:{SECRET}@[::1/x"},
    "AGUI_PRICES=broken.json: ": {"AGUI_PRICES": "broken.json"},
    "AGUI_JWT_JWKS: the keys at broken.json": {"AGUI_JWT_JWKS": "broken.json", **TOKENS},
    "AGUI_JWT_JWKS: the keys at /nowhere": {"AGUI_JWT_JWKS": "/nowhere", **TOKENS},
    "AGUI_JWT_JWKS: the keys at http://127.0.0.1:1/x": {
        "AGUI_JWT_JWKS": f"http://127.0.0.1:1/x?key={SECRET}",
        **TOKENS,
    },
    "AGUI_JWT_JWKS, AGUI_JWT_ISSUER, AGUI_JWT_AUDIENCE: the keys at https://": {
        "AGUI_JWT_JWKS": f"https://u:{SECRET}@[::1",
        **TOKENS,
    },
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_is_refused_is_called_by_its_name(
    words: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "broken.json").write_text("{nope")
    monkeypatch.chdir(tmp_path)
    for name, value in {"AGUI_STORE": "memory:", **REFUSED[words]}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(Misconfigured) as refused:
        open_schemes(hosted().runtimes)
    assert refused.value.message.startswith(words)
    assert SECRET not in refused.value.message


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"AGUI_PROCESSES": "9999"}, "AGUI_PROCESSES must be from 1 to 512"),
        (
            {"AGUI_STORE": "rediss://127.0.0.1:1/0?ssl_cert_reqs=bogus"},
            "this Redis URL cannot be read",
        ),
    ],
)
def test_what_a_server_could_not_start_with_is_one_line(
    settings: Mapping[str, str], words: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in {"AGUI_STORE": f"sqlite:///{tmp_path}/threads.db", **settings}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(Misconfigured, match=words):
        run(Namespace(app=None, reload=False, host="127.0.0.1", port=0, processes=None))
