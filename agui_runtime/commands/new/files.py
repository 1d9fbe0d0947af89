"""The files of a template, as they are written: those that all templates share, and its own, which
replace shared ones of the same name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable

from agui_runtime import __version__
from agui_runtime.commands.new.table import TEMPLATES, Template
from agui_runtime.core.extras import PACKAGE

FILLED = ".in"
"""At the end of a template's file: it has places to fill, or a name that tools would act on."""

DOT = "dot-"
UNTYPED = """
[[tool.mypy.overrides]]
module = "{}.*"
ignore_missing_imports = true # published without types
"""
PLACE = re.compile(r"\{\{(\w+)\}\}")


def written(name: str, template: str) -> dict[str, str]:
    """The texts of the files, by their paths below the new folder."""
    values = _values(name, TEMPLATES[template])
    folder = files("agui_runtime.commands.new") / "templates"
    texts = dict(_below(folder / "shared", values)) | dict(_below(folder / template, values))
    return dict(sorted(texts.items()))


def serve_command(program: str, port: int, command: str = "agui-runtime") -> str:
    """What starts one of the template's programs, in the new folder."""
    at = "" if port == 8000 else f" --port {port}"
    return f"{command} serve {program}:app{at}"


def _below(
    folder: Traversable, values: Mapping[str, str], path: str = ""
) -> Iterator[tuple[str, str]]:
    for each in sorted(folder.iterdir(), key=lambda it: it.name):
        name = each.name.removesuffix(FILLED)
        name = f".{name.removeprefix(DOT)}" if name.startswith(DOT) else name
        if each.is_dir():
            yield from _below(each, values, f"{path}{name}/")
        else:
            text = each.read_text("utf-8")
            yield path + name, _filled(text, values) if each.name.endswith(FILLED) else text


def _filled(text: str, values: Mapping[str, str]) -> str:
    return PLACE.sub(lambda place: values[place[1]], text)


def _values(name: str, template: Template) -> dict[str, str]:
    extras = f"[{','.join(template.extras)}]" if template.extras else ""
    requirements = [f"{PACKAGE}{extras}>={__version__}", "python-dotenv>=1", *template.requires]
    return {
        "name": name,
        "version": __version__,
        "about": template.about,
        "dependencies": "\n".join(f'  "{each}",' for each in sorted(requirements)),
        "files": "\n".join(template.files),
        "keyed": template.keyed,
        "untyped": "".join(UNTYPED.format(each) for each in template.untyped),
        "programs": " ".join(f"{each}.py" for each in template.programs),
        "serve": "\n".join(serve_command(*each) for each in template.programs.items()),
    }
