"""Whether a page can draw a tree of A2UI components, and why not. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from agui_runtime.core.jsontext import Json

Component: TypeAlias = Mapping[str, Any]

Fault: TypeAlias = Mapping[str, str]
"""`{"code", "path", "message"}`: pages show them to developers, models learn from them."""

REFERENCE, REFERENCES = "componentRef", "componentRefList"
"""The `format` of a property, in a catalog, that holds the id of a component, or several."""


def faults_of(components: object, catalog: Mapping[str, Json] | None = None) -> list[Fault]:
    """All faults of a flat list of components; none if it can be drawn.

    `catalog` has JSON Schemas by the components' names: then names, required properties and the
    references that they mark are checked, too. `child` and `children` are references always.
    """
    if not isinstance(components, list) or not components:
        return [_fault("empty_components", "components", "a list of at least one component")]
    trees = [each if isinstance(each, Mapping) else {} for each in components]
    schemas = [_schema(each, catalog) for each in trees]
    edges = [list(_references(*each)) for each in zip(trees, schemas, strict=True)]
    return [
        *_repeated(trees),
        *(f for at, each in enumerate(trees) for f in _own(at, each, schemas[at], catalog)),
        *_dangling(trees, edges),
        *_cycles(
            {str(tree.get("id")): [to for _, to in e] for tree, e in zip(trees, edges, strict=True)}
        ),
        *_rootless(trees),
    ]


def _own(at: int, tree: Component, schema: Mapping[str, Any], catalog: object) -> Iterator[Fault]:
    path = f"components[{at}]"
    if not _named(tree.get("id")):
        yield _fault("missing_id", f"{path}.id", "it needs the text `id`")
    kind = tree.get("component")
    if not _named(kind):
        yield _fault("missing_component_type", f"{path}.component", "it needs the text `component`")
    elif catalog is not None and not schema:
        yield _fault("unknown_component", f"{path}.component", f"the catalog has no {kind!r}")
    for name in schema.get("required") or ():
        if name not in tree:
            yield _fault("missing_required_prop", f"{path}.{name}", f"{kind!r} needs {name!r}")


def _repeated(trees: Sequence[Component]) -> Iterator[Fault]:
    ids = Counter(each["id"] for each in trees if isinstance(each.get("id"), str))
    for id_ in sorted(id_ for id_, count in ids.items() if count > 1):
        yield _fault("duplicate_id", f"components[id={id_}]", f"more than one has the id {id_!r}")


def _dangling(
    trees: Sequence[Component], edges: Sequence[Sequence[tuple[str, str]]]
) -> Iterator[Fault]:
    ids = {each.get("id") for each in trees if isinstance(each.get("id"), str)}
    for at, references in enumerate(edges):
        for where, id_ in references:
            if id_ not in ids:
                path = f"components[{at}].{where}"
                yield _fault("unresolved_child", path, f"no component has the id {id_!r}")


def _rootless(trees: Sequence[Component]) -> Iterator[Fault]:
    if not any(each.get("id") == "root" for each in trees):
        yield _fault("no_root", "components", "none has the id 'root'")


def _cycles(children: Mapping[str, Sequence[str]]) -> Iterator[Fault]:
    """Without recursion: a model may nest as deep as it likes."""
    done: set[str] = set()
    found: set[tuple[str, ...]] = set()
    for start in children:
        path: dict[str, Iterator[str]] = {}
        if start not in done:
            path[start] = iter(children[start])
        while path:
            node, rest = next(reversed(path.items()))
            child = next(rest, None)
            if child is None:
                done.add(node)
                del path[node]
            elif child in path:
                nodes = list(path)
                found.add(_from_the_least(nodes[nodes.index(child) :]))
            elif child in children and child not in done:
                path[child] = iter(children[child])
    for cycle in sorted(found):
        chain = " -> ".join([*cycle, cycle[0]])
        yield _fault("child_cycle", f"components[id={cycle[0]}]", f"it contains itself: {chain}")


def _from_the_least(cycle: Sequence[str]) -> tuple[str, ...]:
    least = min(range(len(cycle)), key=lambda place: cycle[place])
    return (*cycle[least:], *cycle[:least])


def _schema(tree: Component, catalog: Mapping[str, Any] | None) -> Mapping[str, Any]:
    kind = tree.get("component")
    schema = (catalog or {}).get(kind) if isinstance(kind, str) else None
    return schema if isinstance(schema, Mapping) else {}


def _references(tree: Component, schema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Where a component names others, and by which ids."""
    yield from _ids("child", tree.get("child"))
    yield from _listed("children", tree.get("children"))
    yield from _marked({key: tree[key] for key in tree if key not in {"child", "children"}}, schema)


def _marked(values: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The references that a catalog marks, also in the objects of a list, such as a tab's child."""
    for name, about in _properties(schema):
        value = values.get(name)
        if about.get("format") == REFERENCE:
            yield from _ids(name, value)
        elif about.get("format") == REFERENCES:
            yield from _listed(name, value)
        elif isinstance(value, list) and isinstance(about.get("items"), Mapping):
            for at, element in enumerate(value):
                inner = element if isinstance(element, Mapping) else {}
                for where, id_ in _marked(inner, about["items"]):
                    yield f"{name}[{at}].{where}", id_


def _properties(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    properties = schema.get("properties")
    for name, about in properties.items() if isinstance(properties, Mapping) else ():
        if isinstance(about, Mapping):
            yield name, about


def _ids(where: str, value: object) -> Iterator[tuple[str, str]]:
    """An id, a template (`{"componentId", "path"}`), or a list of those."""
    for each in value if isinstance(value, list) else [value]:
        id_ = each.get("componentId") if isinstance(each, Mapping) else each
        if isinstance(id_, str):
            yield where, id_


def _listed(where: str, value: object) -> Iterator[tuple[str, str]]:
    if not isinstance(value, list):
        yield from _ids(where, value)
        return
    for at, each in enumerate(value):
        yield from _ids(f"{where}[{at}]", each)


def _named(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _fault(code: str, path: str, message: str) -> Fault:
    return {"code": code, "path": path, "message": message}
