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
    "areas_find": PUBLIC,
    "areas_unit": PUBLIC,
    "outlines": PUBLIC,
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
    "console_home": SIGNED_IN,  # the board for who has board.view, their rights for everybody else
    "console_rights": SIGNED_IN,
    "board_export": "board.view",
    "records": "board.view",
    "flows": "flows.view",
    "flows_export": "flows.view",
    "flow_system": "flows.view",
    "search": SIGNED_IN,  # finds only what the member's rights open
    "purpose": SIGNED_IN,
    "held_groups": "held.view",
    "held_mended": "held.view",
    "held_row": "held.view",
    "held_group": "held.view",
    "held_mend": "held.mend",
    "held_row_hand_back": "held.mend",
    "held_change": "held.mend",
    "held_replay": "held.mend",
    "held_hand_back": "held.mend",
    "record": "record.view",
    "submission": "held.view",
    "console_kinds": "kinds.view",
    "console_kind": "kinds.view",
    "console_codes": "kinds.view",
    "console_areas": "areas.view",
    "console_area": "areas.view",
    # People.
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
    # Members.
    "members": "member.view",
    "members_file": "member.view",
    "roles": "member.view",
    "member": "member.view",
    "member_invite": "member.propose",
    "member_link": "member.propose",
    "member_propose": "member.propose",
    "member_decide": "member.approve",
    "member_end": "member.end",
    "member_switch": "member.end",
    "member_end_sessions": "member.end",
    # The audit log, and access in an emergency.
    "audit": "audit.search",
    "audit_file": "audit.search",
    "audit_chain": "audit.search",
    "audit_line": "audit.search",
    "emergency": "breakglass.use",
    "emergency_end": "breakglass.use",
    "emergency_reviews": "breakglass.review",
    "emergency_reviews_file": "breakglass.review",
    "emergency_review": "breakglass.review",
    # Sharing agreements and their receivers.
    "agreements": "agreement.view",
    "agreements_file": "agreement.view",
    "agreement": "agreement.view",
    "agreement_preview": "agreement.view",
    "agreement_draft": "agreement.propose",
    "agreement_amend": "agreement.propose",
    "agreement_propose": "agreement.propose",
    "agreement_withdraw": "agreement.propose",
    "agreement_approve": "agreement.approve",
    "agreement_refuse": "agreement.approve",
    "agreement_approve_privacy": "agreement.privacy",
    "agreement_refuse_privacy": "agreement.privacy",
    "agreement_suspend": "agreement.suspend",
    "agreement_resume": "agreement.approve",
    "agreement_end": "agreement.approve",
    "receivers": "system.view",
    "receiver": "system.view",
    "receiver_waiting": "system.view",
    "receiver_attempts": "system.view",
    "receiver_attempt": "system.view",
    "receiver_days": "system.view",
    "receiver_part": "system.view",
    "receiver_ping": "agreement.suspend",
    "receiver_resend": "agreement.suspend",
    "receiver_replay": "agreement.approve",
    "receiver_pause": "agreement.suspend",
    "receiver_resume": "agreement.approve",
    "receiver_end": "agreement.approve",
    # Rule packs.
    "rules": "rulepack.view",
    "rules_file": "rulepack.view",
    "rules_version": "rulepack.view",
    "rules_compare": "rulepack.view",
    "rules_draft": "rulepack.draft",
    "rules_propose": "rulepack.draft",
    "rules_withdraw": "rulepack.draft",
    "rules_activate": "rulepack.activate",
    "rules_refuse": "rulepack.activate",
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
