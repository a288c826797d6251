"""A small climbing centre as the pages see it: people, passes, gates, an edge and its journal."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from core.credential import CredentialKey, CredentialKind, from_uid, key_of
from core.entries import Alarmed, Body, Grant, Passed, Punched, Tapped, Verdict
from core.ids import (
    AccessPointId,
    DoorId,
    EdgeId,
    EntitlementId,
    HolderId,
    SiteId,
    TenantId,
    ZoneId,
)
from core.punch import PunchKind
from core.reasons import Reason
from tests.hub.edge_half import Chain, EdgeHalf, epoch_named
from wire.messages import Batch

DOOR = DoorId("vrtljivi-kriz")

Call = Callable[[str, str, Mapping[str, Any]], Any]
"""Calls the JSON API: method, path below /api/v1, body; returns the answer's body."""

Enrol = Callable[[str, str], Mapping[str, Any]]
"""Enrols an edge by code and public key; returns the fields of the enrolment."""


@dataclass(slots=True)
class House:
    """What stands and who goes there; `edge` has a journal that tests write."""

    call: Call
    site: SiteId
    hall: ZoneId
    sauna: ZoneId
    way_in: AccessPointId
    way_out: AccessPointId
    terminal: AccessPointId
    ten_visits: str
    yearly: str
    edge: EdgeHalf
    keys: Mapping[str, Any]
    people: dict[str, HolderId] = field(default_factory=dict)
    chain: Chain = field(init=False)
    sent: int = 0

    def __post_init__(self) -> None:
        self.chain = Chain(self.edge.id, epoch_named(1))

    def add_person(self, name: str, **particulars: object) -> HolderId:
        made = self.call("POST", "/people", {"name": name, **particulars})
        self.people[name] = HolderId(made["id"])
        return self.people[name]

    def give_card(self, name: str) -> None:
        path = f"/people/{self.people[name]}/credentials"
        self.call("POST", path, {"uid": uid_of(name).hex()})

    def card_of(self, name: str | None) -> CredentialKey:
        """What the edge sees of somebody's card; a card that nobody has for None."""
        uid = uid_of(name or "nobody")
        return key_of(bytes.fromhex(self.keys["site_key"]), from_uid(uid))

    def grant(self, name: str, product: str) -> EntitlementId:
        path = f"/people/{self.people[name]}/entitlements"
        return EntitlementId(self.call("POST", path, {"product": product})["id"])

    def happened(self, body: Body, at: datetime) -> Grant:
        """Write an entry into the edge's journal; the grant that it opens, if it does."""
        if not self.chain.contents:
            self.chain.open(None, at)
        entry = self.chain.add(body, at)
        return Grant(epoch=self.chain.epoch, seq=entry.key.seq)

    def unsent(self) -> Batch:
        """What was written since the last call, as a batch."""
        batch = self.chain.batch(self.sent + 1)
        self.sent = len(self.chain.contents)
        return batch

    def tapped(
        self,
        name: str | None,
        verdict: Verdict = Verdict.ALLOW,
        reason: Reason = Reason.GRANTED,
        *,
        entitlement: EntitlementId | None = None,
        retry_at: datetime | None = None,
        out: bool = False,
    ) -> Tapped:
        """A card at the way in (or out) and what the edge decided."""
        return Tapped(
            access_point=self.way_out if out else self.way_in,
            credential=self.card_of(name),
            credential_kind=CredentialKind.NFC_UID,
            holder=self.people[name] if name else None,
            verdict=verdict,
            reason=reason,
            entitlement=entitlement,
            units=1 if entitlement and verdict.opens else 0,
            zone_to=None if out else self.hall,
            retry_at=retry_at,
            cache_version=1,
            facts="0" * 16,
        )

    def passed(
        self,
        grant: Grant | None,
        name: str | None,
        movement: str = "passed",
        *,
        entitlement: EntitlementId | None = None,
        out: bool = False,
    ) -> Passed:
        """How a release ended, or a passage nobody released."""
        return Passed(
            door=DOOR,
            access_point=self.way_out if out else self.way_in,
            movement=movement,
            grant=grant,
            holder=self.people[name] if name else None,
            entitlement=entitlement,
            units=1 if entitlement else 0,
            zone_to=None if out else self.hall,
        )

    def punched(self, name: str | None, kind: PunchKind = PunchKind.IN) -> Punched:
        return Punched(
            access_point=self.terminal,
            credential=self.card_of(name),
            credential_kind=CredentialKind.NFC_UID,
            holder=self.people[name] if name else None,
            kind=kind,
            cache_version=1,
        )

    def a_morning(self, start: datetime) -> None:
        """A bit of everything, a minute apart, so that every kind of row is on the page."""
        visits = self.grant("Maja Novak", self.ten_visits)
        minute = timedelta(minutes=1)
        self.happened(self.punched("Andrej Kranjc"), start)
        entered = self.happened(self.tapped("Maja Novak", entitlement=visits), start + minute)
        self.happened(self.passed(entered, "Maja Novak", entitlement=visits), start + minute * 1.05)
        deny = Verdict.DENY
        self.happened(self.tapped(None, deny, Reason.UNKNOWN_CREDENTIAL), start + 2 * minute)
        self.happened(
            self.tapped(
                "Žiga Koroščević-Šuštaršič",
                deny,
                Reason.OUTSIDE_WINDOW,
                retry_at=start + timedelta(hours=23),
            ),
            start + 3 * minute,
        )
        self.happened(self.tapped("Črtomir Đurić", deny, Reason.EXPIRED), start + 4 * minute)
        again = self.happened(self.tapped("Maja Novak", entitlement=visits), start + 5 * minute)
        self.happened(
            self.passed(again, "Maja Novak", "no-show", entitlement=visits), start + 5.1 * minute
        )
        self.happened(self.passed(None, None, "forced"), start + 6 * minute)
        self.happened(Alarmed(part="čitalnik", alarm="lost", detail="pn532"), start + 7 * minute)


def furnished(call: Call, enrol: Enrol, *, tenant: TenantId) -> House:
    """The house with its people, gates, products and an enrolled edge; no entries yet."""
    site = SiteId(call("POST", "/sites", {"name": "Plezalni center Stolp"})["id"])
    hall = ZoneId(call("POST", f"/sites/{site}/zones", {"name": "Dvorana"})["id"])
    sauna = ZoneId(call("POST", f"/sites/{site}/zones", {"name": "Savna"})["id"])
    made = call("POST", "/edges", {"name": "Glavni vhod", "site": site})
    edge = EdgeHalf(tenant, site, EdgeId(made["edge"]))
    keys = enrol(made["code"], edge.public_key)
    edge.mac_key = bytes.fromhex(keys["mac_key"])

    def point(name: str, **more: object) -> AccessPointId:
        body = {"name": name, "edge": edge.id, **more}
        return AccessPointId(call("POST", f"/sites/{site}/access-points", body)["id"])

    def product(name: str, **more: object) -> str:
        id_: str = call("POST", "/products", {"name": name, "zones": [hall], **more})["id"]
        return id_

    house = House(
        call=call,
        site=site,
        hall=hall,
        sauna=sauna,
        way_in=point("Vhod", zone_to=hall, door=DOOR),
        way_out=point("Izhod", zone_from=hall, door=DOOR),
        terminal=point("Terminal", kind="terminal"),
        ten_visits=product("Deset obiskov", units=10, valid_for_days=180),
        yearly=product(
            "Dopoldanska letna",
            valid_for_days=365,
            weekly={"windows": [{"days": [1, 2, 3, 4, 5], "start": "06:00", "end": "14:00"}]},
        ),
        edge=edge,
        keys=keys,
    )
    house.add_person("Maja Novak", email="maja.novak@example.si")
    house.add_person("Žiga Koroščević-Šuštaršič")
    house.add_person("Črtomir Đurić")
    house.add_person("Andrej Kranjc", employee=True, site=site)
    for name in house.people:
        house.give_card(name)
    return house


def uid_of(name: str) -> bytes:
    """The number of somebody's card: seven bytes, the first a maker's."""
    return b"\x04" + hashlib.sha256(name.encode()).digest()[:6]
