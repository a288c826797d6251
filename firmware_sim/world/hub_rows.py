"""What the hub tells of a day, read back through its interface into plain rows."""

from collections.abc import Iterable
from datetime import datetime

from firmware_sim.world.checks import HubRows, PassageRow, PunchRow, TapRow
from firmware_sim.world.hub_client import HubClient, Json


def read_rows(hub: HubClient, commands: Iterable[str] = ()) -> HubRows:
    """Every tap, passage and punch, and where the executed ones of these commands opened."""
    orders = [hub.get(f"/commands/{command}") for command in commands]
    return HubRows(
        taps=tuple(map(_tap, hub.rows("/taps", "taps"))),
        passages=tuple(map(_passage, hub.rows("/passages", "passages"))),
        punches=tuple(map(_punch, hub.rows("/punches", "punches"))),
        opened=tuple(each["access_point"] for each in orders if each["outcome"] == "executed"),
    )


def _tap(row: Json) -> TapRow:
    return TapRow(
        key=_key(row),
        access_point=row["access_point"],
        holder=row["holder"],
        verdict=row["verdict"],
        reason=row["reason"],
        opinion=row["opinion"],
        units=row["units"],
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
        units=row["units"],
        zone_to=row["zone_to"],
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
