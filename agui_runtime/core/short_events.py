"""Events of a few texts, as where messages, calls and steps begin and end: they are read without
pydantic's 20 us. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from types import UnionType
from typing import Literal, NamedTuple, TypeAlias, Union, cast, get_args, get_origin

from ag_ui.core import BaseEvent, Event as AnyEvent
from pydantic.fields import FieldInfo

from agui_runtime.core.jsontext import JsonObject, is_whole


class _Form(NamedTuple):
    """What a kind of event looks like that holds nothing but texts: the `keys` of its model's
    attributes, those that may hold a text, those that must, and where not every text will do.
    """

    kind: str
    keys: Mapping[str, str]
    texts: Set[str]
    needed: Set[str]
    choices: Mapping[str, Set[str | None]]


def short_event(item: object) -> JsonObject | None:
    """What `as_event` makes of an event that holds nothing but texts; None for anything else."""
    form = _OF_MODELS.get(type(item))
    if form is not None:
        event = _of_model(cast(BaseEvent, item), form)
    elif type(item) is dict and isinstance(kind := item.get("type"), str) and kind in _OF_KINDS:
        event, form = dict(item), _OF_KINDS[kind]
    else:
        return None
    if not (
        form.needed <= event.keys() <= form.texts and _TEXT.issuperset(map(type, event.values()))
    ):
        return None
    for key, choice in form.choices.items():
        if event.get(key) not in choice:
            return None
    return event if is_whole("".join(event.values())) else None


def _of_model(item: BaseEvent, form: _Form) -> JsonObject:
    """As JSON; what it holds besides texts is still to be seen."""
    keys, more = form.keys, item.__pydantic_extra__ or {}
    held = {keys[name]: value for name, value in item.__dict__.items() if value is not None}
    return {**held, "type": form.kind, **more}


_TEXT = frozenset({str})
_Choice: TypeAlias = frozenset[str | None]


def _choice(field: FieldInfo) -> _Choice | None:
    """The texts that the field may hold, with None where it may be missing; empty where any will
    do, and None where it holds something else.
    """
    kinds = [field.annotation]
    if get_origin(field.annotation) in {Union, UnionType}:
        kinds = [kind for kind in get_args(field.annotation) if kind is not type(None)]
    if kinds == [str]:
        return frozenset()
    if len(kinds) == 1 and get_origin(kinds[0]) is Literal:
        missing = () if field.is_required() or field.default is not None else (None,)
        return frozenset(get_args(kinds[0])).union(missing)
    return None


def _form(model: type[BaseEvent]) -> _Form | None:
    """None of a model that cannot be without anything but texts."""
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    kind = fields.pop("type").default.value
    choices = {key: found for key, field in fields.items() if (found := _choice(field)) is not None}
    needed = {
        key for key, field in fields.items() if field.is_required() or field.default is not None
    }
    if not needed <= choices.keys():
        return None
    return _Form(
        kind,
        {name: field.alias or name for name, field in model.model_fields.items()},
        {"type", *choices},
        frozenset({"type"} | needed),
        {key: choice for key, choice in choices.items() if choice},
    )


_OF_MODELS = {
    model: form for model in get_args(get_args(AnyEvent)[0]) if (form := _form(model)) is not None
}
_OF_KINDS = {form.kind: form for form in _OF_MODELS.values()}
