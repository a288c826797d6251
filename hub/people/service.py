"""Persons: who they are, where they work, whether they are blocked."""

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from core.chain import Json
from core.ids import HolderId, SiteId, new_id
from core.reasons import Language
from hub.acts import Act
from hub.audit import service as audit
from hub.database import announce
from hub.errors import InvalidError, NotFoundError, invalid, message
from hub.people import names, store
from hub.sites import service as sites

PAGE_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody; an employee's `site` is where they work and punch."""

    id: HolderId
    name: str
    email: str | None
    language: Language
    employee: bool
    site: SiteId | None
    blocked_at: datetime | None
    blocked_reason: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Particulars:
    """What people say of a person."""

    name: str
    email: str | None = None
    language: Language = Language.SL
    employee: bool = False
    site: SiteId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Part of a list; `following` asks for the next part, None at its end."""

    people: tuple[Person, ...]
    following: str | None


def register(act: Act, particulars: Particulars) -> Person:
    _require_fitting(act.connection, particulars)
    person = HolderId(new_id("h", act.random_bytes))
    store.insert(act.connection, id=person, created_at=act.at, **_values(particulars))
    store.set_names(act.connection, person, names.starts(particulars.name))
    audit.record_act(act, "person.registered", person)
    announce(act.connection, "holder", person)
    return get(act.connection, person)


def change(act: Act, person_id: str, particulars: Particulars) -> Person:
    """The person as described; the audit chain says which particulars changed, not to what."""
    person = get(act.connection, person_id)
    _require_fitting(act.connection, particulars)
    old, new = _values(particulars_of(person)), _values(particulars)
    fields: list[Json] = [*sorted(key for key in new if new[key] != old[key])]
    if not fields:
        return person
    store.update(act.connection, person.id, **new)
    store.set_names(act.connection, person.id, names.starts(particulars.name))
    audit.record_act(act, "person.changed", person.id, {"fields": fields})
    announce(act.connection, "holder", person.id)
    return get(act.connection, person.id)


def block(act: Act, person_id: str, *, reason: str) -> Person:
    """Every gate refuses the person from now on; blocking again replaces the reason."""
    person = get(act.connection, person_id)
    store.update(act.connection, person.id, blocked_at=act.at, blocked_reason=reason)
    audit.record_act(act, "person.blocked", person.id)
    announce(act.connection, "holder", person.id)
    return get(act.connection, person.id)


def unblock(act: Act, person_id: str) -> Person:
    person = get(act.connection, person_id)
    if person.blocked_at is None:
        return person
    store.update(act.connection, person.id, blocked_at=None, blocked_reason=None)
    audit.record_act(act, "person.unblocked", person.id)
    announce(act.connection, "holder", person.id)
    return get(act.connection, person.id)


def get(connection: Connection, person_id: str) -> Person:
    row = store.by_id(connection, person_id)
    if row is None:
        raise NotFoundError(message("There is no person {id}.", id=person_id))
    return _person(row)


def find(connection: Connection, person_id: str) -> Person | None:
    row = store.by_id(connection, person_id)
    return _person(row) if row else None


def names_of(connection: Connection, people: Iterable[HolderId]) -> Mapping[HolderId, str]:
    """The names of these persons, for pages and lists; whoever is gone is absent."""
    wanted: list[str] = [*dict.fromkeys(people)]
    return {HolderId(row.id): row.name for row in store.by_ids(connection, wanted)}


def everybody(connection: Connection) -> list[HolderId]:
    """The ids of all persons."""
    return [HolderId(person) for person in store.ids(connection)]


def page(
    connection: Connection, *, search: str = "", cursor: str | None = None, limit: int = 50
) -> Page:
    """People by name; with `search` those of whom a word of the name begins so."""
    limit = max(1, min(limit, PAGE_MAX))
    after = _place(cursor) if cursor else None
    prefix = names.folded(search)
    if prefix:
        end = names.prefix_end(prefix)
        rows = store.found(connection, first=prefix, end=end, after=after, limit=limit + 1)
    else:
        rows = store.listed(connection, after=after, limit=limit + 1)
    shown = rows[:limit]
    following = _cursor(shown[-1]) if len(rows) > limit else None
    return Page(people=tuple(_person(row) for row in shown), following=following)


def particulars_of(person: Person) -> Particulars:
    return Particulars(
        name=person.name,
        email=person.email,
        language=person.language,
        employee=person.employee,
        site=person.site,
    )


def _require_fitting(connection: Connection, particulars: Particulars) -> None:
    if particulars.site is not None:
        sites.get(connection, particulars.site)
    if particulars.employee and particulars.site is None:
        raise invalid(
            "site",
            message("an employee has no site."),
            message("Choose the site where the person works."),
        )
    if not names.folded(particulars.name):
        raise invalid(
            "name", message("it has no letters."), message("Write the name as people say it.")
        )


def _values(particulars: Particulars) -> dict[str, object]:
    return {
        "name": particulars.name,
        "name_order": names.order(particulars.name),
        "email": particulars.email,
        "language": particulars.language.value,
        "employee": particulars.employee,
        "site": particulars.site,
    }


def _person(row: Row[Any]) -> Person:
    return Person(
        id=HolderId(row.id),
        name=row.name,
        email=row.email,
        language=Language(row.language),
        employee=row.employee,
        site=row.site,
        blocked_at=row.blocked_at,
        blocked_reason=row.blocked_reason,
        created_at=row.created_at,
    )


def _cursor(row: Row[Any]) -> str:
    text = json.dumps([row.place, row.id], ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode("ascii")


def _place(cursor: str) -> tuple[str, str]:
    try:
        place, person = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii")))
    except (binascii.Error, UnicodeError, ValueError, TypeError):
        raise _bad_cursor() from None
    if not (isinstance(place, str) and isinstance(person, str)):
        raise _bad_cursor()
    return place, person


def _bad_cursor() -> InvalidError:
    return invalid(
        "cursor",
        message("it is not one of ours."),
        message("Send `next` of the page before, unchanged, or begin without a cursor."),
    )
