"""The commands of `vratar-edge` that look at an edge's files; each returns its exit code."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import sqlite_utils
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.entries import (
    Alarmed,
    ClockJumped,
    Commanded,
    Entry,
    Opened,
    Passed,
    Punched,
    Tapped,
)
from core.instants import to_text
from core.reasons import Language, Text
from edge_agent import cli_texts
from edge_agent.agent_process import JOURNAL_FILE
from edge_agent.doors.hardware import HardwareProfile
from edge_agent.doors.profile import load_profile
from edge_agent.enrolment import enrol, is_enrolled
from edge_agent.errors import EdgeError
from edge_agent.hints import check_folder
from edge_agent.identity import IDENTITY_FILE, Identity, load_identity
from edge_agent.journal import first_broken
from edge_agent.journal.errors import named_errors
from edge_agent.journal.reader import read_only
from edge_agent.journal.schema import check_version
from edge_agent.settings import Settings, load
from wire.codec import decode_entry

OK, PROBLEM = 0, 1
Say = Callable[[str], None]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """Where a command's words go, and in which language."""

    say: Say
    complain: Say
    language: Language

    def tell(self, text: Text, **values: object) -> None:
        self.say(text.in_(self.language).format(**values))

    def fail(self, text: Text, **values: object) -> int:
        self.complain(text.in_(self.language).format(**values))
        return PROBLEM


def enrol_edge(
    settings: Settings, console: Console, *, hub: str, code: str, replace: bool, software: str
) -> int:
    """Make a key here, and get an identity for it with a one-time code."""
    directory = settings.directory
    if is_enrolled(directory) and not replace:
        return console.fail(cli_texts.ALREADY_ENROLLED, directory=directory)
    identity = enrol(
        hub=hub,
        code=code,
        key=Ed25519PrivateKey.generate(),
        environment=settings.environment.value,
        directory=directory,
        software=software,
    )
    at = identity.enrolment
    path = directory / IDENTITY_FILE
    console.tell(cli_texts.ENROLLED, edge=at.edge, site=at.site, tenant=at.tenant, path=path)
    return OK


def check_config(path: Path, environment: Mapping[str, str], console: Console) -> int:
    """Tell everything that is wrong with settings, hardware profile and identity at once."""
    problems: list[str] = []
    settings = _attempt(lambda: load(path, environment), problems)
    profile: HardwareProfile | None = None
    identity: Identity | None = None
    if settings is not None:
        profile = _attempt(lambda: profile_of(settings), problems)
        identity = _attempt(lambda: identity_of(settings), problems)
        _attempt(lambda: _check_journal(settings), problems)
        _attempt(lambda: check_folder(settings.directory), problems)
    if profile is not None:
        problems.extend(_missing_devices(profile))
    if settings is None or profile is None or identity is None or problems:
        console.fail(cli_texts.PROBLEMS)
        for problem in problems:
            console.complain(f"  {problem}")
        return PROBLEM
    console.tell(
        cli_texts.IN_ORDER,
        environment=settings.environment,
        doors=len(profile.doors),
        readers=len(profile.readers),
        edge=identity.enrolment.edge,
    )
    return OK


def show_journal(settings: Settings, console: Console, *, limit: int, as_json: bool) -> int:
    """The newest entries, a line each, oldest of them first."""
    path = settings.directory / JOURNAL_FILE
    if not path.exists():
        return console.fail(cli_texts.NO_JOURNAL, path=path)
    rows = _newest_rows(path, limit)
    for content, written in rows:
        console.say(_as_json(content, written) if as_json else line(decode_entry(content)))
    if not rows and not as_json:
        console.tell(cli_texts.EMPTY)
    return OK


def verify_journal(settings: Settings, console: Console) -> int:
    """Prove the journal whole, or name its first broken entry."""
    path = settings.directory / JOURNAL_FILE
    if not path.exists():
        return console.fail(cli_texts.NO_JOURNAL, path=path)
    whole, broken = first_broken(path)
    if broken is None:
        console.tell(cli_texts.WHOLE, entries=whole)
        return OK
    return console.fail(
        cli_texts.BROKEN,
        epoch=broken.epoch,
        seq=broken.seq,
        problem=broken.problem,
        entries=whole,
    )


def profile_of(settings: Settings) -> HardwareProfile:
    return load_profile(settings.hardware_profile, devices=settings.hardware_devices)


def identity_of(settings: Settings) -> Identity:
    return load_identity(settings.directory, settings.environment.value)


def line(entry: Entry) -> str:
    """One entry as a line for people: when, which, what kind, and what it says in short."""
    key = f"{entry.key.epoch[:8]}/{entry.key.seq}"
    words = " ".join(word for word in _words(entry) if word)
    return f"{to_text(entry.moment.at)}  {key:<14} {entry.kind:<8} {words}".rstrip()


def _words(entry: Entry) -> Iterable[str]:
    match entry.body:
        case Tapped() as tapped:
            return tapped.verdict, tapped.reason, tapped.access_point, tapped.holder or ""
        case Passed() as passed:
            return passed.movement, passed.access_point or passed.door, passed.holder or ""
        case Punched() as punched:
            return punched.kind, punched.access_point, punched.holder or "unassigned"
        case Commanded() as commanded:
            return commanded.action, commanded.outcome, commanded.access_point or ""
        case Opened() | Alarmed() | ClockJumped() as own:
            return _words_of_the_edge(own)


def _words_of_the_edge(body: Opened | Alarmed | ClockJumped) -> Iterable[str]:
    match body:
        case Alarmed():
            return body.alarm, body.part, body.detail
        case ClockJumped():
            return to_text(body.expected), "->", to_text(body.actual)
        case Opened():
            return "after", (body.previous or "nothing")[:8], body.software


def _newest_rows(path: Path, limit: int) -> list[tuple[bytes, bytes]]:
    with named_errors(path):
        connection = read_only(path)
        try:
            check_version(connection, path)
            table = sqlite_utils.Database(connection)["entries"]
            newest = table.rows_where(
                order_by="epoch desc, seq desc", limit=limit, select="content, hash"
            )
            rows = [(row["content"], row["hash"]) for row in newest]
        finally:
            connection.close()
    return rows[::-1]


def _as_json(content: bytes, written: bytes) -> str:
    entry = {"entry": json.loads(content), "hash": written.hex()}
    return json.dumps(entry, ensure_ascii=False, sort_keys=True)


def _missing_devices(profile: HardwareProfile) -> Iterable[str]:
    """An edge runs without a part, and finds it when it is plugged in; here it is a problem."""
    devices = [door.line.path for door in profile.doors]
    devices += [reader.path for reader in profile.readers]
    for path in devices:
        if not path.exists():
            yield (
                f"{path} is not there: plug the part in, or correct the profile's path or the udev"
                " rule that names it"
            )


def _check_journal(settings: Settings) -> None:
    path = settings.directory / JOURNAL_FILE
    if path.exists():
        with named_errors(path):
            connection = read_only(path)
            try:
                check_version(connection, path)
            finally:
                connection.close()


def _attempt(action: Callable[[], T], problems: list[str]) -> T | None:
    try:
        return action()
    except EdgeError as error:
        problems.extend(error.diagnostics().splitlines())
    return None
