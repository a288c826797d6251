"""What `vratar-edge` says to the person at the keyboard, in Slovene and English."""

from core.reasons import Text

ENROLLED = Text(
    sl="Vpisano: krmilnik {edge}, objekt {site}, organizacija {tenant}; ključi so v {path}.",
    en="Enrolled: edge {edge} at site {site} of {tenant}; its keys are in {path}.",
)
ALREADY_ENROLLED = Text(
    sl="{directory}: krmilnik je že vpisan. Za vnovičen vpis dodajte --replace.",
    en="{directory}: this edge is enrolled already. Add --replace to enrol it again.",
)
IN_ORDER = Text(
    sl="Nastavitve so v redu: okolje {environment}, vrat {doors}, čitalnikov {readers},"
    " krmilnik {edge}.",
    en="The settings are in order: environment {environment}, doors {doors}, readers {readers},"
    " edge {edge}.",
)
PROBLEMS = Text(sl="Popravite naslednje:", en="Please correct the following:")
WHOLE = Text(
    sl="Dnevnik je cel, preverjenih zapisov: {entries}.",
    en="The journal is whole; entries checked: {entries}.",
)
BROKEN = Text(
    sl="Dnevnik je prekinjen pri zapisu {epoch}/{seq}: {problem}. Zapisov pred njim: {entries}.",
    en="The journal is broken at entry {epoch}/{seq}: {problem}. Entries before it: {entries}.",
)
NO_JOURNAL = Text(
    sl="{path}: dnevnika še ni; nastane ob prvem zagonu (vratar-edge run).",
    en="{path}: there is no journal yet; the first start makes it (vratar-edge run).",
)
EMPTY = Text(sl="Dnevnik je prazen.", en="The journal is empty.")
RUNNING = Text(
    sl="Vratar deluje: krmilnik {edge}. Ustavite ga s Ctrl-C.",
    en="Vratar is running: edge {edge}. Stop it with Ctrl-C.",
)
