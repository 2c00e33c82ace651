"""The list of erasures: what was written is there, half a line is none, and a damaged one is never passed over."""

from __future__ import annotations

import datetime
import multiprocessing
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daumoi.people import erasure_list
from daumoi.people.erasure_list import Entry, ListDamaged

AT = datetime.datetime(2021, 8, 1, 12, 0, tzinfo=datetime.timezone(datetime.timedelta(hours=7)))
ONE, TWO = b"\x01" * 16, b"\x02" * 16

instants = st.datetimes(timezones=st.just(datetime.UTC))
fingerprints = st.lists(st.binary(min_size=16, max_size=16), max_size=5).map(tuple)


def test_a_list_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert erasure_list.entries(tmp_path / "none") == []


def test_what_was_appended_is_read_back_in_order_and_for_our_eyes_alone(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "erasures"
    erasure_list.append(folder, [ONE, TWO], AT)
    erasure_list.append(folder, [TWO], AT + datetime.timedelta(seconds=1))
    assert [entry.fingerprints for entry in erasure_list.entries(folder)] == [(ONE, TWO), (TWO,)]
    assert erasure_list.entries(folder)[0].at == AT
    assert (folder / erasure_list.FILE_NAME).stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


@given(st.lists(st.builds(Entry, instants, fingerprints), max_size=6))
def test_any_list_comes_back_as_it_was_written(listed: list[Entry]) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for entry in listed:
            erasure_list.append(folder, entry.fingerprints, entry.at)
        assert erasure_list.entries(folder) == listed


@given(st.integers(min_value=0, max_value=200))
def test_a_list_cut_anywhere_keeps_every_whole_line_and_takes_new_ones(cut: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        erasure_list.append(folder, [ONE], AT)
        whole = (folder / erasure_list.FILE_NAME).stat().st_size
        erasure_list.append(folder, [TWO], AT)
        path = folder / erasure_list.FILE_NAME
        path.write_bytes(path.read_bytes()[: whole + cut])
        kept = [entry.fingerprints for entry in erasure_list.entries(folder)]
        assert kept == ([(ONE,), (TWO,)] if cut >= whole else [(ONE,)])
        erasure_list.append(folder, [TWO, ONE], AT)
        assert [entry.fingerprints for entry in erasure_list.entries(folder)] == [*kept, (TWO, ONE)]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b'{"at":"2021-08-01T05:00:00","fingerprints":[]}',
        b'{"at":"2021-08-01T05:00:00Z","fingerprints":["0101"]}',
        b'{"at":"2021-08-01T05:00:00Z","fingerprints":["zz"]}',
        b"\xff\x00",
    ],
)
def test_a_damaged_line_is_said_and_never_passed_over(tmp_path: Path, line: bytes) -> None:
    erasure_list.append(tmp_path, [ONE], AT)
    with (tmp_path / erasure_list.FILE_NAME).open("ab") as file:
        file.write(line + b"\n")
    erasure_list.append(tmp_path, [TWO], AT)
    with pytest.raises(ListDamaged, match="Line 2"):
        erasure_list.entries(tmp_path)


def test_what_could_not_be_repeated_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        erasure_list.append(tmp_path, [b"short"], AT)
    with pytest.raises(ValueError, match="offset"):
        erasure_list.append(tmp_path, [ONE], datetime.datetime(2021, 8, 1))  # noqa: DTZ001 - what must be refused
    assert erasure_list.entries(tmp_path) == []


def _append_many(folder: Path, mark: int) -> None:
    for _ in range(30):
        erasure_list.append(folder, [bytes([mark]) * 16] * 40, AT)


def test_two_who_write_at_once_lose_no_line(tmp_path: Path) -> None:
    writers = [
        multiprocessing.get_context("fork").Process(target=_append_many, args=(tmp_path, mark)) for mark in (1, 2)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert sorted(entry.fingerprints[0][0] for entry in erasure_list.entries(tmp_path)) == [1] * 30 + [2] * 30
