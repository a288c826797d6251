"""An agent on a real journal, with fakes for its ports and a clock that tests turn."""

import threading
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from core.access import IssuedCredential, SiteMode
from core.credential import Credential, CredentialKey, from_uid, key_of
from core.entitlement import Entitlement
from core.entries import Body, Entry
from core.ids import AccessPointId, EntitlementId, EpochId, HolderId, ProductId, ZoneId
from core.ledger import Rows
from core.presence import AccessPoint, AccessPointKind, AntiPassback, Presence
from core.reasons import Reason
from core.schedule import Calendar
from edge_agent.agent import Agent, Parts, Policy
from edge_agent.cache import HubClock, Picture
from edge_agent.clock import Instant
from edge_agent.gate import Gate, Gateway
from edge_agent.journal import JournalReader
from edge_agent.ports import (
    CacheChanged,
    CommandReceived,
    Health,
    Moved,
    Movement,
    PartHealth,
    Presented,
    Shown,
    Standing,
    Ticked,
)
from edge_agent.recorder import Recorder
from edge_agent.terminal import Terminal
from tests.edge_agent.journal_bench import DOOR, EDGE, POOL, START, Chance
from wire.codec import decode_entry
from wire.messages import Command

ENTRY, EXIT, STAFF = AccessPointId("entry"), AccessPointId("exit"), AccessPointId("staff")
SITE_KEY = bytes(range(32))
ANA, BOR = HolderId("h-ana"), HolderId("h-bor")
ANA_CARD, BOR_CARD = from_uid(bytes.fromhex("04a1b2c3d4e5f6")), from_uid(bytes(7))
STRANGER = from_uid(bytes.fromhex("04ffffffffffff"))
TEN_VISITS, YEAR = EntitlementId("e-ten"), EntitlementId("e-year")

__all__ = ["ANA", "DOOR", "POOL", "START", "Bench", "CacheChanged", "Ticked"]


@dataclass(slots=True)
class Clock:
    """Wall and monotonic clock of one boot; tests turn either."""

    wall: datetime = START
    monotonic_ms: int = 1_000
    boot_id: str = "boot-1"

    def __call__(self) -> Instant:
        return Instant(wall=self.wall, monotonic_ms=self.monotonic_ms, boot_id=self.boot_id)

    def go_on(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.monotonic_ms += round(seconds * 1000)


@dataclass(slots=True)
class FakeDoor:
    """Keeps its releases; `crash` makes the next one fail."""

    released: list[tuple[AccessPointId, int]] = field(default_factory=list)
    crash: Exception | None = None

    def release(self, access_point: AccessPointId, grant: int) -> None:
        if self.crash is not None:
            raise self.crash
        self.released.append((access_point, grant))

    def run(self, inbox: object, stop: object) -> None:
        """The tests themselves say what the door did."""


@dataclass(slots=True)
class FakeDisplay:
    """Keeps what people were shown."""

    shown: list[Shown] = field(default_factory=list)
    heard: threading.Event = field(default_factory=threading.Event)
    standings: list[Standing] = field(default_factory=list)

    def show(self, shown: Shown) -> None:
        self.shown.append(shown)
        self.heard.set()

    def stand(self, standing: Standing) -> None:
        self.standings.append(standing)


@dataclass(slots=True)
class FakeLink:
    """Keeps what the sync process was told."""

    recorded_seqs: list[int] = field(default_factory=list)
    wanted_versions: list[int] = field(default_factory=list)

    def recorded(self, seq: int) -> None:
        self.recorded_seqs.append(seq)

    def wanted(self, version: int) -> None:
        self.wanted_versions.append(version)


@dataclass(slots=True)
class FakeCache:
    """The hub's rows as plain values; a test changes them as the hub would."""

    credentials: dict[CredentialKey, IssuedCredential] = field(default_factory=dict)
    entitlements: dict[HolderId, list[Entitlement]] = field(default_factory=dict)
    taken: dict[EntitlementId, int] = field(default_factory=dict)
    presences: dict[HolderId, Presence] = field(default_factory=dict)
    included_: dict[EpochId, int] = field(default_factory=dict)
    marks_: dict[EpochId, int] = field(default_factory=dict)
    compared: HubClock | None = None
    anti_passback: AntiPassback = AntiPassback.OFF
    version: int = 7
    is_filled: bool = True

    def rows_for(self, credential: CredentialKey, access_point: AccessPointId) -> Picture | None:
        if not self.is_filled:
            return None
        issued = self.credentials.get(credential)
        holder = issued.holder if issued else None
        rights = self.entitlements.get(holder, []) if holder else []
        rows = Rows(
            access_point=self._place(access_point),
            mode=SiteMode.NORMAL,
            calendar=Calendar(zone=ZoneInfo("Europe/Ljubljana"), holidays=frozenset()),
            credential=issued,
            holder_blocked=False,
            entitlements=tuple(rights),
            cache_as_of=START,
        )
        taken = {each.id: self.taken.get(each.id, 0) for each in rights}
        presence = self.presences.get(holder) if holder else None
        return Picture(
            rows=rows,
            version=self.version,
            included=dict(self.included_),
            taken=taken,
            presence=presence,
        )

    def marks(self) -> Mapping[EpochId, int]:
        return self.marks_

    def included(self) -> Mapping[EpochId, int]:
        return self.included_

    def clock(self) -> HubClock | None:
        return self.compared

    def _place(self, access_point: AccessPointId) -> AccessPoint:
        if access_point == STAFF:
            return AccessPoint(id=STAFF, name="Osebje", kind=AccessPointKind.TERMINAL)
        into: ZoneId | None = POOL if access_point == ENTRY else None
        return AccessPoint(
            id=access_point,
            name="Bazen",
            door=DOOR,
            zone_from=None if into else POOL,
            zone_to=into,
            anti_passback=self.anti_passback,
        )


def right(entitlement: EntitlementId, holder: HolderId, *, units: int | None = None) -> Entitlement:
    return Entitlement(
        id=entitlement,
        holder=holder,
        product=ProductId("p-1"),
        name="Vstopnica",
        zones=(POOL,),
        units=units,
    )


class Bench:
    """One edge: an entry, an exit, a terminal; Ana has ten visits, Bor a year."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "journal.db"
        self.clock = Clock()
        self.cache = FakeCache(
            credentials={
                key_of(SITE_KEY, ANA_CARD): IssuedCredential(holder=ANA),
                key_of(SITE_KEY, BOR_CARD): IssuedCredential(holder=BOR),
            },
            entitlements={
                ANA: [right(TEN_VISITS, ANA, units=10)],
                BOR: [right(YEAR, BOR)],
            },
            compared=HubClock(
                hub_at=START,
                offset_ms=0,
                uncertainty_ms=5,
                boot_id="boot-1",
                monotonic_ms=1_000,
            ),
        )
        self.door, self.display, self.link = FakeDoor(), FakeDisplay(), FakeLink()
        self.starts = 0
        self.agent = self.start()

    def start(self) -> Agent:
        """A new agent process on the same files."""
        self.starts += 1
        self.recorder = Recorder(
            self.path, edge=EDGE, random_bytes=Chance(self.starts), software="test"
        )
        gateway = Gateway(id=DOOR, door=self.door)
        gate = Gate(
            gateways={ENTRY: gateway, EXIT: gateway},
            recorder=self.recorder,
            cache=self.cache,
            display=self.display,
            site_key=SITE_KEY,
        )
        terminal = Terminal(
            recorder=self.recorder, cache=self.cache, display=self.display, site_key=SITE_KEY
        )
        parts = Parts(
            recorder=self.recorder,
            cache=self.cache,
            gate=gate,
            terminal=terminal,
            terminals=frozenset({STAFF}),
            display=self.display,
            link=self.link,
        )
        policy = Policy(has_battery=False, keep_for=timedelta(days=35))
        self.agent = Agent(parts, policy, self.clock)
        self.agent.start()
        return self.agent

    def restart(self) -> None:
        """As after a crash: nothing is told to the old agent."""
        self.agent.close()
        self.start()

    def tap(self, card: Credential = ANA_CARD, at: AccessPointId = ENTRY) -> Reason:
        """Lay a card; returns the reason that the person is shown."""
        before = len(self.display.shown)
        presented = Presented(
            access_point=at, credential=card, at_monotonic=self.clock.monotonic_ms / 1000
        )
        self.agent.handle(presented)
        assert len(self.display.shown) == before + 1
        return self.display.shown[-1].reason

    def move(self, movement: Movement, *, grant: int | None = None) -> None:
        moved = Moved(
            door=DOOR,
            access_point=ENTRY,
            movement=movement,
            grant=grant,
            at_monotonic=self.clock.monotonic_ms / 1000,
        )
        self.agent.handle(moved)

    def enter(self, card: Credential = ANA_CARD) -> None:
        """A granted tap and its passage."""
        assert self.tap(card) is Reason.GRANTED
        self.move(Movement.PASSED, grant=self.door.released[-1][1])

    def health(self, part: str, health: Health) -> None:
        self.agent.handle(PartHealth(part=part, health=health, detail="/dev/ttyUSB0"))

    def command(
        self,
        command: str = "c-1",
        *,
        at: AccessPointId | None = ENTRY,
        action: str = "open",
        valid_s: float = 5,
    ) -> None:
        self.agent.handle(
            CommandReceived(
                command=Command(
                    counter=1,
                    hub_at=self.clock.wall,
                    id=command,
                    action=action,
                    access_point=at,
                    expires_at=self.clock.wall + timedelta(seconds=valid_s),
                    signer="a-1",
                )
            )
        )

    def entries(self) -> list[Entry]:
        with closing(JournalReader(self.path)) as reader:
            return [decode_entry(content) for content in reader.newest(10_000)]

    def bodies(self) -> list[Body]:
        return [entry.body for entry in self.entries()]

    def last(self) -> Body:
        return self.bodies()[-1]
