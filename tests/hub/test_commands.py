"""vratar-hub as a program: what it prints, what it returns, what it leaves."""

import os
import re
import select
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import httpx
import pytest

from hub.app import main
from tests.hub.bench import PASSWORD

SECONDS_MAX = 60


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "hub.toml"
    directory = tmp_path / "hub"
    path.write_text(f'environment = "test"\ndirectory = "{directory}"\n[http]\nport = 0\n')
    return path


def arguments(config: Path, *words: str) -> list[str]:
    """The program as it is started from a shell."""
    code = "import sys; from hub.app import main; sys.exit(main())"
    return [sys.executable, "-c", code, "--config", str(config), *words]


def variables(**more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("VRATAR_", "LC_", "LANG"))}
    return kept | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "LANG": "C.UTF-8"} | more


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


def run(config: Path, *words: str, stdin: str = "", **more: str) -> Done:
    """The command within this process: starting Python anew takes a second each."""
    stdout, stderr, before = StringIO(), StringIO(), dict(os.environ)
    os.environ.clear()
    os.environ.update(variables(**more))
    terminal, sys.stdin = sys.stdin, StringIO(stdin)
    try:
        with redirect_stdout(stdout), redirect_stderr(stderr):
            code = _ended(config, words)
    finally:
        sys.stdin = terminal
        os.environ.clear()
        os.environ.update(before)
    return Done(returncode=code, stdout=stdout.getvalue(), stderr=stderr.getvalue())


def _ended(config: Path, words: tuple[str, ...]) -> int:
    try:
        return main(["--config", str(config), *words])
    except SystemExit as ended:
        return int(str(ended.code))


@pytest.fixture
def made(config: Path) -> Path:
    """The settings of a hub that `init` has made, its owner's password known."""
    done = run(config, "init", "--login", "ana", VRATAR_HUB_OWNER_PASSWORD=PASSWORD)
    assert (done.returncode, done.stderr) == (0, "")
    return config


@contextmanager
def serving(config: Path, **more: str) -> Iterator[str]:
    """The address of a hub that serves meanwhile."""
    process = subprocess.Popen(
        arguments(config, "serve"),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=variables(**more),
    )
    try:
        assert process.stdout is not None
        assert select.select([process.stdout], [], [], SECONDS_MAX)[0]
        yield process.stdout.readline().split(" on ")[1].strip()
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=SECONDS_MAX)


def test_init_prints_a_generated_password_once_and_it_works(config: Path) -> None:
    done = run(config, "init", "--login", "ana")
    assert done.returncode == 0
    password = done.stdout.split("with password ")[1].split(" ")[0]
    with serving(config) as address:
        answer = httpx.post(
            f"{address}/api/v1/session", json={"login": "ana", "password": password}
        )
    assert answer.status_code == 200
    assert answer.json()["roles"] == ["owner"]


def test_the_program_itself_runs_a_command(config: Path) -> None:
    done = subprocess.run(
        arguments(config, "verify-audit"),
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
        env=variables(),
    )
    assert done.returncode == 1
    assert done.stderr.endswith("run vratar-hub init first.\n")


@pytest.mark.parametrize("way", ["stdin", "variable"])
def test_a_given_password_is_not_printed(config: Path, way: str) -> None:
    if way == "stdin":
        done = run(config, "init", "--login", "ana", "--password-stdin", stdin=PASSWORD + "\n")
    else:
        done = run(config, "init", "--login", "ana", VRATAR_HUB_OWNER_PASSWORD=PASSWORD)
    assert done.returncode == 0
    assert "with password" not in done.stdout
    assert PASSWORD not in done.stdout


def test_init_does_nothing_to_a_hub_that_is_there(made: Path) -> None:
    done = run(made, "init", "--login", "bor")
    assert done.returncode == 1
    assert "a hub is here already" in done.stderr


def test_a_refused_password_leaves_no_half_of_a_hub(config: Path, tmp_path: Path) -> None:
    done = run(config, "init", "--login", "ana", VRATAR_HUB_OWNER_PASSWORD="kratko")
    assert done.returncode == 1
    assert "password: 6 characters cannot be used." in done.stderr
    assert not (tmp_path / "hub").exists()


def test_the_directory_is_for_its_owner_only(made: Path, tmp_path: Path) -> None:
    assert made.exists()
    for path in (tmp_path / "hub", *(tmp_path / "hub").rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_hub_serves_http_and_a_token_opens_its_api(made: Path) -> None:
    token = run(made, "token", "--name", "demo", "--role", "owner").stdout.strip()
    with serving(made) as address:
        assert address.startswith("http://127.0.0.1:")
        headers = {"Authorization": f"Bearer {token}"}
        assert httpx.get(f"{address}/api/v1/me", headers=headers).json()["login"] == "demo"
        assert httpx.get(f"{address}/api/v1/me").status_code == 401
        openapi = httpx.get(f"{address}/api/v1/openapi.json").json()
        assert "/api/v1/people" in openapi["paths"]


def test_a_second_hub_on_the_same_directory_is_refused(made: Path) -> None:
    with serving(made):
        done = run(made, "serve")
    assert done.returncode == 1
    assert "another vratar-hub serves this directory" in done.stderr


def test_a_port_that_is_taken_is_named(made: Path) -> None:
    with serving(made) as address:
        port = address.rsplit(":", 1)[1]
        (made.parent / "two.toml").write_text(
            made.read_text().replace("/hub", "/two").replace("port = 0", f"port = {port}")
        )
        two = made.parent / "two.toml"
        run(two, "init", "--login", "ana")
        done = run(two, "serve")
    assert done.returncode == 1
    assert f"http.port {port}: Address already in use" in done.stderr


def test_plain_http_on_a_network_is_refused(made: Path) -> None:
    done = run(made, "serve", VRATAR_HUB_HTTP_HOST="0.0.0.0")  # noqa: S104 - what is refused
    assert done.returncode == 1
    assert "0.0.0.0 is not loopback and there is no certificate" in done.stderr


def test_errors_are_slovene_in_a_slovene_terminal(config: Path) -> None:
    done = run(config, "serve", LANG="sl_SI.UTF-8", LC_ALL="sl_SI.UTF-8")
    assert done.returncode == 1
    assert "najprej poženite vratar-hub init" in done.stderr
    assert "Traceback" not in done.stderr


def test_another_environment_refuses_the_databases(made: Path) -> None:
    done = run(made, "verify-audit", VRATAR_HUB_ENVIRONMENT="prod")
    assert done.returncode == 1
    assert "made for environment test, but the settings say prod" in done.stderr


def test_backup_restore_and_verify_go_together(made: Path, tmp_path: Path) -> None:
    with serving(made):
        assert run(made, "backup", str(tmp_path / "b")).returncode == 0
    there = {"VRATAR_HUB_DIRECTORY": str(tmp_path / "restored")}
    assert run(made, "restore", str(tmp_path / "b"), **there).returncode == 0
    done = run(made, "verify-audit", **there)
    assert done.returncode == 0
    assert "audit chain of 1 entries is whole, head " in done.stdout
    again = run(made, "restore", str(tmp_path / "b"), **there)
    assert (again.returncode, "not empty" in again.stderr) == (1, True)


@pytest.mark.parametrize("language", ["C.UTF-8", "sl_SI.UTF-8"])
def test_a_folder_that_cannot_be_written_is_told_in_words(
    made: Path, tmp_path: Path, language: str
) -> None:
    words = {"C.UTF-8": "check that its folder exists", "sl_SI.UTF-8": "preverite, ali mapa"}
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    there = {"VRATAR_HUB_DIRECTORY": str(tmp_path / "file" / "hub"), "LANG": language}
    assert run(made, "backup", str(tmp_path / "good")).returncode == 0
    for done in (
        run(made, "backup", str(tmp_path / "missing" / "b"), LANG=language),
        run(made, "init", "--login", "ana", **there),
        run(made, "restore", str(tmp_path / "good"), **there),
    ):
        assert (done.returncode, done.stdout) == (1, "")
        assert str(tmp_path) in done.stderr
        assert words[language] in done.stderr


def test_verify_audit_names_the_first_broken_entry(made: Path, tmp_path: Path) -> None:
    run(made, "token", "--name", "demo")
    (path,) = (tmp_path / "hub" / "tenants").glob("*.db")
    connection = sqlite3.connect(path)
    connection.execute("UPDATE audit SET content = x'7b7d' WHERE seq = 2")
    connection.commit()
    connection.close()
    done = run(made, "verify-audit")
    assert done.returncode == 1
    assert "is broken at entry 2: entry 2 does not follow" in done.stdout


def test_every_command_is_described_where_operators_look(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    names = re.findall(r"^    ([a-z-]+)  ", capsys.readouterr().out, re.MULTILINE)
    page = (Path(__file__).parents[2] / "docs" / "operations.md").read_text("utf-8")
    assert "serve" in names
    assert [name for name in names if f" {name}" not in page] == []


def test_a_second_tenant_is_added_with_its_host(made: Path) -> None:
    done = run(made, "add-tenant", "--name", "B", "--host", "b.si", "--login", "bor")
    assert done.returncode == 0
    lines = run(made, "verify-audit").stdout.splitlines()
    assert ["audit chain of" in line for line in lines] == [True, False, True, False]
    assert all("whole" in line for line in lines)
    done = run(made, "token", "--name", "demo")
    assert (done.returncode, "Say which tenant with --tenant: t-" in done.stderr) == (1, True)


@pytest.mark.parametrize(
    "words", [(), ("fly",), ("init",), ("token", "--name", "x", "--role", "k")]
)
def test_a_command_typed_wrong_prints_how_to_type_it(config: Path, words: tuple[str, ...]) -> None:
    done = run(config, *words)
    assert done.returncode == 2
    assert "usage: vratar-hub" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_hub_in_order(made: Path, tmp_path: Path, number: int) -> None:
    with subprocess.Popen(
        arguments(made, "serve"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=variables(),
    ) as process:
        assert process.stdout is not None
        assert select.select([process.stdout], [], [], SECONDS_MAX)[0]
        address = process.stdout.readline().split(" on ")[1].strip()
        assert httpx.get(f"{address}/api/v1/me").status_code == 401
        process.send_signal(number)
        _, told = process.communicate(timeout=SECONDS_MAX)
    assert process.returncode == 0
    assert "Traceback" not in told
    assert list((tmp_path / "hub").rglob("*-wal")) == []
