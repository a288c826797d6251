"""Enrolment: a code that is good once, for a quarter of an hour."""

import pytest

from core.ids import EdgeId
from hub.broker.passwords import fits
from hub.edges import service
from hub.errors import InvalidError, NotFoundError
from tests.hub.taps.hub_half import SITE, HubHalf

PUBLIC_KEY = "ab" * 32


def code_of(half: HubHalf) -> tuple[EdgeId, str]:
    with half.database.write() as connection:
        return service.create(
            connection, site=SITE, name="Recepcija", at=half.at, random_bytes=half.chance
        )


def enrol(half: HubHalf, code: str) -> service.Keys:
    with half.database.write() as connection:
        return service.enrol(
            connection,
            code=code,
            public_key=PUBLIC_KEY,
            software="1.0",
            at=half.at,
            random_bytes=half.chance,
        )


@pytest.mark.must("P-100")
def test_a_code_is_good_once(half: HubHalf) -> None:
    edge, code = code_of(half)
    keys = enrol(half, code)
    assert keys.edge.id == edge
    assert keys.edge.public_key == PUBLIC_KEY
    assert keys.edge.password_hash is not None
    assert fits(keys.password, keys.edge.password_hash)
    with pytest.raises(InvalidError, match="code"):
        enrol(half, code)


@pytest.mark.must("P-100")
def test_a_code_ends_after_a_quarter_of_an_hour(half: HubHalf) -> None:
    _, code = code_of(half)
    half.turn(minutes=15)
    with pytest.raises(InvalidError, match="code"):
        enrol(half, code)


def test_a_code_is_shown_in_groups_and_read_however_it_is_typed(half: HubHalf) -> None:
    _, code = code_of(half)
    assert [len(group) for group in code.split("-")] == [4, 4, 4, 4]
    assert enrol(half, code.lower().replace("-", " ")).password


def test_a_wrong_code_is_refused(half: HubHalf) -> None:
    code_of(half)
    with pytest.raises(InvalidError, match="code"):
        enrol(half, "ABCD-EFGH-JKLM-NPQR")


def test_the_database_keeps_neither_code_nor_password(half: HubHalf) -> None:
    _, code = code_of(half)
    keys = enrol(half, code)
    _, open_code = code_of(half)
    content = b"".join(path.read_bytes() for path in half.path.parent.glob("tenant.db*"))
    for secret in (keys.password, code, code.replace("-", ""), open_code.replace("-", "")):
        assert secret.encode() not in content
        assert secret.upper().encode() not in content


def test_a_new_code_ends_the_one_before(half: HubHalf) -> None:
    edge, code = code_of(half)
    with half.database.write() as connection:
        newer = service.renew_code(connection, edge, at=half.at, random_bytes=half.chance)
    with pytest.raises(InvalidError):
        enrol(half, code)
    assert enrol(half, newer).edge.id == edge


def test_an_edge_enrolled_again_has_new_keys_and_counts_its_sessions_anew(half: HubHalf) -> None:
    edge, code = code_of(half)
    first = enrol(half, code)
    half.turn(minutes=1)
    with half.database.write() as connection:
        code = service.renew_code(connection, edge, at=half.at, random_bytes=half.chance)
    second = enrol(half, code)
    assert first.mac_key != second.mac_key
    assert first.password != second.password
    assert second.edge.session == -1


def test_an_unknown_edge_gets_no_code(half: HubHalf) -> None:
    with half.database.write() as connection, pytest.raises(NotFoundError):
        service.renew_code(connection, EdgeId("e-nobody"), at=half.at, random_bytes=half.chance)


def test_counters_are_never_set_aside_twice(half: HubHalf) -> None:
    edge, _ = code_of(half)
    with half.database.write() as connection:
        firsts = [
            service.reserve_counters(connection, edge, at_least=at_least, count=10)
            for at_least in (100, 0, 105, 500)
        ]
    assert firsts == [100, 110, 120, 500]
