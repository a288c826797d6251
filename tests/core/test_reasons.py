"""Texts: complete in both languages, and times said as people at the site say them."""

from datetime import UTC, datetime

import pytest

from core.reasons import SAYINGS, Language, Reason, Text, come_back, language_of, units_left
from tests.core.build import LJUBLJANA, NOW


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("language", Language)
def test_every_reason_has_a_title_and_a_remedy(reason: Reason, language: Language) -> None:
    saying = SAYINGS[reason]
    assert saying.title.in_(language)
    assert saying.remedy.in_(language).endswith(".")


def test_no_two_reasons_say_the_same_remedy_in_slovene() -> None:
    denials = [s.remedy.sl for r, s in SAYINGS.items() if not r.value.startswith("punched")]
    assert len(set(denials)) == len(denials)


def test_codes_are_stable() -> None:
    """Codes are stored for years: adding is free, renaming is a migration."""
    assert {reason.value for reason in Reason} >= {
        "granted",
        "exit",
        "malformed-credential",
        "unknown-credential",
        "credential-blocked",
        "holder-blocked",
        "lockdown",
        "no-entitlement",
        "clock-unknown",
        "cache-too-old",
        "not-yet-valid",
        "expired",
        "outside-window",
        "passage-pending",
        "already-inside",
        "no-units-left",
    }


@pytest.mark.parametrize(
    ("retry_at", "expected"),
    [
        (
            datetime(2026, 11, 23, 18, 30, tzinfo=UTC),
            Text(sl="Vrnite se danes ob 19.30.", en="Come back today at 19:30."),
        ),
        (
            datetime(2026, 11, 24, 5, 0, tzinfo=UTC),
            Text(sl="Vrnite se jutri ob 6.00.", en="Come back tomorrow at 6:00."),
        ),
        (
            datetime(2026, 11, 25, 5, 0, tzinfo=UTC),
            Text(
                sl="Vrnite se v sredo, 25. 11. 2026, ob 6.00.",
                en="Come back on Wednesday, 25 Nov 2026, at 6:00.",
            ),
        ),
        (
            datetime(2026, 11, 24, 4, 59, 0, 1000, tzinfo=UTC),
            Text(sl="Vrnite se jutri ob 6.00.", en="Come back tomorrow at 6:00."),
        ),
    ],
)
def test_coming_back_is_said_as_people_say_it(retry_at: datetime, expected: Text) -> None:
    assert come_back(retry_at, NOW, LJUBLJANA) == expected


@pytest.mark.parametrize(
    ("count", "sl", "en"),
    [
        (0, "To je bil vaš zadnji obisk.", "That was your last visit."),
        (1, "Še 1 obisk.", "1 visit left."),
        (2, "Še 2 obiska.", "2 visits left."),
        (3, "Še 3 obiski.", "3 visits left."),
        (4, "Še 4 obiski.", "4 visits left."),
        (5, "Še 5 obiskov.", "5 visits left."),
        (101, "Še 101 obisk.", "101 visits left."),
        (111, "Še 111 obiskov.", "111 visits left."),
    ],
)
def test_visits_are_counted_in_the_right_form(count: int, sl: str, en: str) -> None:
    assert units_left(count) == Text(sl=sl, en=en)


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "sl_SI.UTF-8"}, Language.SL),
        ({"LANG": "C.UTF-8"}, Language.EN),
        ({"LC_ALL": "sl_SI", "LANG": "en_US"}, Language.SL),
        ({}, Language.EN),
    ],
)
def test_the_terminal_s_language_is_spoken(environment: dict[str, str], language: Language) -> None:
    assert language_of(environment) is language
