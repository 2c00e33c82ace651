"""Brings claims up to the present sealing key and folding rules; run by the worker after a release changed either."""

import msgspec

from daumoi.core.arrays import Blobs, Hashes, Numbers
from daumoi.core.crypto import SEAL_VERSION, Keys
from daumoi.core.database import Connection
from daumoi.core.sql import statements
from daumoi.people.identifiers import RULE_VERSION, Claimed, Type, fold

_SQL = statements("daumoi.people", "claims")
_STEP = 500


def refresh_claims(connection: Connection, keys: Keys) -> int:
    """Seal and index again one step of claims that are behind; returns how many there were.

    What a claim is joined to stays as it is: a change of rules finds new candidates, it never moves a person.
    """
    with connection.transaction():
        rows = connection.execute(_SQL["outdated_claims"], (SEAL_VERSION, RULE_VERSION, _STEP), binary=True).fetchall()
        if not rows:
            return 0
        opened = [(row[0], row[1], bytes(row[2]), keys.open(bytes(row[3]), bytes(row[2]))) for row in rows]
        folded = [
            fold(keys, msgspec.json.decode(plain, type=Claimed), system_id=system_id, anchor=b"")
            for _, system_id, _, plain in opened
        ]
        ids = [claim for claim, _, _, _ in opened]
        connection.execute(_SQL["drop_index_of"], (ids,))
        entries = [
            (hash_, claim, kind)
            for claim, found in zip(ids, folded, strict=True)
            for kind, hash_ in (*found.typed_strong, *found.weak)
            if kind != Type.REF
        ]
        if entries:
            hashes, claims, kinds = zip(*entries, strict=True)
            connection.execute(_SQL["insert_index"], (Hashes(hashes), Numbers(claims), Numbers(kinds)))
            strong = sorted({hash_ for hash_, _, kind in entries if kind < Type.OLD_NATIONAL_ID})
            connection.execute(_SQL["lock_strong_identifiers"], (Hashes(strong),))
        connection.execute(
            _SQL["refresh_claims"],
            {
                "ids": Numbers(ids),
                "sealed": Blobs(keys.seal(plain, mark) for _, _, mark, plain in opened),
                "names": Blobs(found.name_index for found in folded),
                "years": Blobs(found.birth_year_index for found in folded),
                "sexes": Blobs(found.sex_index for found in folded),
                "key_version": SEAL_VERSION,
                "rule_version": RULE_VERSION,
            },
        )
    return len(rows)
