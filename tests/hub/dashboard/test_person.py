"""The page of one person: suspend, grant, end, cards, and what happened at the gates."""

from datetime import timedelta

import pytest

from core.ids import HolderId
from hub.entitlements import service as entitlements
from hub.people import service as people
from tests.hub.dashboard.conftest import Browser, Centre
from tests.hub.dashboard.reading import Page


def maja(centre: Centre) -> str:
    return f"/people/{centre.house.people['Maja Novak']}"


def granted(centre: Centre) -> list[entitlements.Granted]:
    with centre.bench.database.read() as connection:
        return entitlements.of_holder(connection, centre.house.people["Maja Novak"])


def grant(centre: Centre, browser: Browser, *, status: int = 200, **typed: object) -> Page:
    page = browser.get(maja(centre))
    wanted = {"product": centre.house.ten_visits, **typed}
    return browser.submit(page, f"{maja(centre)}/entitlements", wanted, status=status)


def test_a_person_is_suspended_with_a_reason_and_let_in_again(centre: Centre) -> None:
    browser = centre.browser()
    path = maja(centre)
    suspended = browser.submit(
        browser.get(path), f"{path}/block", {"reason": "Neplačana članarina"}
    )
    assert "Neplačana članarina" in suspended.text
    assert "Vrata za to izvedo v sekundi." in suspended.text
    assert not suspended.has_form(f"{path}/block")
    with centre.bench.database.read() as connection:
        assert people.get(connection, path.removeprefix("/people/")).blocked_at is not None
    allowed = browser.submit(suspended, f"{path}/unblock")
    assert "Neplačana članarina" not in allowed.text
    assert allowed.has_form(f"{path}/block")


def test_suspending_needs_a_reason(centre: Centre) -> None:
    browser = centre.browser()
    path = maja(centre)
    again = browser.submit(browser.get(path), f"{path}/block", {"reason": "  "}, status=422)
    assert again.root.every("div", role="alert")
    assert again.form(f"{path}/block").problem("reason")
    with centre.bench.database.read() as connection:
        assert people.get(connection, HolderId(path.rsplit("/")[-1])).blocked_at is None


def test_a_pass_is_granted_by_the_products_terms(centre: Centre) -> None:
    page = grant(centre, centre.browser())
    assert "Vstopnica je podeljena." in page.text
    assert "Še 10 od 10" in page.text
    (right,) = granted(centre)
    assert right.entitlement.units == 10
    assert right.entitlement.valid_from == centre.bench.clock()


def test_what_is_typed_stands_before_the_product(centre: Centre) -> None:
    page = grant(
        centre,
        centre.browser(),
        valid_from="2026-12-01",
        valid_until="2026-12-31",
        units="3",
    )
    assert "1. 12. 2026 – 31. 12. 2026" in page.text
    assert "Še 3 od 3" in page.text
    (right,) = granted(centre)
    assert right.entitlement.valid_from is not None
    assert right.entitlement.valid_from.isoformat() == "2026-11-30T23:00:00+00:00"
    assert right.entitlement.valid_until is not None
    assert right.entitlement.valid_until.isoformat() == "2026-12-31T23:00:00+00:00"


def test_the_same_form_sent_twice_grants_once(centre: Centre) -> None:
    browser = centre.browser()
    page = browser.get(maja(centre))
    action = f"{maja(centre)}/entitlements"
    wanted = {"product": centre.house.ten_visits}
    browser.submit(page, action, wanted)
    centre.bench.clock.turn(timedelta(seconds=1))
    browser.submit(page, action, wanted)
    assert len(granted(centre)) == 1
    browser.submit(browser.get(maja(centre)), action, wanted)
    assert len(granted(centre)) == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("product", ""),
        ("valid_from", "tomorrow"),
        ("valid_until", "31. 12. 2026"),
        ("valid_until", "2020-01-01"),
        ("units", "-1"),
        ("units", "many"),
        ("units", "9999999"),
    ],
)
def test_a_grant_that_cannot_be_is_told_at_its_field(
    centre: Centre, field: str, value: str
) -> None:
    page = grant(centre, centre.browser(), status=422, **{"units": "3", field: value})
    form = page.form(f"{maja(centre)}/entitlements")
    assert form.problem(field)
    assert granted(centre) == []


def test_a_product_that_does_not_exist_is_refused(centre: Centre) -> None:
    page = grant(centre, centre.browser(), status=404, product="pr-nothing")
    assert page.root.every("div", role="alert")


def test_a_pass_is_ended_and_stays_to_be_seen(centre: Centre) -> None:
    browser = centre.browser()
    page = grant(centre, browser)
    (right,) = granted(centre)
    ended = browser.submit(page, f"/entitlements/{right.entitlement.id}/end")
    assert "končana" in ended.text
    assert not ended.has_form(f"/entitlements/{right.entitlement.id}/end")
    assert granted(centre)[0].ended_at is not None


def test_a_pass_says_whether_it_counts(centre: Centre) -> None:
    browser = centre.browser()
    grant(centre, browser, valid_from="2026-12-24")
    assert "še ne velja" in browser.get(maja(centre)).text
    centre.bench.clock.turn(timedelta(days=60))
    assert "veljavna" in centre.browser().get(maja(centre)).text
    centre.bench.clock.turn(timedelta(days=400))
    assert "potekla" in centre.browser().get(maja(centre)).text


def test_a_card_is_added_by_its_number_revoked_and_made_valid(centre: Centre) -> None:
    browser = centre.browser()
    path = maja(centre)
    page = browser.submit(browser.get(path), f"{path}/credentials", {"uid": "04:11:22:33:44:55:66"})
    assert "Kartica je dodana." in page.text
    assert "112233" not in page.source, "the number of a card is kept by nobody"
    actions = [
        form.attributes["action"]
        for form in page.root.every("form")
        if form.attributes["action"].startswith("/credentials/")
    ]
    assert len(actions) == 2
    revoked = browser.submit(page, actions[1])
    assert "preklicana" in revoked.text
    valid = browser.submit(revoked, actions[1].replace("/block", "/unblock"))
    assert "preklicana" not in valid.text


@pytest.mark.parametrize("uid", ["", "xyz", "0811", "08112233", "0411223344"])
def test_a_number_that_no_card_has_is_told_at_its_field(centre: Centre, uid: str) -> None:
    browser = centre.browser()
    path = maja(centre)
    page = browser.submit(browser.get(path), f"{path}/credentials", {"uid": uid}, status=422)
    form = page.form(f"{path}/credentials")
    assert form.problem("uid")
    assert form.value("uid") == uid


def test_somebody_elses_card_is_refused(centre: Centre) -> None:
    browser = centre.browser()
    path = maja(centre)
    other = f"/people/{centre.house.people['Andrej Kranjc']}"
    uid = {"uid": "04112233445566"}
    browser.submit(browser.get(other), f"{other}/credentials", uid)
    page = browser.submit(browser.get(path), f"{path}/credentials", uid, status=409)
    assert page.root.every("div", role="alert")


def test_the_page_shows_what_happened_at_the_gates(centre: Centre) -> None:
    centre.connect()
    centre.house.a_morning(centre.bench.clock())
    centre.send()
    text = centre.browser().get(maja(centre)).text
    assert "prehod opravljen" in text
    assert "brez prehoda" in text
    assert "Še 9 od 10" in text, "the visit that was not made is given back"
    ziga = centre.house.people["Žiga Koroščević-Šuštaršič"]
    assert "Vrnite se jutri ob 6.00." in centre.browser().get(f"/people/{ziga}").text


@pytest.mark.parametrize(
    "action",
    [
        "/people/h-nobody/block",
        "/people/h-nobody/unblock",
        "/people/h-nobody/credentials",
        "/entitlements/n-nothing/end",
        "/credentials/c-nothing/block",
        "/credentials/c-nothing/unblock",
    ],
)
def test_what_does_not_exist_cannot_be_changed(centre: Centre, action: str) -> None:
    browser = centre.browser()
    token = browser.get("/account").form("/logout").hidden
    typed = {**token, "reason": "because", "uid": "04112233445566"}
    answer = browser.client.post(action, data=typed, headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert "<h1>" in answer.text
