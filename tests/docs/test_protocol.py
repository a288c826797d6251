"""Every requirement of the protocol's page is named by a test, and no test names another."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
_STATED = re.compile(r"^- \*\*(P-\d{3})\*\* (.+)$", re.MULTILINE)
_NAMED = re.compile(r"mark\.must\(([^)]*)\)")
_ID = re.compile(r"\"(P-\d{3})\"")


def test_every_requirement_is_named_by_a_test() -> None:
    missing = [f"{number} {text}" for number, text in _stated().items() if number not in _named()]
    assert not missing, "\n".join(missing)


def test_no_test_names_an_unknown_requirement() -> None:
    assert set(_named()) <= set(_stated())


def test_every_requirement_is_one_sentence_with_one_number() -> None:
    numbers = [number for number, _ in _STATED.findall(_page())]
    assert len(numbers) == len(set(numbers))
    assert numbers == sorted(numbers)
    for number, text in _stated().items():
        assert text.endswith("."), number
        assert text.count(". ") == 0, number
        assert "MUST" in text, number


def _page() -> str:
    return (ROOT / "docs" / "protocol.md").read_text("utf-8")


def _stated() -> dict[str, str]:
    return dict(_STATED.findall(_page()))


def _named() -> dict[str, list[Path]]:
    named: dict[str, list[Path]] = {}
    for path in (ROOT / "tests").rglob("test_*.py"):
        for arguments in _NAMED.findall(path.read_text("utf-8")):
            for number in _ID.findall(arguments):
                named.setdefault(number, []).append(path)
    return named
