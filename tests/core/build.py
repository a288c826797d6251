"""Facts, taps and entries for tests, complete by default so that a test says only what matters."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from core.access import Facts, Holding, IssuedCredential, SiteMode, Tap
from core.credential import CredentialKey, CredentialKind
from core.entitlement import Entitlement
from core.entries import Body, Entry
from core.ids import (
    AccessPointId,
    DoorId,
    EdgeId,
    EntitlementId,
    EntryKey,
    EpochId,
    HolderId,
    ProductId,
    ZoneId,
)
from core.instants import ClockState, Moment
from core.presence import AccessPoint, AntiPassback
from core.schedule import Calendar

LJUBLJANA = ZoneInfo("Europe/Ljubljana")
NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)  # a Monday, 18:00 in Ljubljana
HALL = ZoneId("hall")
ENTRY = AccessPoint(
    id=AccessPointId("gate-in"),
    name="Vhod",
    door=DoorId("gate"),
    zone_from=None,
    zone_to=HALL,
    anti_passback=AntiPassback.HARD,
)
EXIT = AccessPoint(
    id=AccessPointId("gate-out"), name="Izhod", door=DoorId("gate"), zone_from=HALL, zone_to=None
)
ANA = HolderId("h-ana")
CARD = CredentialKey("ab" * 16)
EDGE = EdgeId("e-one")
EPOCH = EpochId("00000001-0123456789abcdef")
CALENDAR = Calendar(zone=LJUBLJANA, holidays=frozenset())


def moment(at: datetime = NOW, **changes: Any) -> Moment:
    return replace(Moment(at=at, clock=ClockState.TRUSTED, uncertainty=timedelta(0)), **changes)


def tap(**changes: Any) -> Tap:
    whole = Tap(
        access_point=ENTRY.id,
        credential=CARD,
        credential_kind=CredentialKind.NFC_UID,
        moment=moment(),
    )
    return replace(whole, **changes)


def entitlement(**changes: Any) -> Entitlement:
    whole = Entitlement(
        id=EntitlementId("t-year"),
        holder=ANA,
        product=ProductId("p-year"),
        name="Letna karta",
        zones=(HALL,),
        valid_from=NOW - timedelta(days=30),
        valid_until=NOW + timedelta(days=30),
    )
    return replace(whole, **changes)


def holding(units_left: int | None = None, **changes: Any) -> Holding:
    return Holding(entitlement=entitlement(**changes), units_left=units_left)


def facts(**changes: Any) -> Facts:
    whole = Facts(
        access_point=ENTRY,
        mode=SiteMode.NORMAL,
        calendar=CALENDAR,
        credential=IssuedCredential(holder=ANA),
        holder_blocked=False,
        holdings=(holding(),),
        presence=None,
        passage_pending=False,
        cache_as_of=NOW,
    )
    return replace(whole, **changes)


def entry(body: Body, seq: int = 1, at: datetime = NOW, epoch: EpochId = EPOCH) -> Entry:
    return Entry(
        key=EntryKey(edge=EDGE, epoch=epoch, seq=seq),
        moment=moment(at),
        monotonic_ms=seq * 1000,
        body=body,
    )
