"""What a bench reports: a figure, the ratio to a peer, and the table of them. Numbers only; nothing
is measured here."""

import statistics
from typing import Any

Figure = dict[str, Any]


def ratio(
    ours: list[float],
    peer: list[float],
    goal: float | None,
    unit: str,
    *,
    is_limit: bool = False,
) -> Figure:
    """Median of the pairs' ratios, quartiles as spread; to reach its goal, where it has one, or to
    stay at or under it where that is a limit."""
    ratios = [a / b for a, b in zip(ours, peer, strict=True)]
    middle = statistics.median(ratios)
    return {
        "ours": round(statistics.median(ours), 2),
        "peer": round(statistics.median(peer), 2),
        "ratio": round(middle, 4),
        "goal": goal,
        "ok": goal is None or (middle <= goal if is_limit else middle >= goal),
        "unit": unit,
        "spread": quartiles(ratios),
    }


def figure(
    value: float, goal: float | None, unit: str, values: list[float] | None = None
) -> Figure:
    """A figure without a peer, to stay at or under its goal, where it has one."""
    return {
        "ours": round(value, 4),
        "peer": None,
        "ratio": None,
        "goal": goal,
        "ok": goal is None or value <= goal,
        "unit": unit,
        "spread": quartiles(values) if values else None,
    }


def quartiles(values: list[float]) -> list[float]:
    """The first and third quartile."""
    if len(values) < 2:
        return [round(values[0], 4)] * 2
    first, _, third = statistics.quantiles(values, n=4, method="inclusive")
    return [round(first, 4), round(third, 4)]


def print_table(figures: dict[str, Figure]) -> None:
    """One line per figure."""
    for name, row in figures.items():
        peer = f"peer {row['peer']:g}, ratio {row['ratio']:.3f}" if row["peer"] else ""
        goal = "" if row["goal"] is None else f"goal {row['goal']:g}"
        verdict = "" if row["goal"] is None else ("ok" if row["ok"] else "MISSED")
        print(f"{name:42} {row['ours']:>9g} {row['unit']:9} {peer:28} {goal:10} {verdict}")
