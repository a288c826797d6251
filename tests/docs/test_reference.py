"""The interfaces that others build on are checked in: a change of one shows in the diff."""

import pytest

from tests.docs.reference import CONTENTS, REFERENCE


@pytest.mark.parametrize("name", CONTENTS)
def test_the_reference_is_what_the_code_says(name: str) -> None:
    written = (REFERENCE / name).read_text("utf-8")
    assert written == CONTENTS[name](), "an interface changed: run `make reference` and look at it"


def test_nothing_else_lies_in_the_reference() -> None:
    assert {path.name for path in REFERENCE.iterdir()} == set(CONTENTS)
