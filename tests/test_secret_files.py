"""Secrets in files: obeyed as variables are, refused by the variable's name, never repeated."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest

from agui_runtime import CopilotRuntime, create_app
from agui_runtime.commands.hosting import hosted
from agui_runtime.core.errors import Misconfigured
from agui_runtime.secret_files import FILE_VARIABLES, LARGEST, SECRETS
from agui_runtime.settings import Settings
from tests.programs import ROOT, finished, serving
from tests.runtime.worlds import Scripted, text
from tests.support import client_of

SECRET = "sk-0123456789"
MODEL = {"AGUI_MODEL": "openai/gpt-4o-mini"}
READS: dict[str, Callable[[Settings], str | None]] = {
    "AGUI_API_KEY": lambda settings: settings.api_key,
    "AGUI_KEYS": lambda settings: settings.keys[0] if settings.keys else None,
    "AGUI_QUEUE": lambda settings: settings.queue,
    "AGUI_STORE": lambda settings: settings.store,
    "AGUI_TELEMETRY_KEY": lambda settings: settings.telemetry_key,
    "OPENAI_API_KEY": lambda settings: settings.openai_api_key,
}
SPANS = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}


def file_of(folder: Path, content: str | bytes = SECRET, mode: int = 0o600) -> str:
    file = folder / "secret"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    file.chmod(mode)
    return str(file)


def test_the_table_of_secrets_is_tried_whole() -> None:
    assert READS.keys() == set(SECRETS)


def test_no_setting_that_sounds_like_a_secret_is_forgotten() -> None:
    names = [field.name for field in fields(Settings)]
    sound = {each for each in names if re.search(r"key|token|secret|password|login", each)}
    counted = {"tokens_per_day", "caller_tokens_per_day"}
    of_their_own = {"tokens", "tokens_file"}
    spelt = {name.removeprefix("AGUI_").lower() for name in SECRETS}
    assert sound - counted - of_their_own == spelt - {"store", "queue"}


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("content", ["{}", "{}\n", "{}\r\n", "\ufeff{}\n"])
def test_a_file_says_what_its_variable_would(name: str, content: str, tmp_path: Path) -> None:
    given = {f"{name}_FILE": file_of(tmp_path, content.format(SECRET)), **MODEL, **SPANS}
    assert READS[name](Settings.read(given)) == SECRET
    assert READS[name](Settings.read({**given, name: ""})) == SECRET
    assert READS[name](Settings.read({**MODEL, **SPANS, f"{name}_FILE": ""})) is None


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_by_two_ways_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as refused:
        Settings.read({name: SECRET, f"{name}_FILE": file_of(tmp_path)})
    assert refused.value.message == f"{name} and {name}_FILE are both set: leave out one"


def _a_folder(folder: Path) -> str:
    return str(folder)


def _a_pipe(folder: Path) -> str:
    os.mkfifo(folder / "pipe")
    return str(folder / "pipe")


UNREADABLE: dict[str, Callable[[Path], str]] = {
    "the file cannot be read: No such file": lambda folder: str(folder / SECRET),
    "the file cannot be read: Not a directory": lambda folder: f"{file_of(folder)}/{SECRET}",
    "the file cannot be read: it is no text in UTF-8": lambda folder: file_of(folder, b"\xff\xfe"),
    "the file is empty": lambda folder: file_of(folder, "\n"),
    "it must name a regular file": _a_folder,
    "it must name a regular file, too": _a_pipe,
    "the file has more than": lambda folder: file_of(folder, SECRET * LARGEST),
    "leave out the quotes": lambda folder: file_of(folder, f'"{SECRET}"\n'),
    "has characters that cannot be printed": lambda folder: file_of(
        folder, f"{SECRET}\n{SECRET}\n"
    ),
    "has spaces": lambda folder: file_of(folder, f"{SECRET} {SECRET}\n"),
}


@pytest.mark.parametrize("words", UNREADABLE)
def test_what_a_file_cannot_mean_is_refused_by_the_variable(words: str, tmp_path: Path) -> None:
    given = MODEL | {"AGUI_API_KEY_FILE": UNREADABLE[words](tmp_path)}
    with pytest.raises(Misconfigured) as refused:
        Settings.read(given)
    assert refused.value.message.startswith("AGUI_API_KEY_FILE")
    assert words.removesuffix(", too") in refused.value.message
    assert SECRET not in refused.value.message


def test_a_file_that_is_somebody_elses_is_refused(tmp_path: Path) -> None:
    file, user = file_of(tmp_path, mode=0o000), os.geteuid()
    if user == 0:
        os.seteuid(10001)  # root may read every file
    try:
        with pytest.raises(Misconfigured, match=r"AGUI_STORE_FILE: .* Permission denied"):
            Settings.read({"AGUI_STORE_FILE": file})
    finally:
        os.seteuid(user)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "AGUI_API_KEY_FILE needs AGUI_MODEL"),
        ({"AGUI_APP": "bench.app"}, "leave out AGUI_API_KEY_FILE"),
    ],
)
def test_a_contradiction_names_the_variable_that_is_there(
    more: dict[str, str], words: str, tmp_path: Path
) -> None:
    with pytest.raises(Misconfigured, match=words):
        Settings.read({"AGUI_API_KEY_FILE": file_of(tmp_path), **more})
    with pytest.raises(Misconfigured, match="AGUI_DATA and AGUI_STORE_FILE both say"):
        Settings.read({"AGUI_DATA": "x.db", "AGUI_STORE_FILE": file_of(tmp_path)})


@pytest.mark.parametrize(
    ("mode", "who"), [(0o600, None), (0o400, None), (0o640, "its group"), (0o644, "everybody")]
)
@pytest.mark.parametrize("name", [*FILE_VARIABLES, "AGUI_TOKENS_FILE"])
def test_a_file_that_others_may_read_is_a_warning(
    name: str, mode: int, who: str | None, tmp_path: Path
) -> None:
    given = MODEL | SPANS | {name: file_of(tmp_path, mode=mode)}
    warnings = Settings.read(given).warnings
    if who is None:
        assert warnings == ()
    else:
        [warning] = warnings
        assert warning.startswith(f"{name}: {who}")


def test_the_group_of_another_users_file_is_how_containers_read_it(tmp_path: Path) -> None:
    given = {"AGUI_STORE_FILE": file_of(tmp_path, mode=0o440)}
    os.chown(given["AGUI_STORE_FILE"], 10001, 10001)
    assert Settings.read(given).warnings == ()


async def test_an_app_of_any_server_obeys_the_file_and_warns_once_at_its_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"sqlite:///{tmp_path}/threads.db"
    monkeypatch.setenv("AGUI_STORE_FILE", file_of(tmp_path, url + "\n", 0o644))
    app = create_app(CopilotRuntime({"default": Scripted(*text("m1", "Hello"))}))
    with caplog.at_level(logging.WARNING):
        async with client_of(app) as client:
            assert (await client.get("/readyz")).status_code == 200
    assert (tmp_path / "threads.db").exists()
    [line] = [each.getMessage() for each in caplog.records if "chmod" in each.getMessage()]
    assert line.startswith("AGUI_STORE_FILE: everybody on this machine may read the file")


@pytest.mark.parametrize("processes", ["1", "2"])
async def test_serve_and_check_warn_once(processes: str, tmp_path: Path) -> None:
    file = file_of(tmp_path, f"sqlite:///{tmp_path}/threads.db\n", 0o644)
    settings = {"AGUI_STORE_FILE": file, "AGUI_STORE": "", "AGUI_PROCESSES": processes}
    async with serving(**settings) as (process, _, _):
        process.terminate()
        assert process.stderr is not None
        after = (await process.stderr.read()).decode()
    assert "AGUI_STORE_FILE" not in after  # it came before the line that the server runs
    code, out, err = await finished("check", "--json", **settings)
    found = [each for each in json.loads(out) if each["what"] == "secrets"]
    assert (code, err, len(found), found[0]["level"]) == (0, "", 1, "warning")


@pytest.mark.parametrize("command", [("serve",), ("threads", "list", "--owner", "ann")])
async def test_a_file_that_is_not_there_is_one_line(command: tuple[str, ...]) -> None:
    place = "/nowhere/postgresql"
    code, out, err = await finished(*command, AGUI_STORE="", AGUI_STORE_FILE=place)
    assert (code, out) == (2, "")
    reason = "AGUI_STORE_FILE: the file cannot be read: No such file or directory"
    assert err == f"agui-runtime: {reason}\n"


def test_a_model_is_called_with_the_key_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY_FILE", file_of(tmp_path, f"{SECRET}\n"))
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("AGUI_MODEL", MODEL["AGUI_MODEL"])
    monkeypatch.setenv("AGUI_STORE", "memory:")
    [served] = hosted().served
    assert [each.name for each in served.runtime.describe()] == ["default"]


def test_every_variable_for_a_file_is_in_the_docs() -> None:
    for page in ("README.md", "docs/security.md"):
        words = (ROOT / page).read_text()
        assert [name for name in FILE_VARIABLES if f"`{name}`" not in words] == [], page
