"""What the front pages promise exists: commands, links, length."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
README_LINES_MAX = 120
_LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")
_MAKE = re.compile(r"\bmake ([a-z]+)")


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= README_LINES_MAX


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    links = _LINK.findall(page.read_text("utf-8"))
    missing = [link for link in links if not (page.parent / link).exists()]
    assert not missing


def test_every_make_command_in_the_docs_exists_and_is_explained() -> None:
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    known = {line.split()[0] for line in listed.stdout.splitlines()}
    named = {
        command
        for page in PAGES
        for line in _code(page.read_text("utf-8"))
        for command in _MAKE.findall(line)
    }
    assert {"demo", "test"} <= named <= known


def test_every_changelog_entry_names_its_cause() -> None:
    entries = re.findall(r"^- (.*)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert entries
    for entry in entries:
        assert re.match(r"\*(improvement|defect|law|organisation)\* - ", entry), entry


def _code(text: str) -> list[str]:
    """The lines of fenced blocks and the inline code of a page."""
    blocks = re.findall(r"^```[a-z]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()] + re.findall(
        r"`([^`\n]+)`", text
    )
