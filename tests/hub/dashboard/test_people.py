"""The list of people and the form by which they are added and changed."""

import pytest

from tests.hub.dashboard.conftest import Centre

NEW = "/people/new"


def listed(centre_page: object) -> list[str]:
    assert hasattr(centre_page, "root")
    return [head.text for head in centre_page.root.every("th", scope="row")]


def test_people_are_listed_in_the_order_of_the_slovene_alphabet(centre: Centre) -> None:
    assert listed(centre.browser().get("/people")) == [
        "Andrej Kranjc",
        "Črtomir Đurić",
        "Maja Novak",
        "Žiga Koroščević-Šuštaršič",
    ]


def test_a_search_finds_by_the_beginning_of_any_word_without_accents(centre: Centre) -> None:
    browser = centre.browser()
    found = browser.submit(browser.get("/people"), "/people", {"search": "koros"})
    assert listed(found) == ["Žiga Koroščević-Šuštaršič"]
    nobody = browser.submit(found, "/people", {"search": "xyz"})
    assert listed(nobody) == []
    assert "xyz" in nobody.text
    everybody = browser.submit(nobody, "/people", {"search": ""})
    assert len(listed(everybody)) == 4


def test_a_name_that_is_looked_for_is_in_no_address(centre: Centre) -> None:
    browser = centre.browser()
    page = browser.get("/people")
    hidden = page.form("/people").hidden
    answer = browser.client.post(
        "/people", data={**hidden, "search": "Novak"}, follow_redirects=False
    )
    assert answer.headers["location"] == "/people"
    assert all(form.attributes["method"] == "post" for form in page.root.every("form"))


def test_a_long_list_has_pages(centre: Centre) -> None:
    for number in range(60):
        centre.house.add_person(f"Oseba {number:02}")
    browser = centre.browser()
    first = browser.get("/people")
    assert len(listed(first)) == 50
    following = next(
        form for form in first.root.every("form") if form.every("input", name="cursor")
    )
    fields = {
        each.attributes["name"]: each.attributes["value"]
        for each in following.every("input", type="hidden")
    }
    second = browser.submit(first, "/people", fields)
    assert len(listed(second)) == 14
    assert not set(listed(first)) & set(listed(second))
    assert len(listed(browser.submit(second, "/people", {"search": "oseba 0"}))) == 10


@pytest.mark.parametrize("cookie", ["", "!", "W10=", "WzEsMl0=", "WyJhIiwgInp6eiJd", "bnVsbA=="])
def test_a_broken_cookie_shows_the_beginning_of_the_list(centre: Centre, cookie: str) -> None:
    browser = centre.browser()
    browser.client.cookies.set("vratar_people", cookie)
    browser.get("/people")


def test_a_person_is_added_and_shown(centre: Centre) -> None:
    browser = centre.browser()
    shown = browser.submit(
        browser.get(NEW),
        NEW,
        {
            "name": "  Špela Žnidaršič ",
            "email": "spela@example.si",
            "language": "en",
            "employee": "yes",
            "site": centre.house.site,
        },
    )
    assert shown.heading == "Špela Žnidaršič"
    assert "Oseba je dodana." in shown.text
    assert "spela@example.si" in shown.text
    assert "Plezalni center Stolp" in shown.text
    assert "Oseba je dodana." not in browser.get(shown.path).text, "it is said once"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "   "),
        ("name", "x" * 201),
        ("name", "a\x00b"),
        ("email", "not an address"),
        ("language", "de"),
        ("site", "Not An Id"),
    ],
)
def test_bad_input_is_told_at_its_field_and_the_rest_is_kept(
    centre: Centre, field: str, value: str
) -> None:
    browser = centre.browser()
    good = {"name": "Špela Žnidaršič", "email": "spela@example.si", "language": "sl"}
    again = browser.submit(browser.get(NEW), NEW, {**good, field: value}, status=422)
    form = again.form(NEW)
    assert form.problem(field)
    assert again.root.one("div", role="alert").every("a", href=f"#f-{field}")
    kept = {name: form.value(name) for name in good if name != field}
    assert kept == {name: text for name, text in good.items() if name != field}


def test_an_employee_needs_a_site(centre: Centre) -> None:
    browser = centre.browser()
    typed = {"name": "Špela Žnidaršič", "language": "sl", "employee": "yes"}
    again = browser.submit(browser.get(NEW), NEW, typed, status=422)
    assert again.form(NEW).problem("site")
    assert again.root.one("input", name="employee").attributes["checked"] == ""


def test_a_site_that_does_not_exist_is_refused(centre: Centre) -> None:
    browser = centre.browser()
    typed = {"name": "Špela Žnidaršič", "language": "sl", "site": "s-nowhere"}
    browser.submit(browser.get(NEW), NEW, typed, status=404)


def test_particulars_are_changed(centre: Centre) -> None:
    browser = centre.browser()
    edit = f"/people/{centre.house.people['Maja Novak']}/edit"
    page = browser.get(edit)
    assert page.form(edit).value("name") == "Maja Novak"
    assert page.form(edit).value("email") == "maja.novak@example.si"
    typed = {"name": "Maja Novak Kos", "email": "", "language": "en"}
    shown = browser.submit(page, edit, typed)
    assert shown.heading == "Maja Novak Kos"
    assert "maja.novak@example.si" not in shown.text


def test_a_refused_change_keeps_what_was_typed(centre: Centre) -> None:
    browser = centre.browser()
    edit = f"/people/{centre.house.people['Maja Novak']}/edit"
    typed = {"name": "Maja Kos", "email": "broken", "language": "sl"}
    again = browser.submit(browser.get(edit), edit, typed, status=422)
    assert again.form(edit).value("name") == "Maja Kos"
    assert again.form(edit).problem("email")
    assert browser.get(edit).form(edit).value("name") == "Maja Novak"


def test_nobody_cannot_be_changed(centre: Centre) -> None:
    browser = centre.browser()
    assert browser.get("/people/h-nobody/edit", status=404).heading
    token = browser.get(NEW).form(NEW).hidden
    typed = {**token, "name": "Kdo", "language": "sl"}
    answer = browser.client.post("/people/h-nobody/edit", data=typed)
    assert answer.status_code == 404
