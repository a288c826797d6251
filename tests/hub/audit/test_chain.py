"""The audit chain: in the change's own transaction, whole or the first broken entry named."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection
from sqlalchemy import text as sql

from hub import commands
from hub.audit import service
from hub.people import service as people
from hub.people.service import Particulars
from hub.roles import Role
from tests.hub.bench import Bench


@pytest.fixture
def people_made(bench: Bench) -> Bench:
    """A chain of twelve entries: the owner's role, ten people, one of them blocked."""
    with bench.database.write() as connection:
        act = bench.act_on(connection)
        made = [people.register(act, Particulars(name=f"Oseba {n}")) for n in range(10)]
        people.block(act, made[3].id, reason="dolg")
    return bench


def verified(bench: Bench) -> service.Verification:
    with bench.database.read() as connection:
        return service.verify(connection)


def change(bench: Bench, statement: str, **values: object) -> None:
    """What an intruder does with the database's file."""
    with bench.database.write() as connection:
        assert connection.execute(sql(statement), values).rowcount > 0


def test_an_untouched_chain_is_whole(people_made: Bench) -> None:
    found = verified(people_made)
    assert found.whole
    assert found.entries == 12
    assert len(found.head) == 64


def test_a_failed_change_leaves_no_entry(people_made: Bench) -> None:
    client = people_made.logged_in()
    assert client.post("/api/v1/people", json={"name": "A", "site": "s-no"}).status_code == 404
    assert verified(people_made).entries == 12


@pytest.mark.parametrize("seq", [1, 7, 12])
def test_a_changed_entry_is_named(people_made: Bench, seq: int) -> None:
    change(
        people_made,
        "UPDATE audit SET content = CAST(replace(content, 'account', 'accOunt') AS BLOB)"
        " WHERE seq = :seq",
        seq=seq,
    )
    assert verified(people_made).broken_seq == seq


@pytest.mark.parametrize("seq", [1, 7, 12])
def test_a_deleted_entry_is_named(people_made: Bench, seq: int) -> None:
    change(people_made, "DELETE FROM audit WHERE seq = :seq", seq=seq)
    found = verified(people_made)
    assert found.broken_seq == seq
    assert str(seq - 1 if seq == 12 else seq) in found.problem


def test_an_end_cut_off_shows_even_when_several_entries_are_gone(people_made: Bench) -> None:
    change(people_made, "DELETE FROM audit WHERE seq > 9")
    found = verified(people_made)
    assert (found.broken_seq, found.problem) == (
        10,
        "the chain ends at 9, but was recorded up to 12",
    )


def test_two_entries_exchanged_show(people_made: Bench) -> None:
    for old, new in ((4, 99), (5, 4), (99, 5)):
        change(people_made, "UPDATE audit SET seq = :new WHERE seq = :old", old=old, new=new)
    assert verified(people_made).broken_seq == 4


def test_an_added_entry_shows(people_made: Bench) -> None:
    change(people_made, "INSERT INTO audit SELECT 13, content, hash FROM audit WHERE seq = 12")
    assert verified(people_made).broken_seq == 13


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seq=st.integers(1, 12), place=st.integers(0, 400), bit=st.integers(0, 7))
def test_any_flipped_bit_is_found_where_it_is(
    people_made: Bench, seq: int, place: int, bit: int
) -> None:
    class UndoneError(Exception):
        pass

    def flipped(connection: Connection) -> None:
        content = connection.execute(
            sql("SELECT content FROM audit WHERE seq = :seq"), {"seq": seq}
        ).scalar_one()
        where = place % len(content)
        changed = bytearray(content)
        changed[where] ^= 1 << bit
        statement = sql("UPDATE audit SET content = :content WHERE seq = :seq")
        connection.execute(statement, {"content": bytes(changed), "seq": seq})
        assert service.verify(connection).broken_seq == seq
        raise UndoneError

    with pytest.raises(UndoneError), people_made.database.write() as connection:
        flipped(connection)


def test_no_name_no_address_and_no_card_number_is_chained(bench: Bench) -> None:
    client = bench.logged_in()
    site = client.post("/api/v1/sites", json={"name": "Skrivni kraj"}).json()["id"]
    zone = client.post(f"/api/v1/sites/{site}/zones", json={"name": "Skrivna soba"}).json()["id"]
    person = client.post(
        "/api/v1/people", json={"name": "Žana Košir", "email": "zana@example.si"}
    ).json()["id"]
    client.patch(f"/api/v1/people/{person}", json={"name": "Žana Novak"})
    client.post(f"/api/v1/people/{person}/block", json={"reason": "skrivni razlog"})
    client.post(f"/api/v1/people/{person}/credentials", json={"uid": "04A1B2C3D4E5F6"})
    product = client.post("/api/v1/products", json={"name": "Skrivno", "zones": [zone]}).json()
    client.post(
        f"/api/v1/people/{person}/entitlements",
        json={"product": product["id"], "reference": "skrivni-sklic"},
    )
    with bench.database.read() as connection:
        chained = b"".join(
            connection.execute(sql("SELECT content FROM audit")).scalars().all()
        ).decode()
        keys = connection.execute(sql("SELECT key FROM credentials")).scalars().all()
    lowered = chained.lower()
    for secret in ("žana", "example.si", "skrivn", "04a1b2c3d4e5f6", *keys):
        assert secret not in lowered, secret
    assert person in chained


def test_every_change_is_in_the_chain_with_who_did_it(bench: Bench) -> None:
    client = bench.logged_in()
    me = client.get("/api/v1/me").json()["account"]
    person = client.post("/api/v1/people", json={"name": "Ana"}).json()["id"]
    client.patch(f"/api/v1/people/{person}", json={"name": "Ana B.", "email": "a@b.si"})
    first, second, *_ = client.get("/api/v1/audit").json()
    assert first["details"] == {"fields": ["email", "name", "name_order"]}
    assert [first["action"], second["action"]] == ["person.changed", "person.registered"]
    assert {first["account"], second["account"]} == {me}
    older = client.get(f"/api/v1/audit?before={first['seq']}&limit=1").json()
    assert [each["seq"] for each in older] == [second["seq"]]
    assert client.get("/api/v1/audit/verification").json()["whole"] is True


def test_reading_changes_nothing_in_the_chain(bench: Bench) -> None:
    program = bench.program(Role.OWNER)
    before = verified(bench).entries
    for path in ("people", "sites", "products", "accounts", "audit", "me"):
        assert program.get(f"/api/v1/{path}").status_code == 200
    assert verified(bench).entries == before


def test_verifying_a_hub_tells_of_every_tenant(people_made: Bench) -> None:
    told, edges = commands.verify(people_made.hub)
    assert told[0]
    assert f"{people_made.tenant.id}: audit chain of 12 entries is whole" in told[1]
    assert edges[0]
    assert f"{people_made.tenant.id}: edges' chains of 0 entries in 0 epochs are whole" in edges[1]
    change(people_made, "DELETE FROM audit WHERE seq = 5")
    first, *_ = commands.verify(people_made.hub)
    assert not first[0]
    assert "broken at entry 5: entry 5 is missing" in first[1]


def test_entries_are_canonical_json(people_made: Bench) -> None:
    with people_made.database.read() as connection:
        for content in connection.execute(sql("SELECT content FROM audit")).scalars():
            plain = json.loads(content)
            assert sorted(plain) == list(plain)
