"""Every page of the console as each role sees it: on a phone in Vietnamese, on a desk in English, light and dark."""

from __future__ import annotations

import gettext
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from daumoi.accounts import roles
from daumoi.console.doors import DOORS, PUBLIC, SIGNED_IN
from daumoi.console.settings import SESSION_COOKIE
from tests.browser.console.conftest import DESK, PHONE
from tests.browser.console.everything import NOBODY, OF_SAI_GON, Everything, fill, session_of
from tests.browser.console.looking import must_be_sound
from tests.browser.console.opening import served
from tests.hubs import REPOSITORY
from tests.integration.console.desk import Desk, state_purpose
from tests.integration.console.test_doors import address as sample_address

GATHER = (Path(__file__).parent / "gather.js").read_text("utf-8")
CONTRAST = (Path(__file__).parent / "contrast.js").read_text("utf-8")
LOCALE = REPOSITORY / "daumoi" / "console" / "locale"
ASKS_A_PURPOSE = ("find_person", "person", "person_lineage", "record", "people_pair", "held_row", "audit")
"""Pages that look otherwise until a purpose, or a reason, is named."""
NO_SIDE_BAR = re.compile(r"^/console/\?wall=1|^/account/(sign-out|password|second-factor|passkeys)")
"""The wall, and the pages that change how one signs in."""
FOLLOWED_ELSEWHERE = {
    "first_page": "test_first_page",
    "live_figures": "test_first_page",
    "account_login": "test_staff",
    "account_inactive": "test_staff",
    "invitation": "test_administration",
    "mfa_authenticate": "test_staff",
    "mfa_login_webauthn": "test_staff",
    "mfa_reauthenticate": "test_staff",
    "account_reauthenticate": "test_staff",
    "mfa_view_recovery_codes": "test_staff",
    "areas_find": "the same templates as console_areas, for a stranger",
    "areas_unit": "the same templates as console_area, for a stranger",
}
"""Pages before, or in the middle of, signing in: other tests walk through them."""


Beside = Callable[..., Any]


@dataclass(frozen=True)
class Look:
    """One way to look at pages."""

    language: str
    viewport: dict[str, int] = field(hash=False)
    theme: Any
    judges: int | None
    """Of which pages axe and the contrast of every text are asked too, half a second a page: those with an even place
    in the list, those with an odd one, or none. So each page is judged once, on a phone or on a desk."""


LOOKS = (
    Look("vi", PHONE, "light", judges=0),
    Look("vi", PHONE, "dark", judges=None),
    Look("en", DESK, "light", judges=None),
    Look("en", DESK, "dark", judges=1),
)


@dataclass(frozen=True)
class Visit:
    """A page to be opened by a member of a role."""

    role: str
    name: str
    path: str
    has_purpose: bool
    place: int
    """Of its page in the list of all."""


def rights_of(role: str) -> frozenset[str]:
    return frozenset() if role == NOBODY else frozenset(roles.load().roles[role].rights)


def opens(role: str, name: str) -> bool:
    """Whether a member of a role may open a page."""
    return DOORS[name] in {PUBLIC, SIGNED_IN, *rights_of(role)}


def meets(role: str, name: str, path: str) -> bool:
    """Whether the page behind an address is there for a role: flows are nationwide, and the wall is the board's."""
    if not opens(role, name) or (name == "flow_system" and roles.load().roles[role].local):
        return False
    return "wall=1" not in path or "board.view" in rights_of(role)


def cast() -> list[str]:
    return [*roles.load().roles, NOBODY]


def visits(everything: Everything) -> list[Visit]:
    """Each page by each role that may open it."""
    pages = [
        (name, path, has_purpose)
        for name, paths in everything.paths.items()
        for path in paths
        for has_purpose in ((False, True) if name in ASKS_A_PURPOSE else (True,))
    ]
    return [
        Visit(role, name, path, has_purpose, place)
        for place, (name, path, has_purpose) in enumerate(pages)
        for role in cast()
        if meets(role, name, path)
    ]


def rotated(all_of_them: list[Visit], turn: int) -> list[Visit]:
    """Each page once, by another role for each turn and page, so that every role comes round."""
    by_page: dict[tuple[str, bool], list[Visit]] = {}
    for visit in all_of_them:
        by_page.setdefault((visit.path, visit.has_purpose), []).append(visit)
    chosen = [able[(turn * 7 + number) % len(able)] for number, able in enumerate(by_page.values())]
    seen = {visit.role for visit in chosen}
    chosen += [
        next(each for each in all_of_them if each.role == role and each.name == "console_home")
        for role in cast()
        if role not in seen
    ]
    return sorted(chosen, key=lambda visit: (visit.role, visit.has_purpose))


@pytest.fixture(scope="module")
def beside() -> Iterator[Beside]:
    """Does something in a thread of its own: Playwright keeps an event loop in this one, where Django will not work."""
    with ThreadPoolExecutor(1) as thread:
        yield lambda act, *values: thread.submit(act, *values).result()
        thread.submit(_close_connections).result()


def _close_connections() -> None:
    from django.db import connections

    connections.close_all()


@pytest.fixture(scope="module")
def everything(desk: Desk, beside: Beside) -> Everything:
    made: Everything = beside(fill, desk)
    return made


@pytest.fixture(scope="module")
def address(everything: Everything) -> Iterator[str]:
    with served(everything.desk.hub) as address:
        yield address


@pytest.fixture(scope="module")
def session(everything: Everything, beside: Beside) -> Callable[[str, bool], str]:
    """The cookie of a member's session, with or without a purpose named in it."""

    @cache
    def made(role: str, has_purpose: bool) -> str:
        key: str = beside(session_of, everything.desk, role, has_purpose)
        return key

    return made


def become(context: BrowserContext, address: str, session: str, language: str) -> None:
    context.clear_cookies()
    cookies = {SESSION_COOKIE: session, "daumoi_language": language}
    context.add_cookies([{"name": key, "value": value, "url": address} for key, value in cookies.items()])


def entries_of(role: str) -> list[str]:
    """The addresses of the side bar of a role, as its rights say."""
    from daumoi.console.navigation import ENTRIES  # needs Django's settings, which a hub makes

    return [sample_address(entry.url_name) for entry in ENTRIES if entry.right in {SIGNED_IN, *rights_of(role)}]


_VIETNAMESE = gettext.translation("django", LOCALE, languages=["vi"])
_ENGLISH = re.compile(r"\b(the|of|and|is|are|was|were|with|from|this|that|not|has|have|by|for)\b", re.IGNORECASE)


def untranslated(said: list[str]) -> list[str]:
    """Texts of a Vietnamese page that are keys of its translations, or that read like an English sentence."""
    return [
        text
        for text in said
        if _VIETNAMESE.gettext(text) != text or len({word.lower() for word in _ENGLISH.findall(text)}) > 1
    ]


def look_at(page: Page, visit: Visit, look: Look, *, judges_all: bool) -> list[str]:
    """Open one page and return what is wrong with it."""
    answer = page.goto(visit.path)
    assert answer is not None
    if answer.status != 200:
        return [f"status {answer.status}"]
    found = page.evaluate(GATHER)
    wrong = [] if found["fits"] else ["wider than its screen"]
    if found["headings"] != 1:
        wrong.append(f"{found['headings']} main headings")
    if found["entries"] != ([] if NO_SIDE_BAR.match(visit.path) else entries_of(visit.role)):
        wrong.append(f"side bar {found['entries']}")
    if look.language == "vi":
        wrong += [f"not in Vietnamese: {text}" for text in untranslated(found["said"])]
    if visit.role == "province_admin":
        text = " ".join(found["said"])
        wrong += [f"of another province: {mark}" for mark in OF_SAI_GON if mark in text]
    if judges_all or visit.place % 2 == look.judges:
        must_be_sound(page, visit.path)
        wrong += [f"pale: {text}" for text in page.evaluate(CONTRAST)]
    return wrong


def walk(
    browser: Browser,
    address: str,
    session: Callable[[str, bool], str],
    look: Look,
    chosen: list[Visit],
    *,
    judges_all: bool = False,
) -> list[str]:
    """Look at pages in one way, and return what is wrong with whose page."""
    context = browser.new_context(
        base_url=address,
        color_scheme=look.theme,
        viewport=look.viewport,  # type: ignore[arg-type]
        reduced_motion="reduce",
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    faults: list[str] = []
    who: tuple[str, bool] | None = None
    for visit in chosen:
        if who != (visit.role, visit.has_purpose):
            who = (visit.role, visit.has_purpose)
            become(context, address, session(*who), look.language)
        wrong = look_at(page, visit, look, judges_all=judges_all) + complaints
        complaints.clear()
        faults += [f"{visit.role} {visit.path}: {each}" for each in wrong]
    context.close()
    return faults


@pytest.mark.timeout(900)
@pytest.mark.parametrize("turn", range(len(LOOKS)), ids=[f"{look.language}, {look.theme}" for look in LOOKS])
def test_every_page_is_sound_for_a_role_that_may_open_it(
    browser: Browser, address: str, everything: Everything, session: Callable[[str, bool], str], turn: int
) -> None:
    faults = walk(browser, address, session, LOOKS[turn], rotated(visits(everything), turn))
    assert not faults, "\n".join(faults)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("look", LOOKS, ids=[f"{look.language}, {look.theme}" for look in LOOKS])
def test_every_page_is_sound_for_every_role_that_may_open_it(
    browser: Browser, address: str, everything: Everything, session: Callable[[str, bool], str], look: Look
) -> None:
    chosen = sorted(visits(everything), key=lambda visit: (visit.role, visit.has_purpose))
    faults = walk(browser, address, session, look, chosen, judges_all=look.judges is not None)
    assert not faults, "\n".join(faults)


def test_what_a_role_does_not_open_is_refused_also_where_there_is_something_to_see(
    everything: Everything, beside: Beside
) -> None:
    """The table of doors is tried with made-up numbers elsewhere; here the record, the row and the person exist."""

    def opened() -> list[tuple[str, str, int]]:
        found: list[tuple[str, str, int]] = []
        for role in cast():
            client = everything.desk.as_member(role)
            closed = [paths[0] for name, paths in everything.paths.items() if not opens(role, name)]
            answers = {path: client.get(path).status_code for path in closed}
            found += [(role, path, status) for path, status in answers.items() if status != 403]
        return found

    assert beside(opened) == []


def test_an_officer_meets_no_figure_and_no_name_of_another_province_on_any_page(
    everything: Everything, beside: Beside
) -> None:
    """The marks are there to be met: who sees the whole country meets every one of them."""

    def met(role: str) -> set[tuple[str, str]]:
        client = everything.desk.as_member(role, language="vi")
        state_purpose(client, "contact_tracing")
        opened = [path for name, paths in everything.paths.items() if opens(role, name) for path in paths]
        texts = {path: client.get(path).text for path in (*opened, *everything.of_sai_gon)}
        return {(path, mark) for path, text in texts.items() for mark in OF_SAI_GON if mark in text}

    assert beside(met, "province_admin") == set()
    assert {mark for _, mark in beside(met, "data_steward")} == set(OF_SAI_GON)


def test_every_page_of_the_console_is_in_the_walk(everything: Everything, beside: Beside) -> None:
    """A new page stands in the walk, or where it is looked at instead."""

    def forgotten() -> list[str]:
        clients = {role: everything.desk.as_member(role) for role in cast()}
        names = sorted(DOORS.keys() - everything.paths.keys() - FOLLOWED_ELSEWHERE.keys())
        answers = {
            name: clients[next(each for each in cast() if opens(each, name))].get(sample_address(name))
            for name in names
        }
        return [
            name
            for name, answer in answers.items()
            if answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html")
        ]

    assert beside(forgotten) == [], "name its address in everything.py"
