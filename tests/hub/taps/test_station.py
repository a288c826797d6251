"""The station's threads: what they cannot take is dropped, never waited for."""

import threading

from hub.edges.downward import Downward
from hub.taps import station
from hub.taps.live import Live
from hub.taps.station import Parts, Station
from tests.hub.edge_half import Chain, epoch_named
from tests.hub.taps.hub_half import START, TENANT, HubHalf
from wire.topics import Up

DEADLINE_S = 10.0


def made(half: HubHalf, said: threading.Semaphore) -> Station:
    downward = Downward(
        tenant=TENANT,
        database=half.database,
        publish=lambda *_: said.release(),
        clock=half.clock,
    )
    return Station(
        Parts(
            database=half.database,
            ingest=half.ingest,
            projector=half.projector,
            downward=downward,
            live=Live(half.database, list, half.clock),
            clock=half.clock,
        )
    )


def test_more_than_a_station_can_hold_is_dropped_and_counted(half: HubHalf) -> None:
    waiting = made(half, threading.Semaphore(0))
    for _ in range(station.WAITING_MAX + 3):
        waiting.receive("v1/t-one/s-pool/e-x/up/entries", b"")
    assert waiting.dropped == 3


def test_a_station_answers_and_folds_by_its_own_threads(half: HubHalf) -> None:
    edge = half.enrolled()
    chain = Chain(edge.id, epoch_named(1))
    chain.open(None, START)
    said = threading.Semaphore(0)
    working = made(half, said)
    working.start()
    try:
        entry = edge.says(Up.ENTRIES, chain.batch(), half.at)
        working.receive(entry.topic, entry.payload)
        # An ack and a hello.
        for _ in range(2):
            assert said.acquire(timeout=DEADLINE_S)
        working.greet()
    finally:
        working.stop()
