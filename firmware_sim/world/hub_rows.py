"""What the hub tells of a day, read back through its interface into plain rows."""

from datetime import datetime

from firmware_sim.world.checks import HubRows, PassageRow, PunchRow, TapRow
from firmware_sim.world.hub_client import HubClient, Json


def read_rows(hub: HubClient) -> HubRows:
    """Every tap, passage and punch, who is inside, and what is taken of counted rights."""
    return HubRows(
        taps=tuple(map(_tap, hub.rows("/taps", "taps"))),
        passages=tuple(map(_passage, hub.rows("/passages", "passages"))),
        punches=tuple(map(_punch, hub.rows("/punches", "punches"))),
    )


def _tap(row: Json) -> TapRow:
    return TapRow(
        key=_key(row),
        access_point=row["access_point"],
        holder=row["holder"],
        verdict=row["verdict"],
        reason=row["reason"],
        at=datetime.fromisoformat(row["at"]),
    )


def _passage(row: Json) -> PassageRow:
    seq = row["grant_seq"]
    return PassageRow(
        key=_key(row),
        grant=None if seq is None else f"{row['edge']}/{row['grant_epoch']}/{seq:09}",
        access_point=row["access_point"],
        holder=row["holder"],
        movement=row["movement"],
        at=datetime.fromisoformat(row["at"]),
    )


def _punch(row: Json) -> PunchRow:
    return PunchRow(
        key=_key(row),
        access_point=row["access_point"],
        holder=row["holder"],
        kind=row["kind"],
        at=datetime.fromisoformat(row["at"]),
    )


def _key(row: Json) -> str:
    """Sorts as the edge wrote its entries: epochs count up in their first digits."""
    return f"{row['edge']}/{row['epoch']}/{row['seq']:09}"
