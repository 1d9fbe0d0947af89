"""What came of a foreign test kit, beside what is known of it beforehand. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree

Known = Mapping[str, str]
"""A reason by what it is the reason of."""


@dataclass
class Outcomes:
    """Of a kit's tests, by their names; `skipped` and `missed` with what pytest says of each."""

    passed: list[str] = field(default_factory=list)
    missed: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    def add(self, report: str, prefix: str = "") -> None:
        """Read a report in JUnit's XML. A failure that a kit expects of everybody is one, too."""
        for case in ElementTree.fromstring(report).iter("testcase"):
            name = f"{prefix}{case.get('name')}"
            failure, skip = _first(case, "failure", "error"), case.find("skipped")
            if failure is not None:
                self.missed[name] = failure
            elif skip is None:
                self.passed.append(name)
            elif skip.get("type") == "pytest.xfail":
                self.missed[name] = skip.get("message", "")
            else:
                self.skipped[f"{name} at {_place(skip)}"] = skip.get("message", "")

    @property
    def counted(self) -> str:
        tried = len(self.passed) + len(self.missed)
        return f"{len(self.passed)} of {tried} passed, {len(self.skipped)} skipped"

    def surprises(self, misses: Known, skips: Known) -> Iterator[str]:
        """What is in neither table, and what is in one for nothing."""
        for name, what in self.missed.items():
            if name not in misses:
                yield f"missed: {name}: {what}"
        for name, what in self.skipped.items():
            if reason_of(what, skips) is None:
                yield f"skipped: {name}: {what}"
        for name in misses:
            if name not in self.missed:
                yield f"not missed: {name}; take it off the table"

    def reasons(self, skips: Known) -> Counter[str]:
        """How many were skipped for each reason of the table."""
        return Counter(reason_of(what, skips) or what for what in self.skipped.values())


def reason_of(message: str, skips: Known) -> str | None:
    """The reason whose pattern is found in what pytest says."""
    found = (reason for pattern, reason in skips.items() if re.search(pattern, message))
    return next(found, None)


def _first(case: ElementTree.Element, *tags: str) -> str | None:
    for tag in tags:
        found = case.find(tag)
        if found is not None:
            return found.get("message", "")
    return None


def _place(skip: ElementTree.Element) -> str:
    """The file and line of a skip: some tests of the kits have the same name."""
    return (skip.text or "").partition(": ")[0]
