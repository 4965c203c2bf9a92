"""Results as tables for people."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from farshore.bench.results import Change, Results, Row, Target, changes

_TITLES = {
    "floors": "Floors: what this machine does at best",
    "requests": "Requests, one process",
    "processes": "Requests, several processes beside one",
    "large": "Large objects, one process, one at a time",
    "list": "Listings, one process, one at a time",
    "replication": "Replication between two regions of one server",
    "observing": "What it costs to be told: CPU µs, beside the same without",
    "verify": "Verification and preview of a large bucket, one process",
    "memory": "Memory of a server with a very large object",
}
_NAMES = {
    "seconds": "seconds",
    "per_s": "a second",
    "mib_s": "MiB/s",
    "p50_ms": "p50 ms",
    "p99_ms": "p99 ms",
    "cpu_us": "CPU µs",
    "fsyncs_per_put": "fsyncs",
    "put_per_s": "PUT a second",
    "drained_per_s": "drained a second",
    "drained_s": "drained in s",
    "lag_p50_s": "lag p50 s",
    "lag_p99_s": "lag p99 s",
    "lag_max_s": "lag max s",
    "after_last_put_s": "after the last PUT s",
    "memory_mib": "peak MiB",
    "cost_ratio": "×",
    "rate_ratio": "rate ×",
}
_COLUMNS = {
    "floors": ("p50_ms", "mib_s"),
    "requests": ("per_s", "p50_ms", "p99_ms", "fsyncs_per_put", "cpu_us"),
    "processes": ("per_s", "p50_ms", "p99_ms", "cpu_us"),
    "large": ("mib_s", "cpu_us"),
    "list": ("per_s", "p50_ms", "cpu_us", "cost_ratio"),
    "observing": ("per_s", "rate_ratio", "cpu_us", "cost_ratio"),
    "verify": ("seconds", "per_s", "p50_ms", "p99_ms", "cpu_us", "memory_mib"),
    "memory": ("mib_s", "memory_mib"),
}
_WITH_FLOOR = {
    "requests": ("per_s", "cpu_us"),
    "processes": ("per_s",),
    "large": ("mib_s", "cpu_us"),
    "list": ("per_s", "cpu_us"),
    "observing": ("per_s", "cpu_us"),
}
_CHANGED = ("per_s", "put_per_s", "drained_per_s", "mib_s", "cpu_us", "lag_p99_s", "memory_mib")


def show(console: Console, results: Results, earlier: Results | None = None) -> None:
    """Print everything."""
    console.print(", ".join(f"{name} {value}" for name, value in results.environment.items()), style="dim")
    for section, title in _TITLES.items():
        rows = [row for row in results.rows if row.section == section]
        if section == "replication":
            for row in rows:
                console.print(_sentence(row), highlight=False)
        elif rows:
            console.print(_table(section, title, rows))
    if results.targets:
        console.print(_targets(results.targets))
    if earlier is not None:
        console.print(_changes(earlier, changes(earlier, results)))


def number(value: float) -> str:
    """12345.6 -> "12,346", 12.345 -> "12.3", 0.0123 -> "0.012": three digits that matter."""
    if value >= 100:
        return f"{value:,.0f}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= 1 or value == 0 else f"{value:.3f}"


def _table(section: str, title: str, rows: Sequence[Row]) -> Table:
    """Each measure, and beside it its floor and the ratio, where the section's floors have it."""
    table = Table("", title=title)
    shown = [measure for measure in _COLUMNS[section] if any(measure in row.values for row in rows)]
    beside = [measure for measure in _WITH_FLOOR.get(section, ()) if any(measure in row.floors for row in rows)]
    for measure in shown:
        table.add_column(_NAMES[measure], justify="right")
        if measure in beside:
            table.add_column("one process" if section == "processes" else "floor", justify="right", style="dim")
            table.add_column("ratio", justify="right")
    for row in rows:
        cells = [row.name]
        for measure in shown:
            cells.append(_cell(row.values.get(measure)))
            if measure in beside:
                cells += [_cell(row.floors.get(measure)), _cell(row.ratio(measure))]
        table.add_row(*cells)
    return table


def _cell(value: float | None) -> str:
    return "" if value is None else number(value)


def _sentence(row: Row) -> str:
    found = ", ".join(
        f"{_NAMES[measure]} {number(value)}{_floor(row, measure)}"
        for measure, value in row.values.items()
        if measure in _NAMES
    )
    return f"replication, {row.name}: {found}"


def _floor(row: Row, measure: str) -> str:
    floor = row.floors.get(measure)
    return "" if floor is None else f" (floor {number(floor)})"


def _targets(targets: Sequence[Target]) -> Table:
    table = Table("target", title="Targets")
    table.add_column("bound", justify="right")
    table.add_column("measured", justify="right")
    table.add_column("")
    for target in targets:
        bound = f"{'≥' if target.at_least else '≤'} {number(target.bound)}"
        verdict = "[green]held[/]" if target.held else "[red]missed[/]"
        table.add_row(target.name, bound, number(target.value), verdict)
    return table


def _changes(earlier: Results, found: Sequence[Change]) -> Table:
    """better: above 1 the later run is better, by that factor."""
    commit = earlier.environment.get("commit", "an unknown commit")
    table = Table("", title=f"Compared with {earlier.at}, {commit}")
    for name in ("measure", "before", "now", "better by"):
        table.add_column(name, justify="right")
    for change in found:
        if change.measure in _CHANGED:
            before, after = number(change.before), number(change.after)
            table.add_row(change.name, _NAMES[change.measure], before, after, f"× {number(change.better)}")
    return table
