"""Names as they are looked for and as they are listed: without accents, and in Slovene order."""

import unicodedata

_LETTERS = str.maketrans({"đ": "d", "ł": "l", "ø": "o", "ß": "ss", "æ": "ae", "œ": "oe"})
# Slovene order: č after c, ć after č, đ after d, š after s, ž after z; "~" is after every letter.
_SLOVENE = str.maketrans({"č": "c~", "ć": "c~~", "đ": "d~", "š": "s~", "ž": "z~"})
STARTS_MAX = 10
"""How many words of a name it can be found by."""


def folded(text: str) -> str:
    """Lower case, without accents, single blanks: `Žana  KOŠIR` becomes `zana kosir`."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    letters = "".join(each for each in plain if not unicodedata.combining(each))
    return " ".join(letters.split())


def order(text: str) -> str:
    """What names are sorted by: bytewise order of it is the Slovene alphabet's."""
    lowered = unicodedata.normalize("NFC", text.casefold()).translate(_SLOVENE)
    return folded(lowered)


def starts(name: str) -> list[str]:
    """The folded name from each of its words on: it is found by its beginning or any word's."""
    words = folded(name).split(" ")
    found = [" ".join(words[index:]) for index in range(min(len(words), STARTS_MAX))]
    return list(dict.fromkeys(found))


def prefix_end(prefix: str) -> str:
    """The first text that sorts after everything that begins with `prefix`."""
    return prefix + "\U0010ffff"
