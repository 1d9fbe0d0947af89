"""Which agents a router has, and what it was given to tell them apart. It decides nothing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from agui_runtime.agents.border import EventAgent, wrap
from agui_runtime.core.demands import NAME, TEXTS_BY_NAME, check, shown
from agui_runtime.core.errors import Misconfigured
from agui_runtime.wrappers.router.named import NamedAgent

Rule: TypeAlias = "str | re.Pattern[str]"
"""A word, or a few; or a pattern, which is searched for."""


@dataclass(frozen=True, slots=True)
class Table:
    """The agents by name, each with its domain and the patterns that mean it."""

    agents: Mapping[str, EventAgent]
    domains: Mapping[str, str]
    rules: Mapping[str, Sequence[re.Pattern[str]]]
    default: str

    def meant_by(self, text: str) -> Sequence[str]:
        """The agents that a rule of theirs means, in the order of the rules."""
        plain = unicodedata.normalize("NFC", text)
        return [
            name
            for name, patterns in self.rules.items()
            if any(pattern.search(plain) for pattern in patterns)
        ]

    def of_scope(self, scope: str) -> Sequence[str]:
        """The agent of that name, or those of that domain."""
        if scope in self.agents:
            return [scope]
        return [name for name in self.agents if self.domains[name] == scope]


def table_of(
    agents: Mapping[str, object],
    rules: Mapping[str, Iterable[Rule]] | None,
    domains: Mapping[str, str] | None,
    default: str | None,
) -> Table:
    """Raises Misconfigured, with what to write instead."""
    made = _agents(agents)
    names = list(made)
    if default is not None and default not in made:
        raise Misconfigured(f"with_router: no agent {default!r} for the default; there are {names}")
    return Table(
        made,
        {name: name for name in names} | _checked_domains(domains or {}, names),
        {name: _patterns(name, given) for name, given in _checked_rules(rules, names).items()},
        default or names[0],
    )


def _agents(agents: object) -> dict[str, EventAgent]:
    if not isinstance(agents, Mapping) or not agents:
        raise Misconfigured(
            "with_router: give it agents by their names, {'tasks': my_agent, 'notes': another}, "
            f"not {'none' if isinstance(agents, Mapping) else shown(agents)}"
        )
    for name in agents:
        check("with_router: the name of an agent", name, NAME)
    return {
        name: NamedAgent(it) if isinstance(it, str) else wrap(it, name)
        for name, it in agents.items()
    }


def _checked_domains(domains: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    check("with_router: domains", domains, TEXTS_BY_NAME)
    _check_known("domains", domains, names)
    for domain in domains.values():
        check("with_router: a domain", domain, NAME)
    return dict(domains)


def _checked_rules(rules: object, names: Sequence[str]) -> Mapping[str, Iterable[Rule]]:
    if rules is None:
        return {}
    if not isinstance(rules, Mapping):
        raise Misconfigured(
            "with_router: rules must be words by agents' names, {'tasks': ['todo', 'remind me']}, "
            f"not {shown(rules)}"
        )
    _check_known("rules", rules, names)
    return rules


def _check_known(what: str, given: Mapping[str, object], names: Sequence[str]) -> None:
    if unknown := [name for name in given if name not in names]:
        raise Misconfigured(f"with_router: {what}: no agent {unknown[0]!r}; there are {names}")


def _patterns(name: str, given: object) -> Sequence[re.Pattern[str]]:
    if isinstance(given, str | re.Pattern | Mapping) or not isinstance(given, Iterable):
        raise Misconfigured(f"with_router: rules: give a list for {name!r}, ['todo', 'task']")
    return [_pattern(name, each) for each in given]


def _pattern(name: str, rule: object) -> re.Pattern[str]:
    if isinstance(rule, re.Pattern) and isinstance(rule.pattern, str):
        return rule
    if isinstance(rule, str) and rule.strip():
        return _words(unicodedata.normalize("NFC", rule.strip()))
    raise Misconfigured(
        f"with_router: rules: each of those for {name!r} must be a word or re.compile('...'), "
        f"not {shown(rule)}"
    )


def _words(words: str) -> re.Pattern[str]:
    """These words, whole and in either case, whatever space is between them."""
    inner = r"\s+".join(map(re.escape, words.split()))
    before = r"(?<!\w)" if _has_edges(words[0]) else ""
    after = r"(?!\w)" if _has_edges(words[-1]) else ""
    return re.compile(f"{before}{inner}{after}", re.IGNORECASE)


def _has_edges(character: str) -> bool:
    """Whether words in its script end where another character of a word does not follow. Chinese,
    Japanese and Korean write on.
    """
    return character.isalnum() and unicodedata.east_asian_width(character) not in "WF"
