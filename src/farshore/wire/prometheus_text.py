"""Prometheus's text format, version 0.0.4.

Source: Prometheus documentation, "Exposition formats".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Labels = Mapping[str, str]


@dataclass(slots=True)
class Family:
    """One metric with all its label values. samples: (suffix of the name, labels, value)."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    samples: list[tuple[str, Labels, float]] = field(default_factory=list[tuple[str, Labels, float]])

    def add(self, labels: Labels, value: float) -> None:
        self.samples.append(("", labels, value))

    def add_histogram(self, labels: Labels, bounds: Sequence[float], counts: Sequence[int], total: float) -> None:
        """A histogram of one set of labels.

        Args:
            bounds: upper bounds of the classes, ascending. counts: of each class by itself, and one more for those
                beyond. total: the sum of what was observed.
        """
        reached = 0
        for bound, count in zip((*map(_number, bounds), "+Inf"), counts, strict=True):
            reached += count
            self.samples.append(("_bucket", {**labels, "le": bound}, reached))
        self.samples.append(("_sum", labels, total))
        self.samples.append(("_count", labels, reached))


def write(families: Iterable[Family]) -> str:
    """The families as text; those without samples are left out."""
    lines: list[str] = []
    for family in families:
        if not family.samples:
            continue
        lines.append(f"# HELP {family.name} {_escape_help(family.help)}")
        lines.append(f"# TYPE {family.name} {family.kind}")
        for suffix, labels, value in family.samples:
            text = ",".join(f'{name}="{_escape_label(label)}"' for name, label in labels.items())
            braces = f"{{{text}}}" if text else ""
            lines.append(f"{family.name}{suffix}{braces} {_number(value)}")
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))


def _escape_help(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def _escape_label(text: str) -> str:
    return _escape_help(text).replace('"', r"\"")
