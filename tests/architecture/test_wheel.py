"""The wheel is whole: its programs run where nothing of this checkout is."""

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

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


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The unpacked wheel, and an environment that sees only it and the dependencies."""
    folder = tmp_path_factory.mktemp("wheel")
    built = _run(
        sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
        "--wheel-dir", folder, _copy(folder / "source"),
        env=dict(os.environ), cwd=folder,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("vratar-*.whl")
    site = folder / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    # A folder on PYTHONPATH runs no .pth file, so this checkout's editable install is not seen.
    paths = os.pathsep.join((str(site), sysconfig.get_path("purelib")))
    return site, {"PATH": "/usr/bin:/bin", "PYTHONPATH": paths, "HOME": str(folder)}


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("edge_agent.app", ("run", "enrol", "check-config", "show-journal", "verify-journal")),
        ("hub.app", ("init", "serve", "backup", "restore", "verify-audit", "broker-config")),
        ("firmware_sim.world.app", ("demo",)),
    ],
)
def test_each_program_of_the_wheel_explains_itself(
    installed: tuple[Path, dict[str, str]], program: str, words: tuple[str, ...]
) -> None:
    site, env = installed
    code = f"import sys; from {program} import main; sys.exit(main(['--help']))"
    told = _run("/usr/bin/env", sys.executable, "-S", "-c", code, env=env, cwd=site.parent)
    assert told.returncode == 0, told.stderr
    for word in words:
        assert word in told.stdout


def test_a_hub_can_be_set_up_from_the_wheel_alone(
    installed: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    site, env = installed
    origin = _run(
        sys.executable, "-S", "-c", "import hub; print(hub.__file__)", env=env, cwd=tmp_path
    )
    assert origin.stdout.startswith(str(site))


def test_the_wheel_holds_programs_only(installed: tuple[Path, dict[str, str]]) -> None:
    site, _ = installed
    folders = {path.name for path in site.iterdir() if path.is_dir()}
    assert {name for name in folders if not name.endswith(".dist-info")} == set(PACKAGES)
