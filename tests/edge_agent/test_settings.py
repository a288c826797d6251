"""Settings: every problem at once, each with key, value and remedy."""

import re
from pathlib import Path

import pytest

from edge_agent.settings import KEYS, Environment, LogLevel, Settings, SettingsError, load, parse

ROOT = Path(__file__).parents[2]
WHOLE = """
environment = "test"
directory = "state"
[hardware]
profile = "hardware/terminal.toml"
"""


def _problems(text: str, **environment: str) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        parse(text, environment, base=Path("/etc/vratar"))
    return refused.value.diagnostics().splitlines()


def test_paths_start_at_the_file_and_the_rest_has_defaults() -> None:
    assert parse(WHOLE, {}, base=Path("/etc/vratar")) == Settings(
        environment=Environment.TEST,
        directory=Path("/etc/vratar/state"),
        hardware_profile=Path("/etc/vratar/hardware/terminal.toml"),
        hardware_devices=Path("/dev"),
        clock_battery=False,
        journal_keep_days=35,
        display_port=8081,
        log_level=LogLevel.INFO,
    )


def test_the_environment_stands_over_the_file() -> None:
    environment = {
        "VRATAR_EDGE__ENVIRONMENT": "prod",
        "VRATAR_EDGE__DISPLAY__PORT": "0",
        "VRATAR_EDGE__CLOCK__BATTERY": "true",
        "VRATAR_EDGE__DIRECTORY": "/srv/edge",
        "PATH": "/usr/bin",
    }
    settings = parse(WHOLE, environment, base=Path("/etc/vratar"))
    assert settings.environment is Environment.PROD
    assert (settings.display_port, settings.clock_battery) == (0, True)
    assert settings.directory == Path("/srv/edge")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('environment = "live"', 'environment is \'live\': set one of "dev", "test", "prod"'),
        ("environment = 1", "environment is 1: set one of"),
        ('directory = ""', "directory is '': set the folder"),
        ("hardware.profile = true", "hardware.profile is True: set the file"),
        ('clock.battery = "yes"', "clock.battery is 'yes': set true if the edge has"),
        ("journal.keep_days = 34", "journal.keep_days is 34: set a whole number from 35 to 3650"),
        ("journal.keep_days = 35.5", "journal.keep_days is 35.5: set a whole number"),
        ("display.port = 65536", "display.port is 65536: set a port from 0"),
        ("display.port = true", "display.port is True: set a port from 0"),
        ('log.level = "loud"', "log.level is 'loud': set one of"),
        ("display.prot = 80", "display.prot is 80: no such setting; known: environment,"),
    ],
)
def test_what_is_wrong_is_named_with_its_remedy(line: str, problem: str) -> None:
    key = line.split(" ", maxsplit=1)[0]
    whole = {
        "environment": '"test"',
        "directory": '"state"',
        "hardware.profile": '"x.toml"',
    }
    text = "\n".join(f"{name} = {value}" for name, value in whole.items() if name != key)
    (told,) = _problems(f"{text}\n{line}")
    assert told.startswith(problem)


def test_all_problems_are_told_at_once() -> None:
    problems = _problems("[display]\nport = -1", VRATAR_EDGE__CLOCK__BATTERY="maybe")
    assert [problem.split(" ")[0] for problem in problems] == [
        "environment",
        "directory",
        "hardware.profile",
        "clock.battery",
        "display.port",
    ]
    assert problems[0].startswith("environment not set: set one of")


def test_broken_toml_is_told_with_its_place() -> None:
    (problem,) = _problems("environment = @\n")
    assert "line 1" in problem


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="give a readable file with --config"):
        load(tmp_path / "absent.toml", {})


def test_the_example_is_whole_and_shows_every_setting() -> None:
    example = ROOT / "config" / "edge.example.toml"
    settings = load(example, {})
    assert settings.environment is Environment.PROD
    text = example.read_text(encoding="utf-8")
    for key in KEYS:
        assert re.search(rf"^{key.name.split('.')[-1]} = ", text, re.MULTILINE), key.name


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs" / "edge.md").read_text(encoding="utf-8")
    for key in KEYS:
        assert f"| `{key.name}` |" in page
        assert key.about in page
