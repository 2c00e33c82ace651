"""A hub with a little of everything, a member of each role, and every page of the console with its address there."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from daumoi.accounts import roles, services
from daumoi.audit.sealing import seal
from daumoi.core.clock import FixedClock
from daumoi.core.settings import load
from daumoi.exchange import lifecycle, recounting, statements
from daumoi.exchange.files.keeping import keep_files
from daumoi.kinds.registry import KINDS
from daumoi.linkage.candidates import Scored, keep_scored
from daumoi.organisations import registry
from daumoi.organisations.registry import System
from daumoi.rulepacks import bundled
from daumoi.situation.units import keep_table
from tests.integration.console.administration.test_rule_pages import NEW_DAYS
from tests.integration.console.desk import Desk, a_bad_report, state_purpose
from tests.integration.exchange.agreeing import agreed, page, terms_of
from tests.integration.exchange.files.filing import files_for
from tests.integration.exchange.webhooks.receiving import ALLOWED, a_dead_port, a_webhook, looking
from tests.integration.linkage.people import Cast
from tests.integration.sending import a_passage, a_report, a_system, send
from tests.integration.situation.test_counting import a_declaration, count_everything

HA_NOI = {"scheme": "vn-2025", "code": "00004"}
SAI_GON = {"scheme": "vn-2025", "code": "26740"}
NOBODY = "nobody"
"""A member without a role."""
OF_SAI_GON = ("7.913", "Chốt Bến Mẫu", "Bùi Thị Gòn")
"""What stands on pages about records of Thành phố Hồ Chí Minh alone."""

AWHILE_S = 3600
"""How long a session may go on changing one's own account without the password: longer than any walk."""


@dataclass(frozen=True)
class Everything:
    """The hub, and the addresses of each page, by the name of the page in `urls.py`."""

    desk: Desk
    paths: dict[str, tuple[str, ...]]
    of_sai_gon: tuple[str, ...]
    """Addresses of a checkpoint, a person and the figures of Thành phố Hồ Chí Minh."""


def fill(desk: Desk) -> Everything:
    """Fill the hub of a desk; every local role is of Hà Nội."""
    _members(desk)
    people = _records(desk)
    numbers = _steps_of_members(desk)
    with desk.hub.pool.connection() as connection:
        first = connection.execute(
            "SELECT held_id::text, submission::text FROM submission_note WHERE held_id IS NOT NULL ORDER BY 2, row_number"
        ).fetchone()
        system = connection.execute("SELECT id FROM system WHERE code = 'dov'").fetchone()
    assert first is not None
    assert system is not None
    low, high, gon = people
    group = "/console/held/of/dov/citizen_report/unknown_area/"
    held, unit, pack = f"/console/held/row/{first[0]}/", "/console/areas/vn-2025/01/", "/console/rules/covid-19/2/"
    agreement = f"/console/agreements/{numbers['agreement']}/"
    receiver = f"/console/receivers/{numbers['receiver']}/"
    webhook, files = (f"/console/receivers/{numbers[each]}/" for each in ("webhook", "files"))
    paths: dict[str, tuple[str, ...]] = {
        "console_home": (
            "/console/",
            "/console/?wall=1",
            "/console/?from=2021-08-01&area=vn-2025/79",
            "/console/?from=2020-02-01",
        ),
        "console_rights": ("/console/rights/",),
        "console_account": ("/account/",),
        "account_logout": ("/account/sign-out/",),
        "account_change_password": ("/account/password/",),
        "mfa_index": ("/account/second-factor/",),
        "mfa_activate_totp": ("/account/second-factor/app/",),
        "mfa_list_webauthn": ("/account/passkeys/",),
        "mfa_add_webauthn": ("/account/passkeys/new/",),
        "usersessions_list": ("/account/sessions/",),
        "records": ("/console/records/", "/console/records/?kind=citizen_report&from=2021-08-01"),
        "flows": ("/console/flows/",),
        "flow_system": (f"/console/flows/{system[0]}/",),
        "search": ("/console/search/",),
        "held_groups": ("/console/held/",),
        "held_mended": ("/console/held/mended/",),
        "held_row": (held,),
        "held_mend": (f"{held}mend/",),
        "held_group": (group,),
        "held_change": (f"{group}mend/",),
        "submission": (f"/console/submissions/{first[1]}/",),
        "record": ("/console/records/citizen_report/1/", "/console/records/checkpoint/1/"),
        "console_kinds": ("/console/kinds/",),
        "console_kind": ("/console/kinds/health_declaration/",),
        "console_codes": ("/console/codes/symptom/",),
        "console_areas": ("/console/areas/", "/console/areas/?q=Ba+Đình"),
        "console_area": (unit,),
        "find_person": ("/console/people/",),
        "person": (f"/console/people/{low}/",),
        "person_lineage": (f"/console/people/{low}/lineage/",),
        "person_split": (f"/console/people/{low}/split/",),
        "people_candidates": ("/console/people/candidates/",),
        "people_pair": (f"/console/people/{low}/beside/{high}/",),
        "people_proposals": ("/console/people/proposals/", "/console/people/proposals/?show=all"),
        "people_proposal": ("/console/people/proposals/1/",),
        "members": ("/console/members/", "/console/members/?state=waiting"),
        "roles": ("/console/members/roles/",),
        "member_invite": ("/console/members/invite/",),
        "member": (f"/console/members/{numbers['member']}/",),
        "audit": ("/console/audit/", "/console/audit/?from=2020-01-01&to=2020-01-02"),
        "audit_chain": ("/console/audit/chain/",),
        "audit_line": ("/console/audit/1/",),
        "emergency": ("/console/emergency/",),
        "emergency_reviews": ("/console/emergency/reviews/",),
        "rules": ("/console/rules/",),
        "rules_version": (pack, "/console/rules/covid-19/1/?on=2021-12-29"),
        "rules_compare": (f"{pack}changes/",),
        "rules_draft": ("/console/rules/draft/",),
        "agreements": ("/console/agreements/",),
        "agreement": (agreement,),
        "agreement_draft": ("/console/agreements/draft/",),
        "agreement_amend": (f"{agreement}amend/",),
        "agreement_preview": (f"{agreement}1/preview/",),
        "receivers": ("/console/receivers/",),
        "receiver_days": (f"{receiver}days/", f"{receiver}days/?before=2021-08-01"),
        "receiver_day": (f"{receiver}days/2021-08-01/", f"{receiver}days/2021-07-01/"),
        "reconciliation": ("/console/reconciliation/", "/console/reconciliation/?after=2021-01-01.1"),
        "receiver": (receiver, webhook, files),
        "receiver_waiting": (f"{webhook}waiting/",),
        "receiver_attempts": (f"{webhook}attempts/",),
        "receiver_attempt": (f"{webhook}attempts/1/",),
        "receiver_replay": (f"{webhook}replay/?kind=citizen_report&after=0",),
        "receiver_files": (f"{files}files/",),
        "receiver_part": (f"{files}files/1/",),
    }
    of_sai_gon = (
        "/console/records/checkpoint/2/",
        f"/console/people/{gon}/",
        f"/console/people/{gon}/lineage/",
        "/console/?from=2021-08-01&area=vn-2025/79",
    )
    return Everything(desk, paths, of_sai_gon)


def session_of(desk: Desk, name: str, has_purpose: bool) -> str:
    """Sign a member in who has just given their password, and has named a purpose if so wished."""
    from django.contrib.sessions.backends.db import SessionStore

    client = desk.as_member(name)
    if has_purpose:
        state_purpose(client, "contact_tracing")
        client.post("/console/audit/", data={"reason": "Kiểm tra định kỳ"})
    key = next(cookie.value for cookie in client.cookies.jar if cookie.name == _session_cookie())
    store = SessionStore(key)
    store["account_authentication_methods"] = [{"method": "password", "at": time.time() + AWHILE_S}]
    store.save()
    assert key is not None
    return key


def _session_cookie() -> str:
    from daumoi.console.settings import SESSION_COOKIE

    return SESSION_COOKIE


def _members(desk: Desk) -> None:
    for role in roles.load().roles.values():
        where: dict[str, str] = {"area": "vn-2025/01", "organisation": "dov"} if role.local else {}
        desk.add(role.name, role.name, **where)
    with desk.hub.pool.connection() as connection:
        desk.members[NOBODY] = services.add_member(
            connection, email=f"{NOBODY}@demo.invalid", name="Phạm Không Vai", at=desk.hub.clock.now(), is_demo=True
        )
        connection.execute("UPDATE member SET password = 'scrypt$16384$salt$8$5$none'")


def _records(desk: Desk) -> tuple[int, int, int]:
    """Records of each kind and rows that are held; returns two people who may be one, and one of Thành phố Hồ Chí Minh."""
    hub = desk.hub
    assert isinstance(hub.clock, FixedClock)
    with hub.pool.connection() as connection:
        keep_table(connection)
        bundled.install_all(connection, at=hub.clock.now())
    dov, sai_gon = a_system(hub, "dov"), a_system(hub, "sai-gon")
    a_system(hub, "reader", read="citizen_report")
    a_system(hub, "reader-of-reports")
    posts = [
        KINDS["checkpoint"].example | {"area": HA_NOI},
        _checkpoint("SG-1", "Chốt Bến Mẫu"),
    ]
    send(hub, dov, "checkpoint", posts)
    passages = [a_passage(f"p{number}") for number in range(5)]
    passages[0]["data"]["decision"] = "denied"
    passages.append(a_passage("sg-passage"))
    passages[-1]["data"]["checkpoint"] = "SG-1"
    send(hub, dov, "checkpoint_passage", passages)
    ill = {"form": "daily", "symptoms": {"fever": True}}
    send(
        hub, dov, "health_declaration", [a_declaration("h1", area=HA_NOI, data=ill), a_declaration("h2", area=SAI_GON)]
    )
    send(
        hub,
        dov,
        "movement_declaration",
        [KINDS["movement_declaration"].example | {"area": HA_NOI, "occurred_at": "2021-08-01T06:30:00+07:00"}],
    )
    send(hub, dov, "citizen_report", [a_bad_report("A-17", "00004")])
    send(hub, dov, "citizen_report", [a_bad_report("A-17", "00004", category="other") | {"revision": 2}])
    send(hub, dov, "citizen_report", [a_bad_report(f"b{number}") for number in range(12)])
    send(hub, dov, "citizen_report", [a_report("r1", area=HA_NOI), a_report("sg-report-1", area=SAI_GON)])
    send(hub, dov, "citizen_report", [a_report("when", occurred_at="hôm qua")])
    for ref, area, value in (("c1", "01", 1234), ("c2", "79", 7913)):
        count = dict(KINDS["area_count"].example)
        count |= {"ref": ref, "area": {"scheme": "vn-2025", "code": area}, "data": count["data"] | {"value": value}}
        assert send(hub, dov, "area_count", [count]).accepted == 1
    cast = Cast(hub, dov, sai_gon)
    lan = {"full_name": "Đỗ Thị Lan", "birth_date": "1987-02-03", "sex": "female", "phone": "0912345681"}
    one = cast.declare(lan | {"national_id": cast.national_id(), "nationality": "VN"})
    other = cast.declare({"full_name": "DO THI LAN", "birth_date": "1987", "phone": "0912345681"}, system=sai_gon)
    gon = cast.declare({"full_name": "Bùi Thị Gòn", "birth_date": "1990-01-01", "phone": "0912345699"}, area="26740")
    hai = [cast.person(cast.declare({"full_name": "Tạ Văn Hai", "birth_date": day})) for day in ("1971", "1971-08-09")]
    cast.follow()
    count_everything(hub)
    hub.clock.move(timedelta(hours=2))
    low, high = sorted((cast.person(one), cast.person(other)))
    said = {"name": "accents differ", "birth": "same year, day unknown", "phone": "same", "area": "same unit"}
    with hub.pool.connection() as connection:
        keep_scored(connection, [Scored(low, high, 0.9871, said)], hub.clock.now())
    tracer = desk.as_member("support_tier2")
    state_purpose(tracer, "contact_tracing")
    answer = tracer.post(f"/console/people/{hai[0]}/beside/{hai[1]}/propose/", data={"reason": "đã gọi hỏi"})
    assert answer.status_code == 302, answer.text[:500]
    return low, high, cast.person(gon)


def _checkpoint(code: str, name: str) -> dict[str, Any]:
    example = KINDS["checkpoint"].example
    return example | {"ref": code, "area": SAI_GON, "data": example["data"] | {"code": code, "name": name}}


def _steps_of_members(desk: Desk) -> dict[str, int]:
    """A rule pack in draft, a member who waits for approval, and an access in an emergency that is open."""
    adviser = desk.as_member("epi_adviser")
    files = {"file": ("new.toml", NEW_DAYS)}
    answer = adviser.post("/console/rules/draft/", data={"remark": "Theo văn bản mới"}, files=files)
    assert answer.status_code == 302, answer.text[:500]
    asked = {"area_text": "TP Hồ Chí Minh", "area": "vn-2025/79", "reason": "Truy vết ổ dịch liên tỉnh"}
    answer = desk.as_member("cdc_tracer").post("/console/emergency/", data=asked)
    assert answer.status_code == 302, answer.text[:500]
    wanted = {"name": "Kim Mới", "email": "kim@example.vn", "role": "ward_health", "reason": "Bổ sung cán bộ"}
    wanted |= {"from_on": "2021-08-01", "area_text": "Hà Nội", "area": "vn-2025/01"}
    answer = desk.as_member("standing_member").post("/console/members/invite/", data=wanted)
    assert answer.status_code == 302, answer.text[:2000]
    found = re.search(r"/members/(\d+)/", answer.headers["Location"])
    assert found is not None
    seal(desk.hub)
    return {"member": int(found[1]), **_an_agreement(desk)}


def _an_agreement(desk: Desk) -> dict[str, int]:
    """Reports of Hà Nội shared with a system that has read some of them, and a further version that waits."""
    with desk.hub.pool.connection() as connection:
        reader = registry.load(connection).by_code("reader-of-reports")
        assert reader is not None
    made = agreed(desk.hub, reader, terms_of("citizen_report", areas=[("vn-2025", "01")]))
    page(desk.hub, reader, "citizen_report", limit=1)
    with desk.hub.pool.connection() as connection, connection.transaction():
        terms = terms_of("citizen_report", "checkpoint", areas=[("vn-2025", "01")])
        at = desk.hub.clock.now()
        version = lifecycle.amend(connection, agreement=made, terms=terms, by="member:1", at=at)
        lifecycle.propose(connection, agreement=made, version=version, at=at)
        row = connection.execute("SELECT id FROM destination WHERE receiver = %s", (reader.id,)).fetchone()
    assert row is not None
    ways = _ways_that_push(desk, reader)
    _counted(desk)
    return {"agreement": made, "receiver": int(row[0]), **ways}


def _counted(desk: Desk) -> None:
    """The nights have counted the day and signed its statements; what the receiver has not taken has waited since."""
    clock = desk.hub.clock
    assert isinstance(clock, FixedClock)
    clock.move(timedelta(days=2))
    recounting.prove(desk.hub)
    statements.keep_missing(desk.hub, days=recounting.BACK_DAYS)
    clock.move(-timedelta(days=2))


def _ways_that_push(desk: Desk, reader: System) -> dict[str, int]:
    """A webhook whose receiver does not run, and files of a day without records that nobody has fetched."""
    hub = replace(desk.hub, settings=load(ALLOWED, data_dir=desk.hub.settings.data_dir))
    hook = a_webhook(hub, reader, f"http://127.0.0.1:{a_dead_port()}/in", kinds=("citizen_report",), content=None)
    with looking(hub) as looks:
        looks.until_quiet()
    files = files_for(hub, reader, "csv", kinds=["citizen_report"], begins_on=date(2021, 7, 31), by_province=True)
    keep_files(hub)
    return {"webhook": hook.id, "files": files}
