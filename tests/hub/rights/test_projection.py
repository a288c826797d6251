"""The sites' rows are always the projection of the tables, whatever happened in which order."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from core.access import SiteMode
from core.credential import CredentialKey, CredentialKind
from core.ids import AccessPointId, HolderId, SiteId, ZoneId
from hub.acts import Act
from hub.credentials import service as credentials
from hub.entitlements import service as entitlements
from hub.errors import HubError
from hub.people import service as people
from hub.people.service import Particulars
from hub.products import service as products
from hub.products.service import Template
from hub.rights import service as rights
from hub.rows import service as rows
from hub.sites import points
from hub.sites import service as sites
from tests.hub.bench import Bench, Chance
from wire.codec import row
from wire.messages import RowKind

PROJECTED = {
    RowKind.SITE,
    RowKind.ACCESS_POINT,
    RowKind.HOLDER,
    RowKind.CREDENTIAL,
    RowKind.ENTITLEMENT,
}
SITES, PEOPLE, CARDS = 2, 3, 4
Numbers = tuple[int, int, int]


@dataclass
class World:
    """What changes draw from: two sites with two zones each, three people, four cards."""

    bench: Bench
    sites: list[SiteId] = field(default_factory=list)
    zones: list[ZoneId] = field(default_factory=list)
    people: list[HolderId] = field(default_factory=list)
    product: str = ""

    def build(self) -> None:
        with self.bench.database.write() as connection:
            act = self.bench.act_on(connection)
            for number in range(SITES):
                site = sites.create(act, name=f"S{number}", timezone="Europe/Ljubljana").id
                self.sites.append(site)
                self.zones += [sites.create_zone(act, site, name=f"Z{n}").id for n in range(2)]
            template = Template(name="P", zones=(self.zones[0],), units=5)
            self.product = products.create(act, template).id
            self.people += [
                people.register(act, Particulars(name=f"O{n}")).id for n in range(PEOPLE)
            ]

    def zones_of(self, number: int) -> tuple[ZoneId, ...]:
        """Any subset but the empty one, by its bits."""
        return tuple(z for n, z in enumerate(self.zones) if (number % 15 + 1) >> n & 1)


def issue(world: World, act: Act, n: Numbers) -> None:
    key = CredentialKey(f"{n[1] % CARDS:032x}")
    person = world.people[n[0] % PEOPLE]
    credentials.issue_key(act, person, kind=CredentialKind.NFC_UID, key=key, label="K")


def take_back(world: World, act: Act, n: Numbers) -> None:
    known = credentials.find_key(act.connection, CredentialKey(f"{n[1] % CARDS:032x}"))
    if known and world.people:
        credentials.take_back(act, known.id)


def hand_over(world: World, act: Act, n: Numbers) -> None:
    """A card goes from one person to another within one transaction."""
    take_back(world, act, n)
    issue(world, act, n)


def block_card(world: World, act: Act, n: Numbers) -> None:
    known = credentials.find_key(act.connection, CredentialKey(f"{n[1] % CARDS:032x}"))
    if known and world.people:
        credentials.set_blocked(act, known.id, blocked=bool(n[2] % 2))


def block_person(world: World, act: Act, n: Numbers) -> None:
    person = world.people[n[0] % PEOPLE]
    if n[1] % 2:
        people.block(act, person, reason="R")
    else:
        people.unblock(act, person)


def employ(world: World, act: Act, n: Numbers) -> None:
    site = (*world.sites, None)[n[1] % (SITES + 1)]
    employed = site is not None and bool(n[2] % 2)
    particulars = Particulars(name="O", employee=employed, site=site)
    people.change(act, world.people[n[0] % PEOPLE], particulars)


def grant(world: World, act: Act, n: Numbers) -> None:
    product = products.get(act.connection, world.product)
    start = act.at + timedelta(hours=n[2] % 3 - 1)
    holder = people.get(act.connection, world.people[n[0] % PEOPLE])
    terms = entitlements.terms_of(act.connection, product, holder, at=act.at, valid_from=start)
    changed = entitlements.Terms(
        name=terms.name,
        zones=world.zones_of(n[1]),
        weekly=terms.weekly,
        valid_from=terms.valid_from,
        valid_until=terms.valid_until,
        units=n[2],
        staleness_bound=terms.staleness_bound,
    )
    entitlements.grant(act, holder.id, world.product, changed)


def _one_of(world: World, act: Act, n: Numbers) -> entitlements.Granted | None:
    held = entitlements.of_holder(act.connection, world.people[n[0] % PEOPLE])
    return held[n[1] % len(held)] if held else None


def change_right(world: World, act: Act, n: Numbers) -> None:
    granted = _one_of(world, act, n)
    if granted:
        old = entitlements.terms(granted.entitlement)
        new = entitlements.Terms(
            name="X",
            zones=world.zones_of(n[2]),
            weekly=old.weekly,
            valid_from=old.valid_from,
            valid_until=old.valid_until,
            units=None,
            staleness_bound=None,
        )
        entitlements.change(act, granted.entitlement.id, new)


def end_right(world: World, act: Act, n: Numbers) -> None:
    granted = _one_of(world, act, n)
    if granted:
        entitlements.end(act, granted.entitlement.id)


def set_mode(world: World, act: Act, n: Numbers) -> None:
    sites.change(act, world.sites[n[0] % SITES], mode=list(SiteMode)[n[1] % len(SiteMode)])


def place_point(world: World, act: Act, n: Numbers) -> None:
    site = n[0] % SITES
    plan = points.Plan(name=f"P{n[2]}", zone_to=world.zones[2 * site + n[1] % 2])
    points.create(act, world.sites[site], plan, id_=f"p-{n[2] % 4}")


def remove_point(world: World, act: Act, n: Numbers) -> None:
    if world.sites:
        points.remove(act, AccessPointId(f"p-{n[2] % 4}"))


Change = Callable[[World, Act, Numbers], None]
CHANGES: list[Change] = [
    issue,
    take_back,
    hand_over,
    block_card,
    block_person,
    employ,
    grant,
    change_right,
    end_right,
    set_mode,
    place_point,
    remove_point,
]
TRANSACTIONS, CHANGES_AT_ONCE_MAX = 100, 3


def recomputed(connection: Connection, site: SiteId) -> set[tuple[RowKind, str, bytes]]:
    """The site's rows from the tables alone, as if nothing had ever been projected."""
    wanted = {(RowKind.SITE, str(site)): sites.site_row(connection, site)}
    found = {(kind, id_): row(kind, id_, body) for (kind, id_), body in wanted.items()}
    for placed in points.points(connection, site):
        key = (RowKind.ACCESS_POINT, str(placed.point.id))
        found[key] = row(*key, placed.point)
    for holder in people.everybody(connection):
        for (at, kind, id_), body in rights.wanted(connection, holder).items():
            if at == site:
                found[RowKind(kind), id_] = row(RowKind(kind), id_, body)
    return {(kind, id_, bytes(each.body)) for (kind, id_), each in found.items()}


@pytest.mark.parametrize("seed", range(6))
def test_after_any_changes_the_rows_are_what_a_fresh_projection_gives(
    bench: Bench, seed: int
) -> None:
    world = World(bench)
    world.build()
    for person in range(PEOPLE):  # everybody begins with a right everywhere and a card
        run(world, [(grant, (person, 14, 2)), (issue, (person, person, 0))])
    chance = Chance(seed)
    done: list[str] = []
    for _ in range(TRANSACTIONS):
        transaction = drawn(chance)
        run(world, transaction)
        done.append(" ".join(f"{change.__name__}{numbers}" for change, numbers in transaction))
        check(world, done)
        world.bench.clock.turn(timedelta(minutes=20))


def drawn(chance: Chance) -> list[tuple[Change, Numbers]]:
    count = 1 + chance(1)[0] % CHANGES_AT_ONCE_MAX
    bytes_ = [chance(4) for _ in range(count)]
    return [(CHANGES[b[0] % len(CHANGES)], (b[1] % 15, b[2] % 15, b[3] % 15)) for b in bytes_]


def run(world: World, transaction: list[tuple[Change, Numbers]]) -> None:
    """Several changes in one transaction; one that is refused undoes all of it."""
    try:
        with world.bench.database.write() as connection:
            for change, numbers in transaction:
                change(world, world.bench.act_on(connection), numbers)
    except HubError:
        pass  # a refused change is a case too: nothing of it may be in the rows


def check(world: World, done: list[str]) -> None:
    with world.bench.database.read() as connection:
        for site in world.sites:
            known = {each for each in rows.current(connection, site) if each[0] in PROJECTED}
            assert known == recomputed(connection, site), "\n".join(done)


def test_a_card_handed_over_in_one_transaction_opens_for_the_new_holder_only(
    bench: Bench,
) -> None:
    world = World(bench)
    world.build()
    for numbers in ((0, 0, 1), (1, 0, 1)):
        run(world, [(grant, numbers)])
    for first, second in ((0, 1), (1, 0)):
        run(world, [(issue, (first, 0, 0))])
        run(world, [(hand_over, (second, 0, 0))])
        check(world, [])
        with bench.database.read() as connection:
            known = list(rows.current(connection, world.sites[0]))
        cards = [content for kind, _, content in known if kind is RowKind.CREDENTIAL]
        assert [world.people[second].encode() in content for content in cards] == [True]
        run(world, [(take_back, (second, 0, 0))])


def test_a_site_without_a_right_of_a_person_knows_nothing_of_them(bench: Bench) -> None:
    world = World(bench)
    world.build()
    run(world, [(grant, (0, 0, 1)), (issue, (0, 0, 0))])  # a right for the first zone only
    with bench.database.read() as connection:
        first, second = ({k for k, _, _ in rows.current(connection, s)} for s in world.sites)
        assert rights.sites_of(connection, world.people[0]) == {world.sites[0]}
    assert {RowKind.HOLDER, RowKind.CREDENTIAL, RowKind.ENTITLEMENT} <= first
    assert second == {RowKind.SITE}


def test_an_employee_without_any_right_is_known_where_they_work(bench: Bench) -> None:
    world = World(bench)
    world.build()
    run(world, [(employ, (0, 1, 1)), (issue, (0, 0, 0))])
    with bench.database.read() as connection:
        kinds = {kind for kind, _, _ in rows.current(connection, world.sites[1])}
    assert kinds == {RowKind.SITE, RowKind.HOLDER, RowKind.CREDENTIAL}


def test_a_card_without_any_right_is_known_everywhere_and_gone_with_the_card(
    bench: Bench,
) -> None:
    world = World(bench)
    world.build()
    run(world, [(issue, (0, 0, 0))])
    card_only = {RowKind.SITE, RowKind.HOLDER, RowKind.CREDENTIAL}
    assert [kinds_at(world, site) for site in world.sites] == [card_only] * SITES
    run(world, [(take_back, (0, 0, 0))])
    assert [kinds_at(world, site) for site in world.sites] == [{RowKind.SITE}] * SITES


def test_the_first_right_takes_a_card_from_where_it_does_not_count(bench: Bench) -> None:
    world = World(bench)
    world.build()
    run(world, [(issue, (0, 0, 0))])
    run(world, [(grant, (0, 0, 1))])  # a right for the first zone only
    assert RowKind.CREDENTIAL in kinds_at(world, world.sites[0])
    assert kinds_at(world, world.sites[1]) == {RowKind.SITE}


def test_a_new_site_hears_of_the_cards_without_any_right(bench: Bench) -> None:
    world = World(bench)
    world.build()
    run(world, [(issue, (0, 0, 0)), (issue, (1, 1, 0)), (grant, (1, 0, 1))])
    with bench.database.write() as connection:
        act = bench.act_on(connection)
        world.sites.append(sites.create(act, name="S", timezone="Europe/Ljubljana").id)
    check(world, ["a new site"])
    with bench.database.read() as connection:
        known = [id_ for kind, id_, _ in rows.current(connection, world.sites[-1])]
    assert world.people[0] in known
    assert world.people[1] not in known


def kinds_at(world: World, site: SiteId) -> set[RowKind]:
    with world.bench.database.read() as connection:
        return {kind for kind, _, _ in rows.current(connection, site)}


def test_a_change_that_changes_nothing_makes_no_new_version(bench: Bench) -> None:
    world = World(bench)
    world.build()
    run(world, [(grant, (0, 0, 1)), (issue, (0, 0, 0))])
    with bench.database.read() as connection:
        before = rows.standing(connection, world.sites[0])
    with bench.database.write() as connection:
        rights.refresh(connection, world.people[0], bench.clock())
    with bench.database.read() as connection:
        assert rows.standing(connection, world.sites[0]) == before
