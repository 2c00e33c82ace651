"""POSIX access lists of folders, read and written as Linux keeps them (linux/posix_acl_xattr.h).

Written by hand because neither the standard library nor a minimal system has a tool for them.
"""

import os
import struct
from dataclasses import dataclass
from pathlib import Path

_ATTRIBUTE = "system.posix_acl_access"
_VERSION = 2
_HEAD = struct.Struct("<I")
_ENTRY = struct.Struct("<HHI")
_NO_ID = 0xFFFFFFFF
_USER_OBJ, _USER, _GROUP_OBJ, _GROUP, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
_MASKED = frozenset({_USER, _GROUP_OBJ, _GROUP})
_EXECUTE = 1


@dataclass(frozen=True, order=True)
class Entry:
    """One line of an access list; in this order the kernel wants them."""

    tag: int
    id: int
    rights: int


def of_mode(mode: int) -> list[Entry]:
    """Return the access list that says what the mode bits say."""
    return [
        Entry(_USER_OBJ, _NO_ID, mode >> 6 & 7),
        Entry(_GROUP_OBJ, _NO_ID, mode >> 3 & 7),
        Entry(_OTHER, _NO_ID, mode & 7),
    ]


def decode(raw: bytes) -> list[Entry]:
    """Read the kernel's form; raises ValueError for an unknown one."""
    if len(raw) < _HEAD.size or _HEAD.unpack_from(raw)[0] != _VERSION or (len(raw) - _HEAD.size) % _ENTRY.size:
        raise ValueError("unknown form of an access list")
    return [Entry(tag, number, rights) for tag, rights, number in _ENTRY.iter_unpack(raw[_HEAD.size :])]


def encode(entries: list[Entry]) -> bytes:
    """Write the kernel's form."""
    return _HEAD.pack(_VERSION) + b"".join(_ENTRY.pack(one.tag, one.rights, one.id) for one in sorted(entries))


def with_traverse(entries: list[Entry], uid: int) -> list[Entry]:
    """Add the right to pass (and nothing else) for one user; what anybody else may do stays as it is.

    A mask that did not let anybody pass must be raised for our entry; so what it held back from others before
    is first taken out of their own entries.
    """
    masks = [one.rights for one in entries if one.tag == _MASK]
    mask = masks[0] if masks else 7
    kept: list[Entry] = []
    ours = 0
    for one in entries:
        if one.tag == _MASK:
            continue
        rights = one.rights & mask if one.tag in _MASKED else one.rights
        if one.tag == _USER and one.id == uid:
            ours = rights
            continue
        kept.append(Entry(one.tag, one.id, rights))
    kept.append(Entry(_USER, uid, ours | _EXECUTE))
    widest = 0
    for one in kept:
        if one.tag in _MASKED:
            widest |= one.rights
    return sorted([*kept, Entry(_MASK, _NO_ID, widest)])


def let_pass(folder: Path, uid: int) -> None:
    """Give one user the right to pass a folder; raises OSError where the file system has no access lists."""
    try:
        entries = decode(os.getxattr(folder, _ATTRIBUTE))
    except ValueError as fault:
        raise OSError(str(fault)) from None
    except OSError:
        # None is set (ENODATA); where the file system has none at all, the write below says so.
        entries = of_mode(folder.stat().st_mode)
    os.setxattr(folder, _ATTRIBUTE, encode(with_traverse(entries, uid)))
