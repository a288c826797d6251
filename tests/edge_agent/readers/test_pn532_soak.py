"""Hundreds of taps over a line that spoils about one frame in a hundred."""

import random
import time
from pathlib import Path

from edge_agent.ports import Health
from firmware_sim.parts.pn532.frames import ACK
from firmware_sim.parts.serialport import no_fault
from tests.edge_agent.readers.reader_bench import running
from tests.firmware_sim.parts.nfc_bench import example_tag

TAPS = 300
FAULTS_PER_FRAME = 0.01
SECONDS_MAX = 60.0
SEED = 20260


class BadLine:
    """Loses, cuts, corrupts or dirties a frame now and then; the seed repeats a run."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - a repeatable run
        self.faults = 0

    def __call__(self, chunk: bytes) -> bytes | None:
        if self._chance.random() >= FAULTS_PER_FRAME:
            return chunk
        self.faults += 1
        return self._spoiled(bytearray(chunk))

    def _spoiled(self, chunk: bytearray) -> bytes | None:
        kind = self._chance.randrange(5)
        place = self._chance.randrange(len(chunk))
        if kind == 0:
            return None
        if kind == 1:
            return bytes(chunk[:place]) or None
        if kind == 2:
            chunk.insert(place, self._chance.randrange(256))
        elif kind == 3:
            return bytes(chunk) + ACK
        else:
            chunk[place] ^= 1 << self._chance.randrange(8)
        return bytes(chunk)


def test_no_wrong_uid_and_no_lasting_loss_over_a_bad_line(tmp_path: Path) -> None:
    chance = random.Random(SEED)  # noqa: S311 - a repeatable run
    towards_host, towards_chip = BadLine(SEED), BadLine(SEED + 1)
    laid: list[bytes] = []
    started = time.monotonic()
    with running(tmp_path, poll_period_s=0.001) as reader:
        reader.inbox.wait_for(lambda: reader.inbox.healths == [Health.OK])
        reader.bench.port.to_host, reader.bench.port.to_part = towards_host, towards_chip
        for _ in range(TAPS):
            tag = example_tag(uid=b"\x04" + chance.randbytes(6))
            laid.append(tag.uid)
            reader.bench.antenna.lay(tag)
            reader.inbox.wait_for(lambda: reader.inbox.uids[-1:] == laid[-1:])
            reader.bench.antenna.remove(tag)
        reader.bench.port.to_host = reader.bench.port.to_part = no_fault
        reader.inbox.wait_for(lambda: reader.inbox.healths[-1] is Health.OK)
        assert reader.inbox.uids == laid
    assert towards_host.faults + towards_chip.faults > TAPS / 100
    assert time.monotonic() - started < SECONDS_MAX
