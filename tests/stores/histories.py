"""Random histories through the edge's and the hub's real stores; run it for more than CI does.

`python -m tests.stores.histories --count 20000 --from-seed 0`
"""

import argparse
import random
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Raw

from core.access import Facts, IssuedCredential, SiteMode
from core.chain import GENESIS, canonical
from core.credential import Credential, from_uid, key_of
from core.entitlement import Entitlement
from core.ids import (
    AccessPointId,
    DoorId,
    EdgeId,
    EntitlementId,
    EpochId,
    HolderId,
    ProductId,
    SiteId,
    TenantId,
    ZoneId,
)
from core.ledger import plain
from core.presence import AccessPoint, AntiPassback
from core.schedule import HolidayPolicy, Weekly, Window
from edge_agent.cache import CacheReader, HubClock
from edge_agent.cache_rows import Applied
from edge_agent.cache_writer import CacheWriter
from edge_agent.clock import Instant, Reading, read
from edge_agent.gate import Gate, Gateway
from edge_agent.health import Condition
from edge_agent.journal import JournalReader
from edge_agent.ports import Moved, Movement, Presented
from edge_agent.recorder import Recorder
from hub.database import Database, Schema, open_sqlite
from hub.edges import service as edges
from hub.nouns import load_tables
from hub.rows import service as rows
from hub.rows.service import RowChange
from hub.taps.facts import facts_at, now_at
from hub.taps.ingest import Ingest
from hub.taps.letters import Received
from hub.taps.projector import Projector
from tests.edge_agent.agent_bench import FakeDisplay, FakeDoor
from wire.codec import encode
from wire.envelope import sign
from wire.messages import Batch, HolderRow, RowKind, Rows, SiteRow
from wire.topics import Address, Up

START = datetime(2026, 3, 28, 20, 0, tzinfo=UTC)  # the evening before the clock change
TENANT = TenantId("t-one")
SITE_KEY = bytes(range(32))
HALL = ZoneId("hall")
ENTRY, EXIT = AccessPointId("entry"), AccessPointId("exit")
DOOR = DoorId("door")
STEPS_MIN, STEPS_MAX = 6, 30
_SOFTWARE = "test"


class HubStore:
    """One hub database for many histories, each with a site of its own."""

    def __init__(self, directory: Path) -> None:
        load_tables()
        self.clock = START
        self.database: Database = open_sqlite(
            directory / "tenant.db", Schema.TENANT, "test", create=True
        )
        self.ingest = Ingest(tenant=TENANT, database=self.database)
        self.projector = Projector(database=self.database, clock=lambda: self.clock)

    def close(self) -> None:
        self.database.close()


@dataclass
class History:
    """One site with one edge: what people do, what the hub changes, what the wire delivers."""

    seed: int
    hub: HubStore
    directory: Path
    chance: random.Random = field(init=False)
    now: Instant = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311 - a seed replays the history
        self.hub.clock = START
        self.now = Instant(wall=START, monotonic_ms=1_000, boot_id="boot")
        self.site = SiteId(f"s-{self.seed}")
        self.holders = [HolderId(f"h-{self.seed}-{number}") for number in range(3)]
        self.cards = {
            holder: from_uid(bytes([4, 1, *self.seed.to_bytes(4, "big"), number]))
            for number, holder in enumerate(self.holders)
        }
        self.key = Ed25519PrivateKey.from_private_bytes(self.chance.randbytes(32))
        self.edge = self._enrolled()
        self.writer = CacheWriter.opened(self.directory)
        self.writer.put_clock(
            HubClock(
                hub_at=START, offset_ms=0, uncertainty_ms=0, boot_id="boot", monotonic_ms=1_000
            )
        )
        self.cache = CacheReader(self.directory)
        self.door, self.display = FakeDoor(), FakeDisplay()
        self.ended: set[int] = set()
        self.sent: dict[EpochId, int] = {}
        self.rights_version = 0
        self.change_everything()
        self.recorder: Recorder | None = None
        self.restart()

    def close(self) -> None:
        assert self.recorder is not None
        self.recorder.close()
        self.cache.close()
        self.writer.close()

    # What can happen.

    def step(self) -> None:
        """One thing, drawn by weight; time goes on."""
        self._go_on(self.chance.choice([1, 1, 5, 60, 600, 3_600]))
        happenings = (
            (8, self.tap),
            (7, self.move),
            (2, self.change),
            (3, self.upload),
            (4, self.deliver),
            (1, self.restart),
        )
        weights = [weight for weight, _ in happenings]
        self.chance.choices([each for _, each in happenings], weights)[0]()

    def tap(self) -> None:
        card = self.chance.choice([*self.cards.values(), from_uid(bytes(7))])
        self.gate.tap(self._presented(card), self._reading(), Condition())

    def move(self) -> None:
        """A release ends, or the barrier moves by itself."""
        waiting = [grant for _, grant in self.door.released if grant not in self.ended]
        grant = self.chance.choice([*waiting, None]) if waiting else None
        ends = [Movement.PASSED, Movement.PASSED, Movement.NO_SHOW]
        movement = self.chance.choice(ends) if grant is not None else Movement.FORCED
        if grant is not None:
            self.ended.add(grant)
        moved = Moved(
            door=DOOR, access_point=ENTRY, movement=movement, grant=grant, at_monotonic=0.0
        )
        self.gate.moved(moved, self._reading())

    def change(self) -> None:
        """The hub changes something about somebody."""
        holder = self.chance.choice(self.holders)
        self._put([self.chance.choice(self._rows_of(holder))])

    def change_everything(self) -> None:
        site = SiteRow(
            name="Center",
            mode=SiteMode.NORMAL,
            timezone="Europe/Ljubljana",
            holidays=[START.date()],
        )
        points = [
            AccessPoint(
                id=ENTRY, name="", door=DOOR, zone_to=HALL, anti_passback=AntiPassback.HARD
            ),
            AccessPoint(id=EXIT, name="", door=DOOR, zone_from=HALL),
        ]
        self._put(
            [
                RowChange(kind=RowKind.SITE, id=self.site, body=site),
                *(RowChange(kind=RowKind.ACCESS_POINT, id=each.id, body=each) for each in points),
                *(row for holder in self.holders for row in self._rows_of(holder)),
            ]
        )

    def upload(self) -> None:
        """Some of what waits goes up, is committed and folded; sometimes it is sent again."""
        with closing(JournalReader(self.directory / "journal.db")) as reader:
            for span in reader.spans():
                epoch = EpochId(span.epoch)
                after = self.sent.get(epoch, 0)
                if self.chance.random() < 0.2:
                    after = self.chance.randint(0, after)
                self._send(reader, epoch, after, self.chance.randint(1, 20))
                if self.sent.get(epoch, 0) < span.last:
                    break
        while self.hub.projector.step():
            pass

    def upload_all(self) -> None:
        with closing(JournalReader(self.directory / "journal.db")) as reader:
            for span in reader.spans():
                epoch = EpochId(span.epoch)
                while self.sent.get(epoch, 0) < span.last:
                    self._send(reader, epoch, self.sent.get(epoch, 0), 200)
        while self.hub.projector.step():
            pass

    def deliver(self) -> None:
        """The edge gets the hub's rows with its figures, delta by delta."""
        more = True
        while more:
            held = self.writer.standing().version
            with self.hub.database.read() as connection:
                delta = rows.delta(connection, self.site, held)
                assert delta is not None
                included = rows.included(connection, self.site, self.edge, delta.to_version)
            applied = self.writer.apply(
                Rows(
                    counter=1,
                    hub_at=self.now.wall,
                    from_version=delta.from_version,
                    to_version=delta.to_version,
                    rows=list(delta.rows),
                    included={str(epoch): seq for epoch, seq in included.items()},
                    set_hash=delta.set_hash,
                )
            )
            assert applied is not Applied.MISMATCH
            more = delta.more

    def restart(self) -> None:
        """The agent dies and starts on the same files; the barrier has forgotten everybody."""
        if self.recorder is not None:
            self.recorder.close()
        self.recorder = Recorder(
            self.directory / "journal.db",
            edge=self.edge,
            random_bytes=self.chance.randbytes,
            software=_SOFTWARE,
        )
        assert self.recorder.open(self._reading())
        self.door = FakeDoor()
        self.ended = set()
        gateway = Gateway(id=DOOR, door=self.door)
        self.gate = Gate(
            gateways={ENTRY: gateway, EXIT: gateway},
            recorder=self.recorder,
            cache=self.cache,
            display=self.display,
            site_key=SITE_KEY,
        )
        self.gate.settle_earlier(self._reading())

    # What must hold.

    def differences(self) -> Iterator[tuple[Facts, Facts | None]]:
        """The facts of every possible tap, at both ends, once the hub has every entry.

        The edge may lack the newest figures, never a right: then there is nothing to compare.
        """
        self.upload_all()
        if self.writer.standing().version < self.rights_version:
            self.deliver()
        self._go_on(1)
        reading = self._reading()
        for card in self.cards.values():
            for point in (ENTRY, EXIT):
                considered = self.gate.consider(self._presented(card, point), reading, Condition())
                assert considered.facts is not None
                with self.hub.database.read() as connection:
                    place = now_at(self.edge, self.now.wall)
                    yield considered.facts, facts_at(connection, considered.tap, place)

    # How it is done.

    def _enrolled(self) -> EdgeId:
        with self.hub.database.write() as connection:
            _, code = edges.create(
                connection,
                site=self.site,
                name="edge",
                at=START,
                random_bytes=self.chance.randbytes,
            )
            keys = edges.enrol(
                connection,
                code=code.replace("-", ""),
                public_key=self.key.public_key().public_bytes_raw().hex(),
                software=_SOFTWARE,
                at=START,
                random_bytes=self.chance.randbytes,
            )
        return keys.edge.id

    def _put(self, changes: list[RowChange]) -> None:
        with self.hub.database.write() as connection:
            rows.put_all(connection, self.site, changes, self.now.wall)
            self.rights_version = rows.standing(connection, self.site).version

    def _rows_of(self, holder: HolderId) -> list[RowChange]:
        chance = self.chance
        credential = IssuedCredential(holder=holder, blocked=chance.random() < 0.1)
        key = key_of(SITE_KEY, self.cards[holder])
        right = EntitlementId(f"{holder}-{chance.randint(0, 1)}")
        return [
            RowChange(kind=RowKind.CREDENTIAL, id=key, body=credential),
            RowChange(
                kind=RowKind.HOLDER, id=holder, body=HolderRow(blocked=chance.random() < 0.1)
            ),
            RowChange(kind=RowKind.ENTITLEMENT, id=right, body=self._right(holder, right)),
        ]

    def _right(self, holder: HolderId, right: EntitlementId) -> Entitlement | None:
        chance = self.chance
        if chance.random() < 0.1:
            return None
        window = Window(days=(1, 2, 3, 4, 5, 6, 7), start_minute=0, end_minute=1440)
        evenings = replace(window, start_minute=18 * 60, end_minute=chance.choice([60, 1440]))
        return Entitlement(
            id=right,
            holder=holder,
            product=ProductId("p-one"),
            name="Vstopnica",
            zones=(HALL,),
            weekly=Weekly(
                windows=chance.choice([(), (window,), (evenings,)]),
                holiday_policy=chance.choice(list(HolidayPolicy)),
            ),
            valid_from=START - timedelta(days=1),
            valid_until=chance.choice([None, None, START + timedelta(hours=3)]),
            units=chance.choice([None, 1, 3, 3, 10]),
        )

    def _send(self, reader: JournalReader, epoch: EpochId, after: int, most: int) -> None:
        contents = reader.contents(epoch, after, most)
        if not contents:
            return
        before = reader.hash_of(epoch, after) if after else GENESIS
        assert before is not None
        batch = Batch(
            epoch=epoch,
            first=after + 1,
            previous=before.hex(),
            entries=[Raw(content) for content in contents],
            sent_ms=self.now.monotonic_ms,
        )
        topic = Address(tenant=TENANT, site=self.site, edge=self.edge).up(Up.ENTRIES)
        payload = sign(self.key, topic, encode(batch))
        self.hub.ingest.take([Received(topic=topic, payload=payload, at=self.now.wall)])
        self.sent[epoch] = max(self.sent.get(epoch, 0), after + len(contents))

    def _presented(self, card: Credential, point: AccessPointId | None = None) -> Presented:
        point = point or self.chance.choice([ENTRY, ENTRY, EXIT])
        return Presented(access_point=point, credential=card, at_monotonic=0.0)

    def _reading(self) -> Reading:
        return read(self.now, self.cache.clock(), has_battery=True, newest_at=None)

    def _go_on(self, seconds: int) -> None:
        self.now = replace(
            self.now,
            wall=self.now.wall + timedelta(seconds=seconds),
            monotonic_ms=self.now.monotonic_ms + 1000 * seconds,
        )
        self.hub.clock = self.now.wall


def compared(hub: HubStore, seed: int) -> list[tuple[Facts, Facts | None]]:
    """The pairs of facts at the end of the history of a seed."""
    with tempfile.TemporaryDirectory() as directory:
        history = History(seed=seed, hub=hub, directory=Path(directory))
        with closing(history):
            for _ in range(history.chance.randint(STEPS_MIN, STEPS_MAX)):
                history.step()
            return list(history.differences())


def main(arguments: list[str]) -> int:
    """Compare many histories; 1 with the seed of the first that differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000)
    parser.add_argument("--from-seed", type=int, default=0)
    chosen: Any = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as directory, closing(HubStore(Path(directory))) as hub:
        for seed in range(chosen.from_seed, chosen.from_seed + chosen.count):
            for at_edge, at_hub in compared(hub, seed):
                if at_hub is None or bytes_of(at_edge) != bytes_of(at_hub):
                    sys.stdout.write(f"seed {seed}:\n edge {at_edge}\n hub  {at_hub}\n")
                    return 1
    sys.stdout.write(f"{chosen.count} histories: equal facts at edge and hub\n")
    return 0


def bytes_of(facts: Facts) -> bytes:
    """The canonical bytes of facts, the same at edge and hub for equal histories."""
    return canonical(plain(facts))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
