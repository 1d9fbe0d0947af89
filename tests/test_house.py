"""The house rules that neither ruff nor import-linter can check: what stands where, how much."""

import ast
import re
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from agui_runtime import CopilotRuntime
from scripts import files_below

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "agui_runtime"
CODE = (".ci", "agui_runtime", "tests", "bench", "examples")
NOT_OURS = ("node_modules", "dist")

MAX_LINES = 350
MAX_PROTOCOL_METHODS = 12
MAX_RUNTIME_METHODS = 16
MAX_ANY = 12

KNOW_THE_ENVIRONMENT = {
    "settings.py",  # reads it for everybody
    "commands/environment.py",  # names the app for the processes that a command starts
    "sandbox/inside/supervisor.py",  # what a server in a sandbox is started with
    "server_workers.py",  # what servers read there
    "connectors/shared/network.py",  # proxies and certificates, as every HTTP client reads them
    "connectors/shared/litellm_library.py",  # sets a switch that litellm reads when it is imported
}

ENVIRONMENT = {"environ", "environb", "getenv", "getenvb"}
BORDER = re.compile(r"# .*(user code|a foreign SDK|a wire's edge|a thread's edge)")
VAGUE = re.compile(r"(^|_)(told|said|asked|heard|kept|left)(_|$)|(Told|Said|Asked|Heard|Kept|Left)")
PUBLISHED = {"KeptState", "kept_state"}  # printed in the docs
REQUIREMENT = re.compile(r"(?P<pin>[a-z0-9._-]+==\S+)[^\n]*?(?P<hashes>( \\\n +--hash=\S+)+)\n")


def python_files() -> list[Path]:
    below = [file for folder in CODE for file in files_below(ROOT / folder, without=NOT_OURS)]
    return [*ROOT.glob("*.py"), *(file for file in below if file.suffix == ".py")]


def package_files(*, without: Collection[str] = ()) -> list[Path]:
    exempt = {PACKAGE / name for name in without}
    return [file for file in sorted(PACKAGE.rglob("*.py")) if file not in exempt]


def lengths() -> dict[str, int]:
    return {
        str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in python_files()
    }


def nodes(file: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(file.read_text(), str(file)))


def place(file: Path, node: ast.expr | ast.stmt | ast.ExceptHandler) -> str:
    return f"{file.relative_to(ROOT)}:{node.lineno}"


def touches_environment(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(value=ast.Name(id="os"), attr=name):
            return name in ENVIRONMENT
        case ast.ImportFrom(module="os", names=names):
            return any(alias.name in ENVIRONMENT for alias in names)
        case _:
            return False


def speaks(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Name(id="print" | "basicConfig")):
            return True
        case ast.Call(func=ast.Attribute(attr="basicConfig")):
            return True
        case _:
            return False


def is_broad(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {each.id for each in caught if isinstance(each, ast.Name)}
    return handler.type is None or bool(names & {"Exception", "BaseException"})


def only_cleans_up(handler: ast.ExceptHandler) -> bool:
    """Whether all goes on as if there were no handler, after something was closed."""
    last = handler.body[-1]
    is_any = isinstance(handler.type, ast.Name) and handler.type.id == "BaseException"
    return is_any and isinstance(last, ast.Raise) and last.exc is None


def line_of(file: Path, node: ast.ExceptHandler) -> str:
    return file.read_text().splitlines()[node.lineno - 1]


def names_of(node: ast.AST) -> Iterator[str]:
    """The names that the node introduces."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
        case ast.arg():
            yield node.arg
        case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
            yield name


def public_functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Functions and methods of public classes that users may call, `__init__` among them."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public_functions(node)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and is_public(node.name):
            yield node


def is_public(name: str) -> bool:
    return name == "__init__" or not name.startswith("_")


def annotations(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    given = function.args
    arguments = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    found = [function.returns, *(each.annotation for each in arguments if each is not None)]
    return [ast.unparse(each) for each in found if each is not None]


def protocol_methods(file: Path) -> Iterator[tuple[str, int]]:
    for node in nodes(file):
        if isinstance(node, ast.ClassDef) and "Protocol" in map(ast.unparse, node.bases):
            methods = [
                part
                for part in node.body
                if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)
            ]
            yield node.name, len(methods)


def docstring(text: str) -> str | None:
    return ast.get_docstring(ast.parse(text))


def pins(lock: str) -> set[str]:
    return {found["pin"] for found in REQUIREMENT.finditer((ROOT / lock).read_text())}


def test_nothing_else_knows_the_environment() -> None:
    found = [
        place(file, node)
        for file in package_files(without=KNOW_THE_ENVIRONMENT)
        for node in nodes(file)
        if isinstance(node, ast.expr | ast.stmt) and touches_environment(node)
    ]
    assert found == []


def test_the_library_neither_prints_nor_configures_logging() -> None:
    found = [
        place(file, node)
        for file in package_files()
        for node in nodes(file)
        if isinstance(node, ast.expr) and speaks(node)
    ]
    assert found == []


def test_every_broad_except_says_at_what_border_it_stands() -> None:
    unexplained = [
        place(file, node)
        for file in package_files()
        for node in nodes(file)
        if isinstance(node, ast.ExceptHandler)
        if is_broad(node) and not (only_cleans_up(node) or BORDER.search(line_of(file, node)))
    ]
    assert unexplained == []


def test_no_name_hides_who_does_what() -> None:
    vague = [
        f"{file.relative_to(ROOT)}: {name}"
        for file in package_files()
        for node in nodes(file)
        for name in names_of(node)
        if VAGUE.search(name) and name not in PUBLISHED
    ]
    assert vague == []


def test_public_signatures_say_what_they_take_and_give() -> None:
    unsaid = [
        f"{place(file, function)}: {annotation}"
        for file in package_files()
        for function in public_functions(ast.parse(file.read_text()))
        for annotation in annotations(function)
        if re.search(r"\bAny\b", annotation)
    ]
    assert len(unsaid) <= MAX_ANY, unsaid


def test_the_face_of_the_runtime_is_small() -> None:
    public = [name for name in vars(CopilotRuntime) if not name.startswith("_")]
    assert len(public) <= MAX_RUNTIME_METHODS


def test_every_protocol_of_the_stores_is_small() -> None:
    sizes = dict(protocol_methods(PACKAGE / "stores" / "base.py"))
    assert {"RunLog", "StateStore", "ThreadIndex"} <= sizes.keys()
    assert {name: size for name, size in sizes.items() if size > MAX_PROTOCOL_METHODS} == {}


def test_no_file_is_too_long() -> None:
    assert {name: size for name, size in lengths().items() if size > MAX_LINES} == {}


def test_every_file_says_what_it_is() -> None:
    texts = {str(file.relative_to(ROOT)): file.read_text() for file in python_files()}
    assert [name for name, text in texts.items() if text and not docstring(text)] == []


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_holds_nothing_but_pins_with_hashes(lock: str) -> None:
    lines = (ROOT / lock).read_text().splitlines(keepends=True)
    text = "".join(line for line in lines if not line.lstrip().startswith("#"))
    assert REQUIREMENT.sub("", text) == ""


def test_what_is_tested_is_what_is_served() -> None:
    assert pins("requirements.lock") < pins("requirements-dev.lock")


@pytest.mark.parametrize(
    "code", ["import os\nos.environ['A']", "import os\nos.getenv('A')", "from os import environ"]
)
def test_the_environment_is_recognised(code: str) -> None:
    assert any(touches_environment(node) for node in ast.walk(ast.parse(code)))


@pytest.mark.parametrize("code", ["print(1)", "logging.basicConfig()", "basicConfig(level=1)"])
def test_speaking_is_recognised(code: str) -> None:
    assert any(speaks(node) for node in ast.walk(ast.parse(code)))
