"""The hub's half of the wire without threads or broker: what is said is handed over at once."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from core.access import IssuedCredential, SiteMode, Tap
from core.credential import CredentialKey, CredentialKind
from core.entitlement import Entitlement
from core.entries import Grant, Passed, Tapped, Verdict
from core.ids import (
    AccessPointId,
    DoorId,
    EdgeId,
    EntitlementId,
    HolderId,
    ProductId,
    SiteId,
    TenantId,
    ZoneId,
)
from core.instants import ClockState, Moment
from core.ledger import digest
from core.presence import AccessPoint, AntiPassback
from core.reasons import Reason
from hub.database import Database, Schema, open_sqlite
from hub.edges import service as edges
from hub.edges.downward import Downward
from hub.edges.postman import Postman
from hub.nouns import load_tables
from hub.rows import service as rows
from hub.rows.service import RowChange
from hub.taps.facts import facts_at
from hub.taps.ingest import AckDue, Due, HelloDue, Hint, Ingest, RequestDue, RowsDue
from hub.taps.letters import Received
from hub.taps.projector import Projector
from hub.taps.store import judged
from hub.taps.store.judged import Filter, Place
from tests.hub.edge_half import Chain, EdgeHalf
from wire.codec import RowBody
from wire.messages import HolderRow, Message, RowKind, SiteRow
from wire.topics import Up, parse

TENANT = TenantId("t-one")
SITE = SiteId("s-pool")
IN = AccessPointId("p-in")
OUT = AccessPointId("p-out")
POOL = ZoneId("z-pool")
ANA = HolderId("h-ana")
CARD = CredentialKey("c" * 32)
VISITS = EntitlementId("n-visits")
START = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
LJUBLJANA = ZoneInfo("Europe/Ljubljana")

SITE_ROW = SiteRow(name="Bazen", mode=SiteMode.NORMAL, timezone="Europe/Ljubljana", holidays=[])
WAY_IN = AccessPoint(
    id=IN, name="Vhod", door=DoorId("d"), zone_to=POOL, anti_passback=AntiPassback.HARD
)
WAY_OUT = AccessPoint(id=OUT, name="Izhod", door=DoorId("d"), zone_from=POOL)


def visits(units: int | None = 10) -> Entitlement:
    return Entitlement(
        id=VISITS,
        holder=ANA,
        product=ProductId("r-visits"),
        name="10 obiskov",
        zones=(POOL,),
        units=units,
    )


@dataclass(slots=True)
class HubHalf:
    """Everything of one tenant, driven by hand."""

    path: Path
    at: datetime = START
    published: list[tuple[str, bytes]] = field(default_factory=list)
    halves: dict[EdgeId, EdgeHalf] = field(default_factory=dict)
    _chance: "itertools.count[int]" = field(default_factory=itertools.count)
    database: Database = field(init=False)
    ingest: Ingest = field(init=False)
    projector: Projector = field(init=False)
    postman: Postman = field(init=False)

    def __post_init__(self) -> None:
        load_tables()
        self.start(create=True)

    def start(self, *, create: bool = False) -> None:
        """Open the database and begin anew, as a hub does that was started again."""
        self.database = open_sqlite(self.path, Schema.TENANT, "test", create=create)
        self.ingest = Ingest(TENANT, self.database)
        self.projector = Projector(database=self.database, clock=self.clock)
        downward = Downward(
            tenant=TENANT,
            database=self.database,
            publish=lambda topic, payload: self.published.append((topic, payload)),
            clock=self.clock,
        )
        self.postman = Postman(database=self.database, downward=downward, clock=self.clock)

    def clock(self) -> datetime:
        return self.at

    def turn(self, **by: float) -> datetime:
        self.at += timedelta(**by)
        return self.at

    def chance(self, count: int) -> bytes:
        return next(self._chance).to_bytes(4, "big") * (count // 4) + bytes(count % 4)

    def close(self) -> None:
        self.postman.snapshots.close()
        self.database.close()

    def enrolled(self, seed: str = "north", site: SiteId = SITE) -> EdgeHalf:
        """An edge made and enrolled as people do it."""
        half = EdgeHalf(TENANT, site, EdgeId(""), seed=seed.encode())
        with self.database.write() as connection:
            edge, code = edges.create(
                connection, site=site, name=seed, at=self.at, random_bytes=self.chance
            )
            keys = edges.enrol(
                connection,
                code=code,
                public_key=half.public_key,
                software="1.0",
                at=self.at,
                random_bytes=self.chance,
            )
        half.id, half.mac_key = edge, bytes.fromhex(keys.mac_key)
        self.halves[edge] = half
        return half

    def put(self, *changes: tuple[RowKind, str, RowBody | None], site: SiteId = SITE) -> int:
        with self.database.write() as connection:
            return rows.put_all(
                connection,
                site,
                [RowChange(kind=kind, id=id_, body=body) for kind, id_, body in changes],
                self.at,
            )

    def furnish(self, units: int | None = 10) -> int:
        """A site with a way in and out, and Ana with a card and some visits."""
        return self.put(
            (RowKind.SITE, SITE, SITE_ROW),
            (RowKind.ACCESS_POINT, IN, WAY_IN),
            (RowKind.ACCESS_POINT, OUT, WAY_OUT),
            (RowKind.HOLDER, ANA, HolderRow(blocked=False)),
            (RowKind.CREDENTIAL, CARD, IssuedCredential(holder=ANA)),
            (RowKind.ENTITLEMENT, VISITS, visits(units)),
        )

    def hear(self, *received: Received) -> list[Due]:
        """Take in what was said and answer it at once."""
        due = self.ingest.take(received)
        for each in due:
            self._say(each)
        self._deliver()
        return due

    def told(self, half: EdgeHalf, kind: type[Message]) -> Message:
        """The last message of this kind that the edge was told."""
        return half.heard(kind)[-1]

    def push(self, *sites: SiteId) -> None:
        self.postman.push_rows(sites or (SITE,))
        self._deliver()

    def command(self) -> None:
        self.postman.send_commands()
        self._deliver()

    def greet_everyone(self) -> None:
        self.postman.greet_everyone()
        self._deliver()

    def project(self) -> None:
        while self.projector.step():
            pass

    def born(self, half: EdgeHalf, *chains: Chain, version: int = 0) -> None:
        birth = half.birth([chain.span() for chain in chains], version=version)
        self.hear(half.says(Up.BIRTH, birth, self.at))

    def send(self, half: EdgeHalf, chain: Chain, first: int = 1, last: int | None = None) -> None:
        self.hear(half.says(Up.ENTRIES, chain.batch(first, last), self.at))

    def listed(self, kind: str, **wanted: str) -> Sequence[object]:
        with self.database.read() as connection:
            return judged.listed(connection, kind, Filter(**wanted))  # type: ignore[arg-type] # tests give texts

    def alarms(self) -> list[str]:
        """Oldest first."""
        return [getattr(row, "alarm", "") for row in reversed(self.listed("alarms"))]

    def digest_at(self, half: EdgeHalf, chain: Chain, at: datetime) -> str:
        """What an edge that knows all of this would have seen for Ana's next tap at the way in."""
        tap = Tap(
            access_point=IN,
            credential=CARD,
            credential_kind=CredentialKind.NFC_UID,
            moment=Moment(at=at, clock=ClockState.TRUSTED, uncertainty=timedelta(0)),
        )
        place = Place(edge=half.id, epoch=chain.epoch, seq=len(chain.contents) + 1, at=at)
        with self.database.read() as connection:
            found = facts_at(connection, tap, place)
        assert found is not None
        return digest(found)

    def _say(self, due: Due) -> None:
        match due:
            case AckDue(edge=edge, echo_ms=echo_ms, marks=marks, rejected=rejected):
                self.postman.acknowledge(edge, echo_ms=echo_ms, marks=marks, rejected=rejected)
            case RowsDue(edge=edge, version=version, set_hash=set_hash, echo_ms=echo_ms):
                self.postman.confirm_rows(edge, version=version, set_hash=set_hash, echo_ms=echo_ms)
            case RequestDue(edge=edge, request=request):
                self.postman.answer(edge, request)
            case HelloDue(edge=edge):
                self.postman.greet(edge)
            case Hint():
                pass

    def _deliver(self) -> None:
        for topic, payload in self.published:
            address, _ = parse(topic)
            if address.edge in self.halves:
                self.halves[address.edge].hears(topic, payload)
        self.published.clear()


def tapped(
    verdict: Verdict = Verdict.ALLOW,
    reason: Reason = Reason.GRANTED,
    *,
    units: int = 1,
    facts: str = "0" * 16,
    version: int = 6,
    credential: CredentialKey = CARD,
    holder: HolderId | None = ANA,
) -> Tapped:
    """Ana's card at the way in."""
    opens = verdict.opens
    return Tapped(
        access_point=IN,
        credential=credential,
        credential_kind=CredentialKind.NFC_UID,
        holder=holder,
        verdict=verdict,
        reason=reason,
        entitlement=VISITS if opens else None,
        units=units if opens else 0,
        zone_to=POOL,
        retry_at=None,
        cache_version=version,
        facts=facts,
    )


def passed(chain: Chain, seq: int, movement: str = "passed", *, out: bool = False) -> Passed:
    """How the release of tap `seq` ended."""
    return Passed(
        door=DoorId("d"),
        access_point=OUT if out else IN,
        movement=movement,
        grant=Grant(epoch=chain.epoch, seq=seq),
        holder=ANA,
        entitlement=None if out else VISITS,
        units=0 if out else 1,
        zone_to=None if out else POOL,
    )
