"""The commands speak the terminal's language; the tests read English unless they say otherwise."""

import pytest


@pytest.fixture(autouse=True)
def an_english_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
