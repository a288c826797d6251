"""What a person reads at an access point, as a page and as JSON; Slovene first, then English."""

import html
import json
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from core.chain import Json
from core.entries import Verdict
from core.ids import AccessPointId
from core.instants import ClockState, to_text
from core.reasons import SAYINGS, Reason, Saying, Text, come_back, units_left
from edge_agent.ports import Shown, Standing

SHOWN_FOR_MS = 6_000
"""So long a tap's outcome stands, then the page asks for the next card."""

SILENT_MS_MAX = 5_000
"""An agent that says nothing for so long is taken for dead."""

_IDLE = Saying(
    title=Text(sl="Prislonite kartico", en="Hold your card to the reader"),
    remedy=Text(
        sl="Držite jo, dokler ne vidite odgovora.", en="Keep it there until you see an answer."
    ),
)
_OFFLINE = Text(
    sl="Ni zveze s strežnikom; tu deluje vse naprej.",
    en="No connection to the hub; everything here keeps working.",
)
_CONNECTED = Text(sl="Zveza s strežnikom je vzpostavljena.", en="Connected to the hub.")
_NOT_RECORDING = Text(
    sl="Zapisovanje ne deluje, zato vrata ostanejo zaprta.",
    en="Nothing can be recorded, so the gate stays shut.",
)
_CLOCKS = {
    ClockState.TRUSTED: Text(sl="Ura je točna.", en="The clock is right."),
    ClockState.DRIFTING: Text(
        sl="Ura že nekaj časa ni bila preverjena.", en="The clock has not been checked for a while."
    ),
    ClockState.UNKNOWN: Text(sl="Ura ni nastavljena.", en="The clock is not set."),
}
_LIST = Text(sl="Vrata in terminali", en="Gates and terminals")

STYLE = """
:root { color-scheme: dark; font-family: system-ui, sans-serif; }
body { margin: 0; min-height: 100vh; display: flex; flex-direction: column;
  background: #101418; color: #fff; }
main { flex: 1; display: flex; flex-direction: column; justify-content: center;
  padding: 4vmin; text-align: center; }
main.allow { background: #0b5d2a; } main.deny { background: #8c1515; }
.sign { font-size: 16vmin; line-height: 1; }
h1 { font-size: 11vmin; margin: 2vmin 0; } h1 + p { font-size: 6vmin; margin: 0 0 4vmin; }
.remedy { font-size: 5vmin; margin: 1vmin 0; } [lang=en] { opacity: .85; }
.remedy[lang=en] { font-size: 3.5vmin; }
footer { font-size: 2.4vmin; padding: 2vmin; background: #000; text-align: center; }
a { color: inherit; font-size: 6vmin; display: block; padding: 1vmin; }
""".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """All that is known of one access point; ages are None for what never was."""

    access_point: AccessPointId
    shown: Shown | None
    shown_ms_ago: int | None
    shown_count: int
    standing: Standing | None
    standing_ms_ago: int | None
    door: str | None

    @property
    def is_alive(self) -> bool:
        """The agent has spoken lately."""
        return self.standing_ms_ago is not None and self.standing_ms_ago <= SILENT_MS_MAX

    @property
    def is_out_of_order(self) -> bool:
        lost = self.standing.lost if self.standing else frozenset()
        return not self.is_alive or self.access_point in lost or self.door in lost

    @property
    def current(self) -> Shown | None:
        """The outcome that the person still stands before."""
        is_fresh = self.shown_ms_ago is not None and self.shown_ms_ago <= SHOWN_FOR_MS
        return self.shown if is_fresh else None


def page(view: View) -> str:
    """The page of one access point; it asks for itself again every second."""
    verdict, saying = _spoken(view)
    sign = {"allow": "✓", "deny": "✕"}.get(verdict, "")
    remedies = [saying.remedy, *(_extras(view.current) if view.current else [])]
    told = "".join(_paragraphs(text) for text in remedies)
    notes = " · ".join(html.escape(text.sl) for text in _notes(view))
    notes_en = " · ".join(html.escape(text.en) for text in _notes(view))
    return _document(
        view.access_point,
        f'<main class="{verdict}" aria-live="assertive"><div class="sign">{sign}</div>'
        f"<h1>{html.escape(saying.title.sl)}</h1>"
        f'<p lang="en">{html.escape(saying.title.en)}</p>{told}</main>'
        f'<footer>{html.escape(view.access_point)} · {notes}<br><span lang="en">{notes_en}</span>'
        "</footer>",
    )


def overview(views: list[View]) -> str:
    """The page that leads to those of all access points."""
    links = "".join(
        f'<a href="/{name}">{name}</a>' for name in (html.escape(v.access_point) for v in views)
    )
    title = f'<h1>{_LIST.sl}</h1><p lang="en">{_LIST.en}</p>'
    return _document("Vratar", f"<main>{title}<nav>{links}</nav></main>")


def plain(view: View) -> str:
    """The same as JSON: the last outcome, however old, and how the edge stands."""
    shown, standing = view.shown, view.standing
    _, saying = _spoken(view)
    extras = _extras(shown) if shown else []
    told: dict[str, Json] = {
        "access_point": view.access_point,
        "shown_count": view.shown_count,
        "shown_ms_ago": view.shown_ms_ago,
        "is_current": view.current is not None,
        "verdict": shown.verdict.value if shown else None,
        "reason": shown.reason.value if shown else None,
        "at": to_text(shown.at) if shown else None,
        "units_left": shown.units_left if shown else None,
        "retry_at": to_text(shown.retry_at) if shown and shown.retry_at else None,
        "title": _both(saying.title),
        "remedies": [_both(text) for text in (saying.remedy, *extras)],
        "out_of_order": view.is_out_of_order,
        "connected": standing.connected if standing else None,
        "clock": standing.clock.value if standing else None,
        "recording": standing.recording if standing else None,
    }
    return json.dumps(told, ensure_ascii=False)


def _spoken(view: View) -> tuple[str, Saying]:
    """The verdict's word for the style, and what is said in large."""
    if view.current is not None:
        opens = view.current.verdict is not Verdict.DENY
        return "allow" if opens else "deny", SAYINGS[view.current.reason]
    if view.is_out_of_order:
        return "deny", SAYINGS[Reason.OUT_OF_ORDER]
    return "idle", _IDLE


def _extras(shown: Shown) -> list[Text]:
    extras: list[Text] = []
    if shown.units_left is not None and shown.reason is Reason.GRANTED:
        extras.append(units_left(shown.units_left))
    if shown.retry_at is not None and shown.timezone is not None:
        extras.append(_come_back(shown.retry_at, shown.at, shown.timezone))
    return extras


def _come_back(retry_at: datetime, at: datetime, timezone: str) -> Text:
    return come_back(retry_at, at, ZoneInfo(timezone))


def _notes(view: View) -> list[Text]:
    if view.standing is None or not view.is_alive:
        return []
    notes = [_CONNECTED if view.standing.connected else _OFFLINE, _CLOCKS[view.standing.clock]]
    return notes if view.standing.recording else [*notes, _NOT_RECORDING]


def _paragraphs(text: Text) -> str:
    return (
        f'<p class="remedy">{html.escape(text.sl)}</p>'
        f'<p class="remedy" lang="en">{html.escape(text.en)}</p>'
    )


def _both(text: Text) -> dict[str, Json]:
    return {"sl": text.sl, "en": text.en}


def _document(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="sl"><head><meta charset="utf-8">'
        f"<title>{html.escape(title)}</title>"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="refresh" content="1"><link rel="stylesheet" href="/style.css">'
        f"</head><body>{body}</body></html>"
    )
