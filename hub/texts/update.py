"""`python -m hub.texts.update`: write the texts found in code and templates into the catalogue.

New ones wait for their Slovene words; those no longer used are dropped. English texts are the
names of the entries themselves, so `en.po` holds no more than what differs.
"""

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from hub.texts.catalogue import FOLDER

HUB = FOLDER.parent
_PLURALS = {
    "sl": "nplurals=4; plural=(n%100==1 ? 0 : n%100==2 ? 1 : n%100==3 || n%100==4 ? 2 : 3);",
    "en": "nplurals=2; plural=(n != 1);",
}
_HEADER = {
    language: 'msgid ""\nmsgstr ""\n'
    f'"Project-Id-Version: vratar\\n"\n"Language: {language}\\n"\n'
    '"MIME-Version: 1.0\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
    f'"Content-Transfer-Encoding: 8bit\\n"\n"Plural-Forms: {plurals}\\n"\n\n'
    for language, plurals in _PLURALS.items()
}
KEYWORDS = {
    "message": None,
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "plural": (1, 2),
}
_METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
_OPTIONS = {"**/templates/**.html": {"trimmed": "true", "silent": "false"}}


def main() -> int:
    """Update `sl.po`; 1 if texts wait for their translation."""
    path = FOLDER / "sl.po"
    catalogue = updated(path)
    write(catalogue, path)
    waiting = [entry.id for entry in catalogue if entry.id and not entry.string]
    for text in waiting:
        sys.stdout.write(f"no Slovene text yet: {text!r}\n")
    return 1 if waiting else 0


def write(catalogue: Catalog, path: Path) -> None:
    """Sorted and without a date, so that equal texts give an equal file."""
    text = BytesIO()
    write_po(text, catalogue, width=100, sort_output=True, omit_header=True)
    language = path.stem
    path.write_text(_HEADER[language] + text.getvalue().decode("utf-8"), encoding="utf-8")


def updated(path: Path) -> Catalog:
    """The catalogue of a file with exactly the texts that are used, its translations kept."""
    with path.open("rb") as read:
        known = read_po(read, locale=path.stem, abort_invalid=True)
    fresh = Catalog(locale=path.stem, fuzzy=False)
    fresh.mime_headers = known.mime_headers
    for text in sorted(set(used()), key=str):
        old = known.get(text if isinstance(text, str) else text[0])
        empty = "" if isinstance(text, str) else ("",) * fresh.num_plurals
        fresh.add(text, string=old.string if old else empty)
    return fresh


def used() -> Iterator[str | tuple[str, str]]:
    """Every text of the hub's code and templates; a pair for singular and plural."""
    found = extract_from_dir(
        HUB,
        method_map=_METHODS,
        options_map=_OPTIONS,
        keywords=KEYWORDS,
        directory_filter=lambda folder: Path(folder).name not in {"__pycache__", "static"},
    )
    for _, _, text, _, _ in found:
        if isinstance(text, str):
            yield text
        else:
            singular, plural = text[:2]
            yield singular, plural


if __name__ == "__main__":
    sys.exit(main())
