"""Card laid to credential known: modelled wire and radio time, 115,200 baud, real nfcpy."""

import random
import statistics
import tempfile
import threading
import time
from pathlib import Path

from core.ids import AccessPointId
from edge_agent.ports import Health, Moved, PartHealth, Presented
from edge_agent.readers.pn532 import POLL_PERIOD_S, Pn532Reader
from firmware_sim.parts.cards.ntag21x import NTAG215, Ntag21x
from firmware_sim.parts.pn532.antenna import Antenna
from firmware_sim.parts.pn532.chip import Pn532
from firmware_sim.parts.pn532.timing import REAL_TIME
from firmware_sim.parts.serialport import SerialPort

TARGET_P95_MS = 90
SPEED = 115_200
TAPS, TAPS_SHORT = 150, 40
WAIT_S_MAX = 5.0
_SEED = 7
# A tap comes at any moment of the poll period.
_PAUSE_S_MIN, _PAUSE_S_SPREAD = 0.07, 2 * POLL_PERIOD_S


class _Inbox:
    """Wakes the benchmark when the card it laid is presented."""

    def __init__(self) -> None:
        self.found = threading.Event()
        self.presented = threading.Event()
        self.uid = b""
        self.at = 0.0

    def put(self, item: Presented | PartHealth | Moved) -> None:
        if isinstance(item, PartHealth) and item.health is Health.OK:
            self.found.set()
        if isinstance(item, Presented) and item.credential.value == self.uid:
            self.at = item.at_monotonic
            self.presented.set()

    def expect(self, uid: bytes) -> None:
        self.uid = uid
        self.presented.clear()


def main(argv: list[str]) -> None:
    """Lay cards at any moment of the poll, print the figure."""
    taps = TAPS_SHORT if "--short" in argv else TAPS
    taken_ms = sorted(1000 * seconds for seconds in measure(taps))
    p50 = statistics.median(taken_ms)
    p95 = taken_ms[int(len(taken_ms) * 0.95)]
    print(
        f"card laid to UID, {SPEED} baud modelled, {taps} taps:"
        f" p50 {p50:.1f} ms, p95 {p95:.1f} ms, target p95 <= {TARGET_P95_MS} ms"
    )


def measure(taps: int) -> list[float]:
    """Seconds from laying each of `taps` cards to its being presented."""
    antenna, inbox, stop = Antenna(), _Inbox(), threading.Event()
    with tempfile.TemporaryDirectory() as folder:
        port = SerialPort(
            Pn532(antenna, REAL_TIME),
            monotonic=time.monotonic,
            link=Path(folder) / "nfc",
            line_time=True,
        )
        with port:
            reader = _reader(port.path)
            thread = threading.Thread(target=reader.run, args=(inbox.put, stop))
            thread.start()
            try:
                assert inbox.found.wait(WAIT_S_MAX), "the reader was not found"
                return [_tap(antenna, inbox, chance) for chance in _chances(taps)]
            finally:
                stop.set()
                thread.join(WAIT_S_MAX)


def _reader(path: str) -> Pn532Reader:
    return Pn532Reader(
        path=path,
        access_point=AccessPointId("bench"),
        monotonic=time.monotonic,
        jitter=lambda: 0.0,
        speed=SPEED,
    )


def _chances(taps: int) -> list[tuple[bytes, float]]:
    """A UID and a pause for each tap."""
    chance = random.Random(_SEED)  # noqa: S311 - a repeatable run
    return [
        (b"\x04" + chance.randbytes(6), _PAUSE_S_MIN + chance.random() * _PAUSE_S_SPREAD)
        for _ in range(taps)
    ]


def _tap(antenna: Antenna, inbox: _Inbox, chance: tuple[bytes, float]) -> float:
    uid, pause_s = chance
    inbox.expect(uid)
    card = Ntag21x(NTAG215, uid=uid)
    threading.Event().wait(pause_s)
    laid_at = time.monotonic()
    antenna.lay(card)
    assert inbox.presented.wait(WAIT_S_MAX), f"card {uid.hex()} was not presented"
    antenna.remove(card)
    return inbox.at - laid_at
