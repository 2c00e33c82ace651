"""Every address of the pages and what opens it. An address that does not stand here is closed to everybody.

A new page is one line here, beside its line in `urls.py`; a test opens every address as every role and compares.
"""

from typing import Final

PUBLIC: Final = "public"
"""Open to a stranger: no record, no person, no system's name."""
SIGNED_IN: Final = "signed in"
"""Open to every member: their own account, and pages that show what their scope allows."""

DOORS: Final[dict[str, str]] = {
    "first_page": PUBLIC,
    "live_figures": PUBLIC,
    "language": PUBLIC,
    "theme": PUBLIC,
    "activity": PUBLIC,  # looks for itself: this machine, a demo, or staff with flows.view
    "areas_find": PUBLIC,
    "areas_unit": PUBLIC,
    "icon": PUBLIC,
    # Signing in.
    "account_login": PUBLIC,
    "account_inactive": PUBLIC,
    "invitation": PUBLIC,
    "mfa_authenticate": PUBLIC,
    "mfa_login_webauthn": PUBLIC,
    # One's own account.
    "account_logout": PUBLIC,
    "account_change_password": SIGNED_IN,
    "account_reauthenticate": SIGNED_IN,
    "mfa_index": SIGNED_IN,
    "mfa_reauthenticate": SIGNED_IN,
    "mfa_reauthenticate_webauthn": SIGNED_IN,
    "mfa_activate_totp": SIGNED_IN,
    "mfa_deactivate_totp": SIGNED_IN,
    "mfa_view_recovery_codes": SIGNED_IN,
    "mfa_generate_recovery_codes": SIGNED_IN,
    "mfa_download_recovery_codes": SIGNED_IN,
    "mfa_list_webauthn": SIGNED_IN,
    "mfa_add_webauthn": SIGNED_IN,
    "mfa_edit_webauthn": SIGNED_IN,
    "mfa_remove_webauthn": SIGNED_IN,
    "usersessions_list": SIGNED_IN,
    "console_account": SIGNED_IN,
    # The console.
    "console_home": SIGNED_IN,
    "purpose": SIGNED_IN,
    "find_person": "person.find",
    "person": "person.find",
    "person_split": "person.merge.propose",
    "people_candidates": "person.merge.view",
    "people_compare": "person.merge.view",
    "people_pair": "person.merge.view",
    "people_pair_propose": "person.merge.propose",
    "people_pair_keep_apart": "person.merge.decide",
    "people_proposals": "person.merge.view",
    "people_proposal": "person.merge.view",
    "people_proposal_decide": "person.merge.decide",
    "people_proposal_withdraw": "person.merge.propose",
    "people_proposal_undo": "person.merge.propose",
    "members": "member.view",
    "member_propose": "member.propose",
    "member_decide": "member.approve",
    "member_invite": "member.propose",
}

FIRST_THINGS: Final = frozenset({"account_logout", "language", "theme", "icon", "account_reauthenticate"})
"""Always open to who has signed in."""
NEW_PASSWORD: Final = "account_change_password"  # noqa: S105 - the name of an address
SECOND_FACTOR: Final = frozenset(
    {
        "mfa_index",
        "mfa_activate_totp",
        "mfa_view_recovery_codes",
        "mfa_generate_recovery_codes",
        "mfa_download_recovery_codes",
        "mfa_list_webauthn",
        "mfa_add_webauthn",
        "mfa_reauthenticate",
        "mfa_reauthenticate_webauthn",
        "account_change_password",
    }
)
"""All that a member without a second factor may open."""
