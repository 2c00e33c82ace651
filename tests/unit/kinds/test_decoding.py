"""The fast path and the slow checker are one: a row the first takes, the second takes with the same meaning."""

from __future__ import annotations

import copy
import json
import random
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daumoi.kinds.decoding import decode, decode_slowly
from daumoi.kinds.registry import KINDS
from tests.contract import records as sample

ROWS = {
    "health_declaration": sample.a_declaration(),
    "movement_declaration": sample.a_movement(),
    "citizen_report": sample.a_report(),
    "checkpoint": sample.a_checkpoint(),
    "checkpoint_passage": sample.a_passage("CP-1"),
    "area_count": sample.an_area_count({"span": "to_date", "publication": "Bản tin 18 giờ"}),
}
TRAPS: list[Any] = [
    *("", " ", "\x00", "a\ud800", "x" * 5000, "allowed", "in", "VN", "00004", "vn-2025"),
    *("2021-08-01T08:00:00+0700", "2021-08-01T08:00:00", "2021-08-01T08:00:00Z", "2021-08-01 08:00:00+07:00"),
    *("2021-08-01T08:00:00.1234567+07:00", "2021-08-01T24:00:00Z", "2021-08-01T08:00:60Z", "2021-02-30", "2021-2-3"),
    *("20210801", "2021-08-01T08:00:00-00:00", "2021-08-01t08:00:00z", "2021-08-01T08:00+07:00", "0001-01-01"),
    *(0, -0.0, 1.0, 1.5, 2**31, 2**63, 10**400, 1e308, -1, True, False, None, [], {}, [None], {"": None}),
]
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
VALUES = (st.sampled_from(TRAPS) | ANY_JSON).map(copy.deepcopy)


def holders(value: Any) -> list[Any]:
    """Every object and list of a row that is not empty."""
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    found = [value] if isinstance(value, dict | list) and value else []
    return found + [holder for member in members for holder in holders(member)]


@st.composite
def texts(draw: st.DrawFn, kind: str) -> bytes:
    """A good row with some of it changed, written in one of the ways that JSON allows."""
    row: dict[str, Any] = json.loads(json.dumps(ROWS[kind]))
    for _ in range(draw(st.integers(0, 2))):
        holder = draw(st.sampled_from(holders(row)))
        place = draw(st.sampled_from(sorted(holder) if isinstance(holder, dict) else range(len(holder))))
        match draw(st.sampled_from(["set", "drop", "add"])):
            case "set":
                holder[place] = draw(VALUES)
            case "drop":
                del holder[place]
            case _ if isinstance(holder, dict):
                holder[draw(st.sampled_from(["location", "note", "x", str(place) + " "]))] = draw(VALUES)
            case _:
                holder.append(draw(VALUES))
    random.Random(draw(st.integers(0, 9))).shuffle(keys := list(row))
    separators = draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,", " : "), (",\t", "\t:\r")]))
    line = json.dumps({key: row[key] for key in keys}, ensure_ascii=draw(st.booleans()), separators=separators)
    if draw(st.integers(0, 5)) == 0:
        twice = draw(st.sampled_from([json.dumps(key) for key in keys] or ['"ref"']))
        line = f"{line[:-1]}{',' if keys else ''}{twice}:{json.dumps(draw(VALUES))}}}"
    content = line.encode("utf-8", "surrogatepass")
    if draw(st.integers(0, 5)) == 0:
        at = draw(st.integers(0, len(content)))
        content = content[:at] + draw(st.binary(max_size=3)) + content[at + draw(st.integers(0, 2)) :]
    return content


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_good_row_is_taken_by_both_ways(kind: str) -> None:
    line = json.dumps(ROWS[kind]).encode()
    fast, slow = decode(KINDS[kind], line), decode_slowly(KINDS[kind], line)
    assert not slow.faults
    assert fast.record is not None
    assert fast.record == slow.record


@pytest.mark.parametrize("kind", sorted(KINDS))
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_the_fast_path_takes_a_row_only_if_the_slow_checker_takes_it_with_the_same_meaning(
    kind: str, data: st.DataObject
) -> None:
    line = data.draw(texts(kind))
    fast, slow = decode(KINDS[kind], line), decode_slowly(KINDS[kind], line)
    assert [(found.code, found.pointer) for found in fast.faults] == [(one.code, one.pointer) for one in slow.faults]
    if not fast.faults:
        assert fast.record == slow.record
        assert fast.record is not None


_AT_ONCE = """
import json, sys, threading
from daumoi.kinds.decoding import decode
from daumoi.kinds.registry import ALL

sys.setswitchinterval(1e-6)
start = threading.Barrier(2 * len(ALL))
right = []

def read(kind):
    line = json.dumps(kind.example).encode()
    start.wait()
    right.append(all(decode(kind, line).record is not None for _ in range(20)))

threads = [threading.Thread(target=read, args=(kind,)) for kind in ALL * 2]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
sys.exit(0 if right == [True] * len(threads) else 1)
"""


def test_the_first_rows_of_all_kinds_may_come_at_once() -> None:
    ends = [subprocess.run([sys.executable, "-c", _AT_ONCE], check=False).returncode for _ in range(8)]
    assert ends == [0] * 8
