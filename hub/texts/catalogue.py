"""The catalogues: `.po` files beside this module, read once, without a compile step."""

from functools import cache
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from core.reasons import Language

FOLDER = Path(__file__).parent
_TAGS = frozenset(language.value for language in Language)


@cache
def translations(language: Language) -> GNUTranslations:
    """The catalogue of a language; templates use it through Jinja's i18n extension."""
    with (FOLDER / f"{language}.po").open("rb") as written:
        catalogue = read_po(written, locale=language.value, abort_invalid=True)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)


def translated(text: str, language: Language) -> str:
    """The text in the language; the English one where the catalogue has none."""
    return translations(language).gettext(text)


def plural(singular: str, plural_: str, count: int, language: Language) -> str:
    """The form of the text that goes with `count` (Slovene has four)."""
    return translations(language).ngettext(singular, plural_, count)


def chosen(accept_language: str, default: Language = Language.SL) -> Language:
    """The first of our languages in an Accept-Language header, by its stated preference."""
    best, weight = default, 0.0
    for part in accept_language.split(",")[:20]:
        tag, _, parameter = part.strip().partition(";")
        language = tag.strip().lower().split("-")[0]
        quality = _quality(parameter)
        if language in _TAGS and quality > weight:
            best, weight = Language(language), quality
    return best


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
