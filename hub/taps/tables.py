"""One entry as rows: tap, passage, punch or alarm, its effect, and the news of it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from core.chain import Json
from core.entries import (
    Alarmed,
    Body,
    ClockJumped,
    Commanded,
    Entry,
    Opened,
    Passed,
    Punched,
    Tapped,
)
from core.ids import SiteId
from core.instants import to_text
from core.ledger import NOTHING, Effect, effect_of
from hub.edges import commands
from hub.taps import news
from hub.taps.store import judged
from hub.taps.store.judged import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """An entry with its place: at the corrected time, at the site of its edge."""

    position: int
    site: SiteId
    entry: Entry
    place: Place


def write(connection: Connection, each: Folded, *, telling: bool) -> Effect:
    """Write what the entry means; returns its effect on units and presence."""
    effect = effect_of(each.entry)
    if effect is not NOTHING:
        judged.add_effect(connection, _of_entry(each) | _of_effect(effect))
    values = _of_body(each.entry.body)
    match each.entry.body:
        case Tapped() | Passed() | Punched():
            judged.add(connection, _LISTED[each.entry.kind], _of_entry(each) | values)
        case Alarmed() | ClockJumped() as told:
            _alarm(connection, each, told, telling=telling)
        case Commanded(command=command, outcome=outcome, detail=detail):
            at = each.place.at
            commands.answered(connection, command, outcome=outcome, detail=detail, at=at)
        case Opened():
            pass
    if telling and values:
        news.tell(connection, each.entry.kind, news_of(each), each.place.at)
    return effect


_LISTED = {"tap": "taps", "passage": "passages", "punch": "punches"}


def news_of(each: Folded) -> dict[str, Json]:
    """What the live page is told of an entry: whose key it has, so that it replaces a hint."""
    return {
        "edge": each.place.edge,
        "epoch": each.place.epoch,
        "seq": each.place.seq,
        "site": each.site,
        "at": to_text(each.place.at),
        "clock": each.entry.moment.clock.value,
        "position": each.position,
        **{name: _plain(value) for name, value in _of_body(each.entry.body).items()},
    }


def _plain(value: object) -> Json:
    assert isinstance(value, str | int | datetime | None)
    return to_text(value) if isinstance(value, datetime) else value


def _of_body(body: Body) -> dict[str, object]:
    """What the kind's table and the news say of a body; nothing of what is no news."""
    match body:
        case Tapped():
            return _of_tap(body)
        case Passed():
            return _of_passage(body)
        case Punched():
            return _of_punch(body)
        case Commanded():
            return _of_command(body)
        case _:
            return {}


def _of_command(commanded: Commanded) -> dict[str, object]:
    return {
        "command": commanded.command,
        "action": commanded.action,
        "access_point": commanded.access_point,
        "outcome": commanded.outcome,
        "detail": commanded.detail,
    }


def _alarm(
    connection: Connection, each: Folded, told: Alarmed | ClockJumped, *, telling: bool
) -> None:
    if isinstance(told, Alarmed):
        part, name, detail = told.part, told.alarm, told.detail
    else:
        part, name = "clock", "clock-jumped"
        detail = f"{to_text(told.expected)} -> {to_text(told.actual)}"
    news.alarm(
        connection,
        edge=each.place.edge,
        part=part,
        alarm=name,
        detail=detail,
        at=each.place.at,
        position=each.position,
        telling=telling,
    )


def _of_entry(each: Folded) -> dict[str, object]:
    entry: Entry = each.entry
    return {
        "position": each.position,
        "edge": each.place.edge,
        "epoch": each.place.epoch,
        "seq": each.place.seq,
        "site": each.site,
        "at": each.place.at,
        "raw_at": entry.moment.at,
        "clock": entry.moment.clock.value,
        "uncertainty_ms": int(entry.moment.uncertainty.total_seconds() * 1000),
    }


def _of_tap(tapped: Tapped) -> dict[str, object]:
    return {
        "access_point": tapped.access_point,
        "credential": tapped.credential,
        "credential_kind": tapped.credential_kind.value,
        "holder": tapped.holder,
        "verdict": tapped.verdict.value,
        "reason": tapped.reason.value,
        "entitlement": tapped.entitlement,
        "units": tapped.units,
        "zone_to": tapped.zone_to,
        "retry_at": tapped.retry_at,
        "cache_version": tapped.cache_version,
        "facts": tapped.facts,
    }


def _of_passage(passed: Passed) -> dict[str, object]:
    return {
        "door": passed.door,
        "access_point": passed.access_point,
        "movement": passed.movement,
        "grant_epoch": passed.grant.epoch if passed.grant else None,
        "grant_seq": passed.grant.seq if passed.grant else None,
        "holder": passed.holder,
        "entitlement": passed.entitlement,
        "units": passed.units,
        "zone_to": passed.zone_to,
    }


def _of_punch(punched: Punched) -> dict[str, object]:
    return {
        "access_point": punched.access_point,
        "credential": punched.credential,
        "credential_kind": punched.credential_kind.value,
        "holder": punched.holder,
        "kind": punched.kind.value,
        "cache_version": punched.cache_version,
    }


def _of_effect(effect: Effect) -> dict[str, object]:
    return {
        "holder": effect.holder,
        "entitlement": effect.entitlement,
        "units": effect.units,
        "moves": effect.moves,
        "zone": effect.zone,
        "opens": effect.opens is not None,
        "settles_epoch": effect.settles.epoch if effect.settles else None,
        "settles_seq": effect.settles.seq if effect.settles else None,
    }
