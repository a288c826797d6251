"""`vratar-edge`: the composition root; the only place with clocks, chance and processes."""

# ruff: noqa: PLC0415 - a process imports only what it runs: the agent's memory is measured
import argparse
import logging
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from core.reasons import Language, language_of
from edge_agent import cli_texts
from edge_agent.child import stop_with_parent
from edge_agent.clock import Instant
from edge_agent.errors import EdgeError
from edge_agent.settings import Settings, load
from edge_agent.supervisor import Process, supervise

if TYPE_CHECKING:
    from edge_agent.cli import Console

CONFIG = Path("/etc/vratar/edge.toml")
_NOBODY_ELSE = 0o077
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code: 0 done, 1 a problem that is told, 2 wrong usage."""
    arguments = _parser().parse_args(argv)
    try:
        return _COMMANDS[arguments.command](arguments)
    except EdgeError as error:
        sys.stderr.write(f"vratar-edge: {error.diagnostics()}\n")
        return 1
    except BrokenPipeError:
        # The reader of our output has left, as `head` does.
        sys.stderr.close()
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="vratar-edge",
        description="The agent at the gate: decides on the spot, forgets nothing.",
    )
    parser.add_argument("--version", action="version", version=_software())
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _command(commands, "run", "run agent, sync and display until stopped")
    enrol = _command(commands, "enrol", "get an identity from the hub with a one-time code")
    enrol.add_argument(
        "--hub", required=True, help="the hub's address, such as https://hub.example.si"
    )
    enrol.add_argument(
        "--code", required=True, help="the code that the hub shows: ABCD-EFGH-2345-6789"
    )
    enrol.add_argument("--replace", action="store_true", help="although this edge is enrolled")
    _command(commands, "check-config", "tell everything that is wrong with the settings")
    show = _command(commands, "show-journal", "show the newest entries")
    show.add_argument("--limit", type=_count, default=20, help="how many (default 20)")
    show.add_argument("--json", action="store_true", help="whole entries, one JSON object a line")
    _command(commands, "verify-journal", "prove the journal whole or name the first broken entry")
    process = _command(commands, "process", argparse.SUPPRESS)
    process.add_argument("name", choices=sorted(_PROCESSES))
    return parser


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, about: str
) -> argparse.ArgumentParser:
    hidden = about == argparse.SUPPRESS
    parser = commands.add_parser(name) if hidden else commands.add_parser(name, help=about)
    parser.add_argument("--config", type=Path, default=CONFIG, help=f"settings (default {CONFIG})")
    parser.add_argument(
        "--language",
        choices=[*Language],
        default=language_of(os.environ),
        help="of what is printed (default: the terminal's)",
    )
    return parser


def _count(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number") from None
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is too few; give a number from 1")
    return number


def _enrol(arguments: argparse.Namespace) -> int:
    from edge_agent.cli import enrol_edge

    return enrol_edge(
        load(arguments.config, os.environ),
        _console(arguments),
        hub=arguments.hub,
        code=arguments.code,
        replace=arguments.replace,
        software=_software(),
    )


def _check_config(arguments: argparse.Namespace) -> int:
    from edge_agent.cli import check_config

    return check_config(arguments.config, os.environ, _console(arguments))


def _show_journal(arguments: argparse.Namespace) -> int:
    from edge_agent.cli import show_journal

    settings = load(arguments.config, os.environ)
    return show_journal(
        settings, _console(arguments), limit=arguments.limit, as_json=arguments.json
    )


def _verify_journal(arguments: argparse.Namespace) -> int:
    from edge_agent.cli import verify_journal

    return verify_journal(load(arguments.config, os.environ), _console(arguments))


def _run(arguments: argparse.Namespace) -> int:
    """Supervise the processes; what is wrong from the start is told before any is started."""
    from edge_agent.cli import identity_of, profile_of
    from edge_agent.hints import check_folder
    from edge_agent.lock import RUN_LOCK, alone

    settings = load(arguments.config, os.environ)
    _log(settings)
    identity = identity_of(settings)
    profile_of(settings)
    check_folder(settings.directory)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with alone(settings.directory / RUN_LOCK):
        _console(arguments).tell(cli_texts.RUNNING, edge=identity.enrolment.edge)
        supervise(sorted(_PROCESSES), _starter(arguments.config), stop, time.monotonic)
    return 0


def _starter(config: Path) -> Callable[[str], Process]:
    def start(name: str) -> Process:
        command = [sys.executable, "-m", "edge_agent.app", "process", name, "--config", str(config)]
        # Its standard input ends when this process does, however it does.
        return subprocess.Popen(command, stdin=subprocess.PIPE)  # noqa: S603 - our own program

    return start


def _process(arguments: argparse.Namespace) -> int:
    stop = stop_with_parent(os._exit)
    # What happened here concerns nobody else on this machine.
    os.umask(_NOBODY_ELSE)
    settings = load(arguments.config, os.environ)
    _log(settings)
    _PROCESSES[arguments.name](settings, stop)
    return 0


def _agent(settings: Settings, stop: threading.Event) -> None:
    from edge_agent import agent_process
    from edge_agent.doors.profile import load_profile
    from edge_agent.drivers import hardware_of
    from edge_agent.identity import load_identity
    from edge_agent.lock import AGENT_LOCK, alone_after

    profile = load_profile(settings.hardware_profile, devices=settings.hardware_devices)
    surroundings = agent_process.Surroundings(
        settings=settings,
        identity=load_identity(settings.directory, settings.environment.value),
        hardware=hardware_of(profile, monotonic=time.monotonic, jitter=random.random),
        now=read_clocks(),
        random_bytes=os.urandom,
        software=_software(),
    )
    # A board and a journal have one master: the agent of a killed run may still be ending.
    with alone_after(settings.directory / AGENT_LOCK, stop) as is_alone:
        if is_alone:
            agent_process.run(surroundings, stop)


def _sync(settings: Settings, stop: threading.Event) -> None:
    from edge_agent import sync_process
    from edge_agent.agent_process import JOURNAL_FILE
    from edge_agent.identity import load_identity
    from edge_agent.journal import JournalReader

    surroundings = sync_process.Surroundings(
        directory=settings.directory,
        identity=load_identity(settings.directory, settings.environment.value),
        journal=JournalReader(settings.directory / JOURNAL_FILE),
        clocks=read_clocks(),
        has_battery=settings.clock_battery,
        random=random.SystemRandom().random,
        software=_software(),
    )
    sync_process.run(surroundings, stop)


def _display(settings: Settings, stop: threading.Event) -> None:
    from edge_agent import display_process
    from edge_agent.doors.profile import load_profile

    profile = load_profile(settings.hardware_profile, devices=settings.hardware_devices)
    doors = {point: door.door for door in profile.doors for point in door.access_points.values()}
    points = [*doors, *(each.access_point for each in profile.readers)]
    display_process.run(
        settings.directory,
        settings.display_port,
        {point: doors.get(point) for point in points},
        lambda: int(time.monotonic() * 1000),
        stop,
    )


def read_clocks() -> Callable[[], Instant]:
    """Both clocks of this machine; the monotonic one counts since its boot."""
    boot_id = _BOOT_ID.read_text(encoding="ascii").strip()
    return lambda: Instant(
        wall=datetime.now(UTC), monotonic_ms=int(time.monotonic() * 1000), boot_id=boot_id
    )


def _console(arguments: argparse.Namespace) -> "Console":
    from edge_agent.cli import Console

    return Console(
        say=lambda text: _write(sys.stdout, text),
        complain=lambda text: _write(sys.stderr, text),
        language=Language(arguments.language),
    )


def _write(stream: TextIO, text: str) -> None:
    stream.write(f"{text}\n")
    stream.flush()


def _software() -> str:
    return f"vratar {version('vratar')}"


def _log(settings: Settings) -> None:
    logging.basicConfig(
        level=settings.log_level.upper(),
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
        stream=sys.stderr,
    )


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "run": _run,
    "enrol": _enrol,
    "check-config": _check_config,
    "show-journal": _show_journal,
    "verify-journal": _verify_journal,
    "process": _process,
}
_PROCESSES: dict[str, Callable[[Settings, threading.Event], None]] = {
    "agent": _agent,
    "display": _display,
    "sync": _sync,
}


if __name__ == "__main__":
    sys.exit(main())
