"""Logging in, out, and what is said when it does not work."""

import pytest

from tests.hub.bench import PASSWORD
from tests.hub.dashboard.conftest import Centre

SL, EN = "/login?language=sl", "/login?language=en"


def test_the_right_password_leads_to_the_live_page(centre: Centre) -> None:
    browser = centre.stranger()
    page = browser.submit(browser.get("/login"), SL, {"login": "owner", "password": PASSWORD})
    assert page.path == "/"
    assert page.heading == "V živo"


def test_a_wrong_password_is_told_and_the_login_kept_but_not_the_password(centre: Centre) -> None:
    browser = centre.stranger()
    typed = {"login": "owner", "password": "not the password"}
    page = browser.submit(browser.get("/login"), SL, typed, status=401)
    assert page.root.every("div", role="alert")
    assert page.form(SL).value("login") == "owner"
    assert "not the password" not in page.source


def test_too_many_wrong_passwords_are_slowed_down(centre: Centre) -> None:
    browser = centre.stranger()
    token = browser.get("/login").form(SL).hidden
    statuses = [
        browser.client.post("/login", data={**token, "login": "owner", "password": "x"}).status_code
        for _ in range(20)
    ]
    assert statuses[0] == 401
    assert statuses[-1] == 429


def test_after_logging_in_one_is_where_one_wanted_to_be(centre: Centre) -> None:
    browser = centre.stranger()
    login = browser.get("/products")
    assert login.path == "/login"
    page = browser.submit(login, SL, {"login": "owner", "password": PASSWORD})
    assert page.path == "/products"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x", ""]
)
def test_logging_in_never_leads_to_another_site(centre: Centre, elsewhere: str) -> None:
    browser = centre.stranger()
    answer = browser.client.post(
        "/login",
        data={"login": "owner", "password": PASSWORD, "next": elsewhere},
        follow_redirects=False,
    )
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"


def test_the_session_cookie_is_out_of_reach_of_scripts(centre: Centre) -> None:
    answer = centre.stranger().client.post(
        "/login", data={"login": "owner", "password": PASSWORD}, follow_redirects=False
    )
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


@pytest.mark.parametrize(
    ("header", "language", "heading"),
    [
        ("sl-SI,sl;q=0.9,en;q=0.8", "sl", "Prijava"),
        ("en-GB,en;q=0.9", "en", "Log in"),
        ("de", "sl", "Prijava"),
        ("", "sl", "Prijava"),
    ],
)
def test_the_login_speaks_the_browsers_language(
    centre: Centre, header: str, language: str, heading: str
) -> None:
    stranger = centre.stranger()
    stranger.client.headers["Accept-Language"] = header
    page = stranger.get("/login")
    assert page.root.one("html").attributes["lang"] == language
    assert page.heading == heading


def test_the_login_can_be_read_in_the_other_language(centre: Centre) -> None:
    page = centre.stranger().get("/login?language=en")
    assert page.heading == "Log in"
    assert page.root.every("a", href=SL)
    assert centre.stranger().get("/login?language=de", status=422).heading


def test_logging_out_ends_the_session_at_the_hub(centre: Centre) -> None:
    browser = centre.browser()
    session = browser.client.cookies["vratar_session"]
    page = browser.submit(browser.get("/account"), "/logout")
    assert page.path == "/login"
    assert "Odjavili ste se." in page.text
    browser.client.cookies.set("vratar_session", session)
    assert browser.get("/").path == "/login"


def test_who_is_logged_in_is_not_asked_again(centre: Centre) -> None:
    assert centre.browser().get("/login").path == "/"
