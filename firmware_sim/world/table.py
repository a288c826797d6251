"""The day as the hub tells it, one line for each tap, punch and passage."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from core.reasons import SAYINGS, Language, Reason, Text
from firmware_sim.world.checks import SETTLED, HubRows, PassageRow, TapRow
from firmware_sim.world.words import (
    BY_COMMAND,
    HEADINGS,
    MOVEMENTS,
    NOBODY,
    PLACES,
    PUNCHES,
    STRANGER,
)

Line = tuple[datetime, str, str, str, str]


def table(rows: HubRows, names: Mapping[str, str], zone: ZoneInfo, language: Language) -> list[str]:
    """Lines of text in columns, in the order of time."""

    def said(text: Text) -> str:
        return text.in_(language)

    lines = sorted(_lines(rows, names, language), key=lambda line: line[0])
    cells = [[said(heading) for heading in HEADINGS]]
    cells += [[f"{at.astimezone(zone):%H:%M:%S}", *rest] for at, *rest in lines]
    return _columns(cells)


def _lines(rows: HubRows, names: Mapping[str, str], language: Language) -> Iterable[Line]:
    ends = {row.grant: row for row in rows.passages if row.movement in SETTLED and row.grant}
    taps = {tap.key for tap in rows.taps}
    for tap in rows.taps:
        yield _tap_line(tap, ends.get(tap.key), names, language)
    for row in rows.passages:
        if row.grant not in taps:
            answer = BY_COMMAND if row.grant else NOBODY
            yield (
                row.at,
                _in(PLACES, row.access_point, language),
                NOBODY.in_(language),
                answer.in_(language),
                _in(MOVEMENTS, row.movement, language),
            )
    for punch in rows.punches:
        who = names.get(punch.holder or "", STRANGER.in_(language))
        kind = _in(PUNCHES, punch.kind, language)
        yield punch.at, _in(PLACES, punch.access_point, language), who, kind, ""


def _tap_line(
    tap: TapRow, end: PassageRow | None, names: Mapping[str, str], language: Language
) -> Line:
    return (
        tap.at,
        _in(PLACES, tap.access_point, language),
        names.get(tap.holder or "", STRANGER.in_(language)),
        SAYINGS[Reason(tap.reason)].title.in_(language),
        _in(MOVEMENTS, end.movement, language) if end else "",
    )


def _in(texts: Mapping[str, Text], key: str, language: Language) -> str:
    text = texts.get(key)
    return text.in_(language) if text else key


def _columns(cells: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[place]) for row in cells) for place in range(len(cells[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]
    return [lines[0], "-" * max(map(len, lines)), *lines[1:]]
