"""Writes records as the lines of a feed, cut as the reader's agreement says (contract, section 5).

Catching up with a million records is the hot path of reading: what a line says of a record is put together as text, and
facts and identities are passed through as they lie, without being read and written again.
"""

import base64
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from daumoi.core.hub import Hub
from daumoi.exchange.agreements import Agreement
from daumoi.kinds.privacy import put_back
from daumoi.log.entries import Op, Role, personal_context, receipt_key
from daumoi.log.identity_change import KIND_NAME as IDENTITY_CHANGE
from daumoi.log.selectors import ShownRow
from daumoi.organisations.registry import Registry
from daumoi.people.selectors import ClaimView, pseudonym

SUBJECT, AREA_SCHEME, AREA_CODE, BODY, PATH = 7, 8, 9, 15, 16
"""Where a row names its subject, its area as sent, its facts and its path."""

_OPS = {int(op): f'","op":"{op.word}","current":' for op in Op}


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


class Scribe:
    """Writes the lines of one page for one reader."""

    def __init__(
        self,
        hub: Hub,
        registry: Registry,
        agreement: Agreement,
        kind: str,
        number: int,
        views: Mapping[int, ClaimView],
        sealed: Mapping[int, bytes] | None = None,
    ) -> None:
        """Take what is known of the reader, the kind, and the people and sealed values of the page."""
        self._hub, self._registry, self._agreement = hub, registry, agreement
        self._kind, self._number, self._views, self._sealed = kind, number, views, sealed or {}
        self._reader, self._gives = agreement.system_id, agreement.gives_identity
        self._names_people = not agreement.hides_numbers
        self._location = agreement.terms.location
        kept = agreement.terms.fields.get(kind)
        self._kept = None if kept is None else frozenset(kept)
        self._front = f'{{"kind":"{kind}","seq":'
        self._people: dict[int, str] = {}
        self._codes: dict[int, str] = {}

    def line(
        self, row: ShownRow, others: Sequence[tuple[int, int]], *, left: bool = False, own: int | None = None
    ) -> str:
        """Write one record; `others` are its other people, each as (role, claim) in their order.

        `left`: the record is no longer within what the agreement gives; the line takes it back and tells nothing else.
        `own`: its number for this receiver, where the agreement gives none of the log.
        """
        seq, id_, system, ref, revision, op, current, _, _, _, _, _, _, occurred, received, _, _ = row
        if own is not None:
            seq, id_ = own, self._own_id(id_)
        if left:
            op, occurred = Op.WITHDRAW, None
        started = (
            f'{self._front}{seq},"id":"{id_}{_OPS[op]}{"true" if current else "false"},"system":{self._system(system)}'
            f',"ref":{self._ref(system, ref)},"revision":{revision},"occurred_at":{_instant(occurred)}'
            f',"received_at":{_instant(received)}'
        )
        return f"{started}}}\n" if op == Op.WITHDRAW else f"{started}{self._content(row, others)}}}\n"

    def _own_id(self, id_: str) -> str:
        """Give an id that no other receiver has: UUID version 8 (RFC 9562, section 5.8) of a keyed hash."""
        said = self._hub.keys.index("own-id", b"%d|%s" % (self._reader, id_.encode()))
        return str(
            uuid.UUID(bytes=said[:6] + bytes([said[6] & 0x0F | 0x80, said[7], said[8] & 0x3F | 0x80]) + said[9:16])
        )

    def _system(self, system_id: int) -> str:
        code = self._codes.get(system_id)
        if code is None:
            system = self._registry.system(system_id)
            code = self._codes[system_id] = _json(system.code if system else None)
        return code

    def _ref(self, system_id: int, ref: str) -> str:
        """Give the ref as sent to its sender and where identity is given; else a stable stand-in for this reader."""
        if self._gives or system_id == self._reader or self._kind == IDENTITY_CHANGE:
            return _json(ref)
        said = b"%d|%d|%d|%s" % (self._reader, system_id, self._number, ref.encode())
        return f'"~{base64.urlsafe_b64encode(self._hub.keys.index("ref", said))[:22].decode()}"'

    def _content(self, row: ShownRow, others: Sequence[tuple[int, int]]) -> str:
        _, _, _, _, _, _, _, subject, scheme, code, lat, lon, accuracy, _, _, _, _ = row
        area = f',"area":{{"scheme":"{scheme}","code":{_json(code)}}}' if code else ',"area":null'
        if lat is not None and self._location:
            within = f',"accuracy_m":{_json(accuracy)}' if accuracy is not None else ""
            area += f',"location":{{"lat":{_json(lat)},"lon":{_json(lon)}{within}}}'
        if self._names_people:
            area += self._people_of(subject, others)
        return f'{area},"data":{self._data(row, others)}'

    def _people_of(self, subject: int | None, others: Sequence[tuple[int, int]]) -> str:
        found = ""
        if subject is not None:
            who = self._person(subject)
            found += f',"subject":{who}' if who else ""
        companions = []
        for role, claim in others:
            who = self._person(claim)
            if not who:
                continue
            if role == Role.DECLARANT:
                found += f',"declarant":{who}'
            else:
                companions.append(who)
        if companions:
            found += f',"companions":[{",".join(companions)}]'
        return found

    def _data(self, row: ShownRow, others: Sequence[tuple[int, int]]) -> str:
        """Give the facts as they lie; only where something is to be set into them or cut out are they read."""
        body, sealed = row[BODY], self._sealed.get(row[0])
        is_whole = self._kept is None and self._kind != IDENTITY_CHANGE
        if sealed is None and is_whole and (body is None or '"companions"' not in body):
            return body or "{}"
        data = msgspec.json.decode(body) if body else {}
        if sealed is not None:
            key = receipt_key(self._hub.keys, system_id=row[2], kind=self._number, ref=row[3])
            put_back(data, msgspec.json.decode(self._hub.keys.open(sealed, personal_context(key, row[4]))))
        if self._kind == IDENTITY_CHANGE:
            data = self._identity_change(data)
        if "companions" in data:
            self._fill_companions(data, others)
        return _json(data if self._kept is None else {name: data[name] for name in data if name in self._kept})

    def _fill_companions(self, data: dict[str, Any], others: Sequence[tuple[int, int]]) -> None:
        """Set identities as sent into the data where the agreement gives them; else take the field out."""
        if not self._gives:
            del data["companions"]
            return
        views = [self._views.get(claim) for role, claim in others if role == Role.COMPANION]
        data["companions"] = [msgspec.Raw(view.identity) for view in views if view is not None and view.identity]

    def _person(self, claim: int) -> str:
        """Give a person as this reader may see it; empty when the claim was destroyed a moment ago."""
        shown = self._people.get(claim)
        if shown is None:
            view = self._views.get(claim)
            if view is None:
                return ""
            name = pseudonym(self._hub.keys, reader=self._reader, person=view.person)
            identity = f',"identity":{view.identity.decode()}' if view.identity is not None else ""
            shown = self._people[claim] = f'{{"pseudonym":"{name}"{identity}}}'
        return shown

    def _identity_change(self, data: dict[str, Any]) -> dict[str, Any]:
        """Show which of the reader's own pseudonyms became which."""
        reader = self._reader
        return {
            "reason": data["reason"],
            "from": pseudonym(self._hub.keys, reader=reader, person=data["from"]) if data["from"] else None,
            "to": pseudonym(self._hub.keys, reader=reader, person=data["to"]) if data["to"] else None,
            "claim": self._hub.keys.index("claim-name", b"%d|%d" % (reader, data["claim"])).hex(),
        }


def personal_values(hub: Hub, kind: int, row: ShownRow, sealed: bytes | None) -> dict[str, Any]:
    """Open the personal values of a record by JSON pointer; `log.sealed` gave them, for a reading."""
    if sealed is None:
        return {}
    key = receipt_key(hub.keys, system_id=row[2], kind=kind, ref=row[3])
    opened: dict[str, Any] = msgspec.json.decode(hub.keys.open(sealed, personal_context(key, row[4])))
    return opened


def _instant(written: str | None) -> str:
    """Turn an instant as the database writes it in JSON, in UTC, into the form of the contract."""
    return f'{written[:-7]}Z"' if written else "null"
