"""Every text exists in Slovene, with the same places to fill in."""

import re
from collections.abc import Iterable

from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from core.reasons import Language
from hub.texts import catalogue
from hub.texts.update import used

PLACE = re.compile(r"%\(\w+\)[ds]|{\w+}")


def entries() -> dict[str | tuple[str, ...], Message]:
    with (catalogue.FOLDER / "sl.po").open("rb") as read:
        return {
            tuple(entry.id) if isinstance(entry.id, list | tuple) else entry.id: entry
            for entry in read_po(read, locale="sl", abort_invalid=True)
            if entry.id
        }


def texts(words: object) -> list[str]:
    return [words] if isinstance(words, str) else [str(each) for each in _listed(words)]


def _listed(words: object) -> Iterable[object]:
    assert isinstance(words, list | tuple)
    return words


def test_every_text_of_code_and_templates_has_its_slovene_words() -> None:
    known = entries()
    waiting = [
        text for text in set(used()) if text not in known or not all(texts(known[text].string))
    ]
    assert waiting == []


def test_translations_have_the_same_places_to_fill_in() -> None:
    for text, entry in entries().items():
        wanted = set(PLACE.findall(" ".join(texts(text))))
        for words in texts(entry.string):
            assert set(PLACE.findall(words)) <= wanted, text
        if isinstance(text, str):
            assert set(PLACE.findall(texts(entry.string)[0])) == wanted, text


def test_slovene_has_four_forms() -> None:
    told = [
        catalogue.translations(Language.SL).ngettext("%(num)d day", "%(num)d days", count)
        for count in (1, 2, 3, 5, 101, 102)
    ]
    assert told[0] == told[4]
    assert told[1] == told[5]
    assert len(set(told[:4])) == 4


def test_english_is_what_is_written_in_the_code() -> None:
    assert catalogue.translated("Not found", Language.EN) == "Not found"
    assert catalogue.plural("visit", "visits", 1, Language.EN) == "visit"
    assert catalogue.plural("visit", "visits", 2, Language.EN) == "visits"


def test_no_slovene_is_in_the_code() -> None:
    for text in used():
        assert not re.search("[čšžČŠŽ]", " ".join(texts(text))), text
