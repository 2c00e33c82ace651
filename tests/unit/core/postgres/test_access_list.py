"""One user gets through a folder, and nobody else's rights change."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from daumoi.core.postgres import access_list
from daumoi.core.postgres.access_list import Entry, decode, encode, let_pass, of_mode, with_traverse

USER_OBJ, USER, GROUP_OBJ, GROUP, MASK, OTHER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
NO_ID = 0xFFFFFFFF
ADA, BEN = 4001, 4002


def effective(entries: list[Entry]) -> dict[tuple[int, int], int]:
    """What each line of a list really grants: named users and groups are held back by the mask."""
    mask = next((one.rights for one in entries if one.tag == MASK), 7)
    held_back = {USER, GROUP_OBJ, GROUP}
    return {
        (one.tag, one.id): one.rights & mask if one.tag in held_back else one.rights
        for one in entries
        if one.tag != MASK
    }


@pytest.mark.parametrize("mode", [0o700, 0o750, 0o711, 0o755, 0o500, 0o770])
def test_one_user_may_pass_and_the_mode_stays_what_it_was(mode: int) -> None:
    before = effective(of_mode(mode))
    after = effective(with_traverse(of_mode(mode), ADA))
    assert after.pop((USER, ADA)) == 1, "pass, not read and not write"
    assert after == before


def test_a_mask_that_holds_others_back_holds_them_back_afterwards() -> None:
    """chmod 700 on a folder with an access list leaves entries that the mask makes void."""
    voided = [
        Entry(USER_OBJ, NO_ID, 7),
        Entry(USER, BEN, 7),
        Entry(GROUP_OBJ, NO_ID, 5),
        Entry(GROUP, 50, 7),
        Entry(MASK, NO_ID, 0),
        Entry(OTHER, NO_ID, 0),
    ]
    after = effective(with_traverse(voided, ADA))
    assert after[USER, ADA] == 1
    assert (after[USER, BEN], after[GROUP, 50], after[GROUP_OBJ, NO_ID]) == (0, 0, 0)


def test_what_the_user_may_do_already_is_kept() -> None:
    entries = with_traverse([*of_mode(0o700), Entry(USER, ADA, 6), Entry(MASK, NO_ID, 7)], ADA)
    assert effective(entries)[USER, ADA] == 7


def test_asking_twice_changes_nothing_more() -> None:
    once = with_traverse(of_mode(0o700), ADA)
    assert with_traverse(once, ADA) == once


def test_the_kernels_form_is_read_as_it_was_written() -> None:
    entries = with_traverse(of_mode(0o750), ADA)
    assert decode(encode(entries)) == entries


@pytest.mark.parametrize("raw", [b"", b"\x01\x00\x00\x00", b"\x02\x00\x00\x00short"])
def test_another_form_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match="unknown form"):
        decode(raw)


def test_the_kernel_takes_the_list_and_shows_it_again(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o700)
    try:
        let_pass(folder, ADA)
    except OSError:
        pytest.skip("this file system has no access lists")
    found = decode(os.getxattr(folder, access_list._ATTRIBUTE))
    assert effective(found)[USER, ADA] == 1
    assert effective(found)[GROUP_OBJ, NO_ID] == 0
    assert stat.S_IMODE(folder.stat().st_mode) & 0o707 == 0o700
