"""One's own account: language and password."""

import pytest

from hub.roles import Role
from tests.hub.bench import PASSWORD
from tests.hub.dashboard.conftest import Centre

NEW = "novo dolgo geslo"


def test_the_language_is_kept_with_the_account(centre: Centre) -> None:
    browser = centre.browser()
    page = browser.submit(browser.get("/account"), "/account/language", {"language": "en"})
    assert page.heading == "Account"
    assert "Language: English." in page.text
    assert centre.browser().get("/").heading == "Live"
    back = browser.submit(page, "/account/language", {"language": "sl"})
    assert "Jezik: slovenščina." in back.text


def test_a_language_that_does_not_exist_is_refused(centre: Centre) -> None:
    browser = centre.browser()
    typed = {"language": "de"}
    assert browser.submit(browser.get("/account"), "/account/language", typed, status=422).heading


def test_the_password_is_changed_and_the_old_one_is_over(centre: Centre) -> None:
    browser = centre.browser()
    typed = {"old_password": PASSWORD, "password": NEW, "password_again": NEW}
    login = browser.submit(browser.get("/account"), "/account/password", typed)
    assert login.path == "/login"
    assert "Geslo je spremenjeno." in login.text
    action = "/login?language=sl"
    browser.submit(login, action, {"login": "owner", "password": PASSWORD}, status=401)
    assert browser.submit(login, action, {"login": "owner", "password": NEW}).path == "/"


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("old_password", {"old_password": "wrong", "password": NEW, "password_again": NEW}),
        ("password", {"old_password": PASSWORD, "password": "short", "password_again": "short"}),
        ("password_again", {"old_password": PASSWORD, "password": NEW, "password_again": "x"}),
    ],
)
def test_a_password_that_cannot_be_changed_is_told_at_its_field(
    centre: Centre, field: str, typed: dict[str, str]
) -> None:
    browser = centre.browser()
    again = browser.submit(browser.get("/account"), "/account/password", typed, status=422)
    assert again.form("/account/password").problem(field)
    assert NEW not in again.source
    assert PASSWORD not in again.source
    assert browser.get("/account").path == "/account", "one is still logged in"


def test_the_role_is_told(centre: Centre) -> None:
    page = centre.browser(Role.RECEPTION).get("/account")
    assert "Role Reception" in page.text
    page = centre.browser().get("/account")
    assert "Vloga Lastnik" in page.text
