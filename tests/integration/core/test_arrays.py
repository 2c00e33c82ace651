"""Packed arrays reach the database as what they are."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daumoi.core.arrays import Blobs, Hashes, Numbers
from daumoi.core.hub import Hub

FEW = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FEW
@given(values=st.lists(st.binary(min_size=16, max_size=16), max_size=50))
def test_hashes_come_back_as_they_were_sent(hub: Hub, values: list[bytes]) -> None:
    with hub.pool.connection() as connection:
        row = connection.execute("SELECT %s::bytea[]", (Hashes(values),), binary=True).fetchone()
    assert row == (values,)


@FEW
@given(values=st.lists(st.none() | st.binary(max_size=40), max_size=50))
def test_byte_strings_of_any_length_and_nulls_come_back_as_they_were_sent(hub: Hub, values: list[bytes | None]) -> None:
    with hub.pool.connection() as connection:
        row = connection.execute("SELECT %s::bytea[]", (Blobs(values),), binary=True).fetchone()
    assert row == (values,)


@FEW
@given(values=st.lists(st.integers(-(2**63), 2**63 - 1), max_size=50))
def test_numbers_come_back_as_they_were_sent(hub: Hub, values: list[int]) -> None:
    with hub.pool.connection() as connection:
        row = connection.execute("SELECT %s::bigint[]", (Numbers(values),)).fetchone()
    assert row == (values,)


@pytest.mark.parametrize("wrong", [15, 17, 0])
def test_a_hash_of_another_length_is_refused_before_it_is_sent(hub: Hub, wrong: int) -> None:
    with hub.pool.connection() as connection, pytest.raises(ValueError, match="16 bytes"):
        connection.execute("SELECT %s::bytea[]", (Hashes([os.urandom(16), os.urandom(wrong)]),))
