"""The wheel is whole: its programs run where nothing of this checkout is."""

import os
import re
import select
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("core", "wire", "edge_agent", "hub", "firmware_sim")
WAIT_S_MAX = 120


def _run(*command: str | Path, env: dict[str, str], cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        env=env,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=WAIT_S_MAX,
        check=False,
    )


def _copy(source: Path) -> Path:
    """What the wheel is built from, without what an earlier build left in this checkout."""
    for package in PACKAGES:
        leave = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, source / package, ignore=leave)
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, source / file)
    return source


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """An environment of its own that holds the wheel; only the dependencies come from outside."""

    wheel: Path
    programs: Path
    env: dict[str, str]

    def run(
        self, program: str, *words: str | Path, cwd: Path
    ) -> "subprocess.CompletedProcess[str]":
        return _run(self.programs / program, *words, env=self.env, cwd=cwd)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel, built and installed as a person would, with its commands."""
    folder = tmp_path_factory.mktemp("wheel")
    quiet = ("-m", "pip", "--quiet", "--disable-pip-version-check")
    here = dict(os.environ)
    for step in (
        (*quiet, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder,
         _copy(folder / "source")),
        ("-m", "venv", "--without-pip", folder / "env"),
    ):  # fmt: skip
        done = _run(sys.executable, *step, env=here, cwd=folder)
        assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob("vratar-*.whl")
    programs = folder / "env" / "bin"
    done = _run(
        sys.executable, *quiet, "--python", programs / "python", "install", "--no-deps",
        "--no-index", wheel, env=here, cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    # A folder on PYTHONPATH runs no .pth file, so this checkout's editable install is not seen.
    env = {
        "PATH": f"{programs}:/usr/bin:/bin",
        "PYTHONPATH": sysconfig.get_path("purelib"),
        "HOME": str(folder),
        "LANG": "C.UTF-8",
    }
    return Installed(wheel=wheel, programs=programs, env=env)


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("vratar-edge", ("run", "enrol", "check-config", "show-journal", "verify-journal")),
        ("vratar-hub", ("init", "serve", "backup", "restore", "verify-audit", "broker-config")),
        ("vratar-sim", ("demo",)),
    ],
)
def test_each_program_of_the_wheel_explains_itself(
    installed: Installed, tmp_path: Path, program: str, words: tuple[str, ...]
) -> None:
    told = installed.run(program, "--help", cwd=tmp_path)
    assert told.returncode == 0, told.stderr
    for word in words:
        assert word in told.stdout


@pytest.mark.parametrize("package", PACKAGES)
def test_the_code_that_runs_is_the_wheels(
    installed: Installed, tmp_path: Path, package: str
) -> None:
    code = f"import {package}; print({package}.__file__)"
    told = installed.run("python", "-c", code, cwd=tmp_path)
    assert told.stdout.startswith(str(installed.programs.parent)), told.stdout + told.stderr


def test_a_hub_is_made_and_serves_its_pages_from_the_wheel_alone(
    installed: Installed, tmp_path: Path
) -> None:
    settings = tmp_path / "hub.toml"
    settings.write_text(
        f'environment = "test"\ndirectory = "{tmp_path / "hub"}"\n[http]\nport = 0\n',
        encoding="utf-8",
    )
    made = installed.run("vratar-hub", "--config", settings, "init", "--login", "ana", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    serving = subprocess.Popen(
        [installed.programs / "vratar-hub", "--config", settings, "serve"],
        env=installed.env, cwd=tmp_path, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert serving.stdout is not None
        assert select.select([serving.stdout], [], [], WAIT_S_MAX)[0]
        address = serving.stdout.readline().split(" on ")[1].strip()
        page = httpx.get(f"{address}/login", headers={"Accept-Language": "sl"})
        # Template, catalogue and style are files beside the code.
        assert (page.status_code, "Geslo" in page.text) == (200, True)
        (style,) = re.findall(r'href="(/[^"]+\.css[^"]*)"', page.text)
        assert httpx.get(f"{address}{style}").status_code == 200
    finally:
        serving.terminate()
        serving.communicate(timeout=WAIT_S_MAX)
    assert serving.returncode == 0


def test_the_wheel_holds_programs_and_everything_beside_them(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    ours = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".mo"
    }
    assert names == ours
