"""vratar-sim: the demo's command line, which brings in clocks and chance."""

import argparse
import os
import random
import secrets
import signal
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Never

from core.reasons import Language, language_of
from edge_agent.errors import EdgeError
from firmware_sim.world import words
from firmware_sim.world.day import DayError
from firmware_sim.world.demo import play, recheck, script
from firmware_sim.world.hub_client import HubAnswerError
from firmware_sim.world.programs import ProgramError
from firmware_sim.world.running import DirectoryError, World
from firmware_sim.world.waiting import TookTooLongError

_FAILURES = (
    ProgramError,
    TookTooLongError,
    HubAnswerError,
    DayError,
    DirectoryError,
    EdgeError,
    OSError,
)
_PASSWORD_BYTES = 9


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when all is as it must be, 1 with the reason on stderr."""
    chosen = _parser().parse_args(arguments)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # Also where a shell started it with the signal ignored: it must not outlive its caller.
        signal.signal(number, _interrupt)
    world = World(
        started=time.monotonic(),
        monotonic=time.monotonic,
        wall=lambda: datetime.now(UTC),
        chance=random.Random(chosen.seed),  # noqa: S311 - invented people, no secret
        password=secrets.token_urlsafe(_PASSWORD_BYTES),
        language=chosen.language,
        say=_say,
    )
    try:
        code: int = chosen.run(world, chosen)
    except KeyboardInterrupt as interrupted:
        world.told(words.ENDED, signal=interrupted.args[0] if interrupted.args else "SIGINT")
        return 0 if chosen.run is _demo and not chosen.script else 1
    except _FAILURES as failure:
        sys.stderr.write(words.FAILED.in_(chosen.language).format(problem=failure) + "\n")
        return 1
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="vratar-sim", description="A virtual site: simulated hardware, real edges, a real hub."
    )
    parsers = parser.add_subparsers(required=True, metavar="COMMAND")
    demo = parsers.add_parser("demo", help="start a site to play with, or play a day by --script")
    demo.add_argument("--script", action="store_true", help="play a day, check it, and end")
    demo.add_argument("--directory", type=Path, help="keep everything here instead of throwing it")
    demo.add_argument("--seed", type=int, default=7, help="which people there are")
    demo.set_defaults(run=_demo)
    check = parsers.add_parser("check", help="compare a kept day with its hub once more")
    check.add_argument("--directory", type=Path, required=True, help="what demo --script has kept")
    check.set_defaults(run=_check, seed=0)
    for each in (demo, check):
        each.add_argument(
            "--language",
            type=Language,
            choices=list(Language),
            default=language_of(os.environ),
            help="of what is printed",
        )
    return parser


def _demo(world: World, chosen: argparse.Namespace) -> int:
    return (script if chosen.script else play)(world, chosen.directory)


def _check(world: World, chosen: argparse.Namespace) -> int:
    return recheck(world, chosen.directory)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _interrupt(number: int, _: FrameType | None) -> Never:
    raise KeyboardInterrupt(signal.Signals(number).name)


if __name__ == "__main__":
    sys.exit(main())
