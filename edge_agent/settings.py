"""The edge's settings: TOML with overrides from the environment; every problem is told at once."""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from edge_agent.errors import EdgeError

ENVIRONMENT_PREFIX = "VRATAR_EDGE__"
KEEP_DAYS_MIN, KEEP_DAYS_MAX = 35, 3_650
PORT_MAX = 65_535


class Environment(StrEnum):
    """What an installation is for; keys and files of one are refused in another."""

    DEV = "dev"
    TEST = "test"
    PROD = "prod"


class LogLevel(StrEnum):
    """How much the agent tells in its log."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an installer decides; paths are absolute, or relative to the working directory."""

    environment: Environment
    directory: Path
    hardware_profile: Path
    hardware_devices: Path
    clock_battery: bool
    journal_keep_days: int
    display_port: int
    log_level: LogLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong: the key, what stands there, what to do."""

    key: str
    value: object
    remedy: str

    def __str__(self) -> str:
        found = "not set" if self.value is None else f"is {self.value!r}"
        return f"{self.key} {found}: {self.remedy}"


class SettingsError(EdgeError):
    """The settings cannot be used; `problems` are all of them."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One setting: how it is read (ValueError if it does not fit), what to write there."""

    name: str
    read: Callable[[object], object]
    remedy: str
    about: str
    default: object = None
    is_path: bool = False


def load(path: Path, environment: Mapping[str, str]) -> Settings:
    """The settings in a file; relative paths in it start at its folder. Raises SettingsError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        remedy = "give a readable file with --config PATH"
        raise SettingsError([Problem(key="--config", value=f"{error}", remedy=remedy)]) from error
    return parse(text, environment, base=path.parent)


def parse(text: str, environment: Mapping[str, str], *, base: Path) -> Settings:
    """The same from its text; the environment stands over the file."""
    try:
        root = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problem = Problem(key="the file", value=f"{error}", remedy="correct its TOML there")
        raise SettingsError([problem]) from error
    written = _flat(root) | _overrides(environment)
    problems = [_unknown(name, value) for name, value in written.items() if name not in _NAMES]
    values: dict[str, object] = {}
    for key in KEYS:
        try:
            values[key.name.replace(".", "_")] = _value(key, written, base)
        except ValueError:
            problems.append(Problem(key=key.name, value=written.get(key.name), remedy=key.remedy))
    if problems:
        raise SettingsError(problems)
    return Settings(**values)  # type: ignore[arg-type] # each key's reader made its type


def _value(key: Key, written: Mapping[str, object], base: Path) -> object:
    value = key.read(written.get(key.name, key.default))
    return base / value if key.is_path and isinstance(value, Path) else value


def _flat(table: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    flat: dict[str, object] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def _overrides(environment: Mapping[str, str]) -> dict[str, object]:
    return {
        name.removeprefix(ENVIRONMENT_PREFIX).lower().replace("__", "."): _literal(text)
        for name, text in environment.items()
        if name.startswith(ENVIRONMENT_PREFIX)
    }


def _literal(text: str) -> object:
    """A TOML value where it is one, so that numbers are numbers; else the text itself."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _unknown(name: str, value: object) -> Problem:
    known = ", ".join(key.name for key in KEYS)
    return Problem(key=name, value=value, remedy=f"no such setting; known: {known}")


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError
    return value


def _path(value: object) -> Path:
    return Path(_text(value))


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError  # noqa: TRY004 - one kind of error for all readers
    return value


def _whole(low: int, high: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        # bool is an int to Python, not to whoever wrote `port = true`.
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError
        return value

    return read


def _choice(choices: type[StrEnum]) -> Callable[[object], StrEnum]:
    return lambda value: choices(_text(value))


def _words(choices: type[StrEnum]) -> str:
    return ", ".join(f'"{choice}"' for choice in choices)


KEYS = (
    Key(
        name="environment",
        read=_choice(Environment),
        remedy=f"set one of {_words(Environment)}, the same as at the hub",
        about="What this installation is for. Keys of one environment are refused in another.",
    ),
    Key(
        name="directory",
        read=_path,
        remedy="set the folder for journal, cache and identity, such as /var/lib/vratar-edge",
        about="The folder of journal, cache and identity; only the agent's user may read it.",
        is_path=True,
    ),
    Key(
        name="hardware.profile",
        read=_path,
        remedy="set the file that names readers and doors, such as hardware/terminal.toml",
        about="The hardware profile: readers, doors, boards and wires.",
        is_path=True,
    ),
    Key(
        name="hardware.devices",
        read=_path,
        remedy="set the folder of the devices, usually /dev",
        about="Where the profile's relative device paths start.",
        default="/dev",
        is_path=True,
    ),
    Key(
        name="clock.battery",
        read=_switch,
        remedy="set true if the edge has a battery-backed clock, else false",
        about="Whether the clock goes on through a power cut.",
        default=False,
    ),
    Key(
        name="journal.keep_days",
        read=_whole(KEEP_DAYS_MIN, KEEP_DAYS_MAX),
        remedy=f"set a whole number from {KEEP_DAYS_MIN} to {KEEP_DAYS_MAX}",
        about="How long acknowledged entries stay; never less than 35 days.",
        default=KEEP_DAYS_MIN,
    ),
    Key(
        name="display.port",
        read=_whole(0, PORT_MAX),
        remedy=f"set a port from 0 (chosen by the system) to {PORT_MAX}",
        about="The port of the display page, on 127.0.0.1 only.",
        default=8081,
    ),
    Key(
        name="log.level",
        read=_choice(LogLevel),
        remedy=f"set one of {_words(LogLevel)}",
        about="How much is told in the log.",
        default="info",
    ),
)
"""Every setting; docs/edge.md lists them."""

_NAMES = frozenset(key.name for key in KEYS)
