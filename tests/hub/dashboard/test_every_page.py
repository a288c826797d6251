"""What holds on every page: roles, CSRF, strict headers, escaping, language, accessible markup."""

import re
from collections.abc import Iterator

import pytest

from core.reasons import Language
from hub.accounts.api import accounts_of
from hub.roles import Role
from tests.hub.dashboard.conftest import Centre
from tests.hub.dashboard.reading import Page

XSS = '<script>alert("1")</script>'
PLACES = ("/", "/gates", "/people", "/people/new", "/products", "/account")
FORMS = (
    "/live",
    "/logout",
    "/people",
    "/people/new",
    "/people/x-1/edit",
    "/people/x-1/block",
    "/people/x-1/unblock",
    "/people/x-1/entitlements",
    "/people/x-1/credentials",
    "/people/x-1/issuing",
    "/entitlements/x-1/end",
    "/credentials/x-1/block",
    "/credentials/x-1/unblock",
    "/issuing/x-1/cancel",
    "/gates/x-1/open",
    "/edges",
    "/edges/x-1/code",
    "/products",
    "/account/language",
    "/account/password",
)


def all_places(centre: Centre) -> Iterator[str]:
    yield from PLACES
    person = centre.house.people["Maja Novak"]
    yield f"/people/{person}"
    yield f"/people/{person}/edit"


@pytest.fixture
def lively(centre: Centre) -> Centre:
    centre.connect()
    centre.house.a_morning(centre.bench.clock())
    centre.send()
    return centre


def speak(centre: Centre, language: Language) -> None:
    bench = centre.bench
    accounts = accounts_of(bench.hub)
    owner = next(each for each in accounts.in_tenant(bench.tenant) if each.login == "owner")
    accounts.set_language(owner.id, language)


def test_every_form_is_refused_without_its_csrf_token(centre: Centre) -> None:
    browser = centre.browser()
    for action in FORMS:
        answer = browser.client.post(action, headers={"Accept": "text/html"})
        assert answer.status_code == 403, action
        assert "CSRF" in answer.text, action


def test_a_form_that_another_site_sends_is_refused(centre: Centre) -> None:
    browser = centre.browser()
    token = browser.get("/account").form("/logout").hidden["csrf_token"]
    answer = browser.client.post(
        "/logout", data={"csrf_token": token}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 403
    assert browser.get("/").path == "/"


def test_the_list_of_forms_is_whole(centre: Centre) -> None:
    routes = {
        re.sub(r"{[^}]*}", "x-1", route.removeprefix("POST "))
        for route in centre.bench.app.state.matrix
        if route.startswith("POST ") and "/api/" not in route
    }
    assert routes == {*FORMS, "/login"}


def test_nobody_sees_a_page_before_logging_in(centre: Centre) -> None:
    stranger = centre.stranger()
    for place in (*PLACES, "/live"):
        page = stranger.get(place)
        assert page.path == "/login", place


@pytest.mark.parametrize("language", list(Language))
def test_every_page_says_its_language_and_has_one_heading(
    lively: Centre, language: Language
) -> None:
    browser = lively.browser()
    speak(lively, language)
    for place in all_places(lively):
        page = browser.get(place)
        assert page.root.one("html").attributes["lang"] == language.value, place
        assert len(page.root.every("h1")) == 1, place
        assert " · Vratar" in page.root.one("title").children[0], place  # type: ignore[operator] # a title holds text


@pytest.mark.parametrize("language", list(Language))
def test_every_page_has_landmarks_labels_and_headed_tables(
    lively: Centre, language: Language
) -> None:
    browser = lively.browser()
    speak(lively, language)
    for place in all_places(lively):
        page = browser.get(place)
        assert len(page.root.every("main")) == 1, place
        assert page.root.every("nav")[0].attributes["aria-label"], place
        assert page.root.every("a", href="#content"), place
        require_labels(page)
        require_headed_tables(page)
        require_unique_ids(page)
        require_names(page)


def require_labels(page: Page) -> None:
    """Every field that people fill in has a label or stands in one."""
    labelled = {label.attributes.get("for") for label in page.root.every("label")}
    for tag in ("input", "select", "textarea"):
        for field in page.root.every(tag):
            if field.attributes.get("type") == "hidden" or "hidden" in field.attributes:
                continue
            in_label = field.parent is not None and field.parent.tag == "label"
            assert in_label or field.attributes.get("id") in labelled, (page.path, field.attributes)


def require_headed_tables(page: Page) -> None:
    for table in page.root.every("table"):
        assert table.every("caption"), page.path
        heads = table.every("th")
        assert heads, page.path
        assert all(head.attributes["scope"] in ("col", "row") for head in heads), page.path


def require_unique_ids(page: Page) -> None:
    ids = re.findall(r'\sid="([^"]+)"', page.source)
    assert len(ids) == len(set(ids)), (page.path, ids)
    for popover in re.findall(r'popovertarget="([^"]+)"', page.source):
        assert popover in ids, (page.path, popover)


def require_names(page: Page) -> None:
    """Every button and link says something; nothing is told by a picture alone."""
    for tag in ("button", "a"):
        for each in page.root.every(tag):
            assert each.text or each.attributes.get("aria-label"), (page.path, each.attributes)


def test_no_page_carries_style_or_script_in_itself(lively: Centre) -> None:
    browser = lively.browser()
    for place in all_places(lively):
        page = browser.get(place)
        scripts = page.root.every("script")
        assert all(each.attributes["src"].startswith("/static/") for each in scripts), place
        assert not page.root.every("style"), place
        assert not re.search(r"\s(style|on[a-z]+)=", page.source), place


def test_every_page_and_refusal_forbids_foreign_script_and_caching(centre: Centre) -> None:
    browser = centre.browser()
    for place in (*PLACES, "/people/nobody", "/nowhere"):
        headers = browser.client.get(place, headers={"Accept": "text/html"}).headers
        assert "default-src 'self'" in headers["content-security-policy"], place
        assert "unsafe" not in headers["content-security-policy"], place
        assert headers["x-content-type-options"] == "nosniff", place
        assert headers["cache-control"] == "no-store", place


def test_style_and_scripts_are_served_under_the_addresses_in_the_pages(centre: Centre) -> None:
    browser = centre.browser()
    page = browser.get("/")
    addresses = [each.attributes["href"] for each in page.root.every("link")]
    addresses += [each.attributes["src"] for each in page.root.every("script")]
    assert len(addresses) >= 3
    for address in addresses:
        answer = browser.client.get(address)
        assert answer.status_code == 200, address
        assert answer.headers["content-type"].split(";")[0] in (
            "text/css",
            "text/javascript",
            "image/svg+xml",
        )


def test_names_are_text_wherever_they_stand(centre: Centre) -> None:
    house = centre.house
    person = house.add_person(XSS)
    house.call("POST", "/products", {"name": XSS, "zones": [house.hall]})
    house.call("POST", f"/people/{person}/block", {"reason": XSS})
    house.call("POST", "/sites", {"name": XSS})
    centre.connect()
    house.happened(house.tapped(XSS), centre.bench.clock())
    centre.send()
    browser = centre.browser()
    for place in (*PLACES, f"/people/{person}", f"/people/{person}/edit", "/live"):
        page = browser.get(place)
        assert XSS not in page.source, place
    assert browser.get(f"/people/{person}").heading == XSS
    assert XSS in browser.get("/").text


@pytest.mark.parametrize(
    ("language", "title"), [("sl", "Tega ni mogoče najti"), ("en", "Not found")]
)
def test_an_address_without_a_page_says_so_in_words(
    centre: Centre, language: str, title: str
) -> None:
    stranger = centre.stranger()
    stranger.client.headers["Accept-Language"] = language
    page = stranger.get("/nowhere", status=404)
    assert page.heading == title
    speak(centre, Language(language))
    within = centre.browser().get("/people/h-nobody", status=404)
    assert within.heading == title
    assert within.root.every("nav"), "who is logged in keeps the menu"


def test_programs_get_problems_not_pages(centre: Centre) -> None:
    answer = centre.browser().client.get("/api/v1/people/nobody", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_reception_may_not_enrol_edges_nor_change_products(centre: Centre) -> None:
    browser = centre.browser(Role.RECEPTION)
    gates, products = browser.get("/gates"), browser.get("/products")
    assert not gates.has_form("/edges")
    assert not products.has_form("/products")
    token = gates.root.every("input", name="csrf_token")[0].attributes["value"]
    for action in ("/edges", f"/edges/{centre.house.edge.id}/code", "/products"):
        answer = browser.client.post(action, data={"csrf_token": token})
        assert answer.status_code == 403, action


def test_a_session_that_has_ended_leads_to_the_login_and_back(centre: Centre) -> None:
    browser = centre.browser()
    browser.client.cookies.clear()
    page = browser.get("/gates")
    assert page.path == "/login"
    assert page.form("/login?language=sl").hidden["next"] == "/gates"
