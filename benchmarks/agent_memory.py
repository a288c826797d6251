"""The agent's memory: PSS of a process of its own after many taps on a cache of many persons."""

import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from benchmarks._edge import DOOR, GATE, fill, identity, now_here, settings_of, uid_of
from core.credential import from_uid
from core.ids import AccessPointId
from edge_agent.agent import Agent
from edge_agent.agent_process import Hardware, Surroundings, agent_of
from edge_agent.doors.profile import parse_profile
from edge_agent.drivers import hardware_of
from edge_agent.hints import HintSender
from edge_agent.links import DisplaySender, SyncSender
from edge_agent.ports import Inbox, Moved, Movement, Presented

TARGET_MB = 60.0
TAPS, TAPS_SHORT = 100_000, 3_000
CREDENTIALS, CREDENTIALS_SHORT = 1_000_000, 50_000
_CHILD = "--child"
_RUN_S_MAX = 1_800
# Real drivers whose lines lead nowhere: their libraries and threads count, their taps would not.
_PROFILE = """
[readers.exit]
kind = "pn532"
path = "no-reader"
[doors.door-2]
kind = "plain-door"
[doors.door-2.access_points]
a = "exit"
[doors.door-2.line]
path = "no-board"
[doors.door-2.wires]
unlock_a = 0
"""


def main(argv: list[str]) -> None:
    """Fill a cache, let a new process serve the taps, print its memory."""
    if argv[:1] == [_CHILD]:
        _serve(Path(argv[1]), persons=int(argv[2]), taps=int(argv[3]))
        return
    short = "--short" in argv
    credentials = CREDENTIALS_SHORT if short else CREDENTIALS
    taps = TAPS_SHORT if short else TAPS
    with tempfile.TemporaryDirectory() as directory:
        fill(Path(directory), credentials)
        command = [sys.executable, "-m", "benchmarks.agent_memory", _CHILD, directory]
        subprocess.run(
            [*command, str(credentials), str(taps)],
            check=True,
            timeout=_RUN_S_MAX,
            stderr=subprocess.DEVNULL,
        )


class _OpenDoor:
    """Settles every release at once; where it would unlock nothing is."""

    def __init__(self) -> None:
        self.released: list[int] = []

    def release(self, access_point: AccessPointId, grant: int) -> None:
        assert access_point == GATE
        self.released.append(grant)

    def run(self, inbox: Inbox, stop: threading.Event) -> None:
        """The loop below tells the agent itself."""


def _serve(directory: Path, *, persons: int, taps: int) -> None:
    door, stop = _OpenDoor(), threading.Event()
    profile = parse_profile(_PROFILE, devices=directory)
    real = hardware_of(profile, monotonic=time.monotonic, jitter=random.random)
    surroundings = Surroundings(
        settings=settings_of(directory),
        identity=identity(),
        hardware=Hardware(doors={DOOR: door}, readers={}, gateways={GATE: DOOR}),
        now=now_here,
        random_bytes=os.urandom,
        software="benchmark",
    )
    nobody = HintSender(directory / "nobody.sock")
    agent = agent_of(surroundings, DisplaySender(nobody), SyncSender(nobody))
    for driver in (*real.doors.values(), *real.readers.values()):
        threading.Thread(target=driver.run, args=(_ignore, stop), daemon=True).start()
    agent.start()
    before_mb = pss_mb()
    started = time.perf_counter()
    chance = random.Random(1)  # noqa: S311 - a repeatable run
    for _ in range(taps):
        _pass(agent, door, chance.randrange(persons))
    elapsed_s = time.perf_counter() - started
    stop.set()
    print(
        f"agent process, {persons:,} credentials: PSS {before_mb:.1f} MB at the start,"
        f" {pss_mb():.1f} MB after {taps:,} taps and passages in {elapsed_s:.0f} s"
        f" (target <= {TARGET_MB:.0f} MB)"
    )


def _pass(agent: Agent, door: _OpenDoor, person: int) -> None:
    credential = from_uid(uid_of(person))
    agent.handle(Presented(access_point=GATE, credential=credential, at_monotonic=0.0))
    agent.handle(
        Moved(
            door=DOOR,
            access_point=GATE,
            movement=Movement.PASSED,
            grant=door.released.pop(),
            at_monotonic=0.0,
        )
    )
    agent.rest()


def pss_mb() -> float:
    """This process's share of memory, in megabytes of 1,000,000 bytes."""
    for line in Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise AssertionError("no Pss in smaps_rollup")


def _ignore(_: object) -> None:
    """What drivers without a line have to say."""


if __name__ == "__main__":
    main(sys.argv[1:])
