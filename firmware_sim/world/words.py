"""What the demo says on the terminal, in Slovene and English."""

from collections.abc import Mapping

from core.reasons import Text

STEPS: Mapping[str, Text] = {
    "hub": Text(sl="Strežnik se zaganja", en="Starting the hub"),
    "site": Text(
        sl="Središče, ljudje s karticami in krmilnika",
        en="The centre, people with cards, and the edges",
    ),
    "arrivals": Text(sl="Jutro: prihodi in zavrnitve", en="Morning: arrivals and refusals"),
    "visits": Text(sl="Obiski na karti se iztečejo", en="The visits on a card run out"),
    "no-show": Text(
        sl="Nekdo ne gre skozi, nekdo gre na silo", en="Somebody stays, somebody forces the arm"
    ),
    "network-cut": Text(sl="Omrežni kabel je izvlečen", en="The network cable is pulled"),
    "power-cut": Text(
        sl="Brez napajanja in omrežja, nato nov zagon",
        en="No power and no network, then a restart",
    ),
    "remote-open": Text(sl="Recepcija odpre vrata", en="Reception opens the gate"),
    "block": Text(sl="Vstop je ustavljen na strežniku", en="Somebody is suspended at the hub"),
    "evening": Text(sl="Večer: odhodi", en="Evening: departures"),
    "check": Text(sl="Primerjava s strežnikom", en="Comparing with the hub"),
}

RUNNING = Text(
    sl="""
{site} teče.

  Strežnik    {hub}   prijava {login}   geslo {password}
  Simulator   {simulator}

Odprite simulator in kliknite »Vhod« pri kateri od kartic; na strežniku glejte pregled v živo.
Nato izvlecite omrežni kabel, izklopite napajanje ali potisnite vrata na silo.
Ctrl-C konča vse, kar je bilo zagnano.
""",
    en="""
{site} is running.

  Hub         {hub}   login {login}   password {password}
  Simulator   {simulator}

Open the simulator and click "Entry" on a card; watch the live page of the hub.
Then pull the network cable, cut the power or force an arm.
Ctrl-C ends everything that was started.
""",
)

KEPT = Text(sl="Vse ostane v {directory}.", en="Everything is kept in {directory}.")
ENDED = Text(sl="Konec ({signal}).", en="Ended ({signal}).")
AGREED = Text(
    sl="Vse se ujema: {laid} prislonjenih kartic, {passages} ljudi skozi vrata, {rows} vrstic"
    " na strežniku, verige so cele ({seconds:.0f} s).",
    en="All agree: {laid} cards laid, {passages} people through the gates, {rows} rows at the hub,"
    " chains whole ({seconds:.0f} s).",
)
DIFFERS = Text(
    sl="Zapisi strežnika se ne ujemajo s tem, kar se je zgodilo:",
    en="The hub tells another story than what happened:",
)
FAILED = Text(sl="Ni uspelo: {problem}", en="Failed: {problem}")

HEADINGS = (
    Text(sl="ura", en="time"),
    Text(sl="kje", en="where"),
    Text(sl="kdo", en="who"),
    Text(sl="odgovor", en="answer"),
    Text(sl="prehod", en="passage"),
)
PLACES: Mapping[str, Text] = {
    "main-entry": Text(sl="vhod", en="entry"),
    "main-exit": Text(sl="izhod", en="exit"),
    "staff-terminal": Text(sl="registrator", en="terminal"),
}
MOVEMENTS: Mapping[str, Text] = {
    "passed": Text(sl="skozi", en="went through"),
    "no-show": Text(sl="brez prehoda", en="did not go"),
    "forced": Text(sl="na silo", en="forced"),
    "reverse": Text(sl="v nasprotno smer", en="reverse"),
    "tailgate": Text(sl="za drugim", en="tailgate"),
}
PUNCHES: Mapping[str, Text] = {
    "in": Text(sl="prihod", en="in"),
    "out": Text(sl="odhod", en="out"),
}
BY_COMMAND = Text(sl="odprla recepcija", en="opened by reception")
NOBODY = Text(sl="—", en="—")
STRANGER = Text(sl="neznana kartica", en="unknown card")
