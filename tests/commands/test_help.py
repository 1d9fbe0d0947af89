"""`--help` of every command, with examples that are no lies, and completion in real shells."""

from __future__ import annotations

import shlex
import subprocess

import pytest

from agui_runtime.commands.cli import main, parser
from agui_runtime.commands.examples import EXAMPLES, children, commands_of

LEAVES = [path for path, command in commands_of(parser()) if not children(command)]


@pytest.mark.parametrize("path", [path for path, _ in commands_of(parser())], ids=" ".join)
def test_every_command_explains_itself(
    path: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*path, "--help"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert out.startswith(f"usage: {' '.join(('agui-runtime', *path))}")
    assert (path not in LEAVES) or EXAMPLES[path][0] in out
    about = out.partition("\n\n")[2].partition("\n\n")[0]
    assert about
    assert not about.startswith(("positional", "options"))


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_every_example_can_be_typed(path: tuple[str, ...]) -> None:
    for line in EXAMPLES[path]:
        words = shlex.split(line.partition("$(")[2].removesuffix(')"') or line)
        arguments = words[words.index("agui-runtime") + 1 :]
        typed = arguments[: arguments.index(">")] if ">" in arguments else arguments
        parser().parse_args(typed)
        assert typed[: len(path)] == list(path)


def script(shell: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["completion", shell]) == 0
    return capsys.readouterr().out


BASH = """
COMP_WORDS=({line}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _agui_runtime
echo "${{COMPREPLY[*]}}"
"""


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("agui-runtime th", "threads"),
        ("agui-runtime threads re", "rename"),
        ("agui-runtime threads list --ow", "--owner"),
        ("agui-runtime --v", "--version"),
        ("agui-runtime chat --token-f", "--token-file"),
    ],
)
def test_bash_completes(line: str, offered: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = script("bash", capsys) + BASH.format(line=line)
    done = subprocess.run(["bash", "-eu"], input=text, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == (f"{offered}\n", "")


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_read_their_scripts(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = script(shell, capsys)
    if shell == "fish":
        text += "complete -C 'agui-runtime threads re'\n"
    done = subprocess.run([shell], input=text, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert shell != "fish" or done.stdout.startswith("rename")
