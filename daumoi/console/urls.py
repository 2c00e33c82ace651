"""Addresses of the pages. What opens each stands in `doors.py`."""

from allauth.account import views as account
from allauth.mfa.base import views as factors
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from allauth.usersessions import views as sessions
from django.urls import path

from daumoi.console import (
    areas,
    flows,
    held,
    held_mending,
    home,
    invitation,
    kinds,
    language,
    outlines,
    purpose,
    record,
    records,
    search,
    submissions,
    theme,
    views,
)
from daumoi.console.auditing import emergency
from daumoi.console.auditing import log as audit
from daumoi.console.exchange import agreements, drafting, files, previewing, receiver_steps, receivers, webhooks
from daumoi.console.exchange import steps as agreement_steps
from daumoi.console.members import changes as member_changes
from daumoi.console.members import pages as members
from daumoi.console.people import finding, lists, pair, person, steps
from daumoi.console.rules import pages as rules
from daumoi.console.rules import steps as rule_steps
from daumoi.console.situation import views as situation

urlpatterns = [
    path("", views.first_page, name="first_page"),
    path("figures", views.live_figures, name="live_figures"),
    path("language/<slug:code>/", language.choose, name="language"),
    path("theme/<slug:name>/", theme.choose, name="theme"),
    path("areas/", areas.find, name="areas_find"),
    path("areas/<slug:scheme>/<str:code>/", areas.unit, name="areas_unit"),
    path("outlines/<slug:scheme>.json", outlines.show, name="outlines"),
    path("favicon.ico", views.icon, name="icon"),
    # Signing in, and one's own account: the views are django-allauth's, the pages ours.
    path("account/sign-in/", account.login, name="account_login"),
    path("account/sign-out/", account.logout, name="account_logout"),
    path("account/closed/", account.account_inactive, name="account_inactive"),
    path("account/confirm/", account.reauthenticate, name="account_reauthenticate"),
    path("account/password/", account.password_change, name="account_change_password"),
    path("account/sessions/", sessions.list_usersessions, name="usersessions_list"),
    path("account/sign-in/code/", factors.authenticate, name="mfa_authenticate"),
    path("account/sign-in/passkey/", passkeys.login_webauthn, name="mfa_login_webauthn"),
    path("account/confirm/code/", factors.reauthenticate, name="mfa_reauthenticate"),
    path("account/confirm/passkey/", passkeys.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("account/second-factor/", factors.index, name="mfa_index"),
    path("account/second-factor/app/", totp.activate_totp, name="mfa_activate_totp"),
    path("account/second-factor/app/remove/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("account/recovery-codes/", recovery.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("account/recovery-codes/new/", recovery.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("account/recovery-codes/file/", recovery.download_recovery_codes, name="mfa_download_recovery_codes"),
    path("account/passkeys/", passkeys.list_webauthn, name="mfa_list_webauthn"),
    path("account/passkeys/new/", passkeys.add_webauthn, name="mfa_add_webauthn"),
    path("account/passkeys/<int:pk>/", passkeys.edit_webauthn, name="mfa_edit_webauthn"),
    path("account/passkeys/<int:pk>/remove/", passkeys.remove_webauthn, name="mfa_remove_webauthn"),
    path("account/", home.account, name="console_account"),
    path("invitation/<str:token>/", invitation.accept, name="invitation"),
    # The console.
    path("console/", situation.front, name="console_home"),
    path("console/board/<slug:table>.csv", situation.export, name="board_export"),
    path("console/rights/", home.home, name="console_rights"),
    path("console/records/", records.show, name="records"),
    path("console/flows/", flows.show, name="flows"),
    path("console/flows/export.csv", flows.export, name="flows_export"),
    path("console/flows/<int:system_id>/", flows.system, name="flow_system"),
    path("console/search/", search.search, name="search"),
    path("console/purpose/", purpose.name, name="purpose"),
    path("console/held/", held.groups, name="held_groups"),
    path("console/held/mended/", held.mended, name="held_mended"),
    path("console/held/row/<uuid:held_id>/", held.row, name="held_row"),
    path("console/held/row/<uuid:held_id>/mend/", held_mending.mend, name="held_mend"),
    path("console/held/row/<uuid:held_id>/hand-back/", held_mending.hand_back_row, name="held_row_hand_back"),
    path("console/held/of/<str:system>/<slug:kind>/<slug:code>/", held.group, name="held_group"),
    path("console/held/of/<str:system>/<slug:kind>/<slug:code>/mend/", held_mending.change, name="held_change"),
    path("console/held/of/<str:system>/<slug:kind>/<slug:code>/replay/", held_mending.replay, name="held_replay"),
    path(
        "console/held/of/<str:system>/<slug:kind>/<slug:code>/hand-back/", held_mending.hand_back, name="held_hand_back"
    ),
    path("console/records/<slug:kind>/<int:seq>/", record.show, name="record"),
    path("console/submissions/<uuid:submission_id>/", submissions.show, name="submission"),
    path("console/kinds/", kinds.kinds, name="console_kinds"),
    path("console/kinds/<slug:name>/", kinds.kind, name="console_kind"),
    path("console/codes/<slug:name>/", kinds.codes, name="console_codes"),
    path("console/areas/", areas.staff_find, name="console_areas"),
    path("console/areas/<slug:scheme>/<str:code>/", areas.staff_unit, name="console_area"),
    path("console/people/", finding.show, name="find_person"),
    path("console/people/<int:person>/", person.show, name="person"),
    path("console/people/<int:person>/split/", steps.split, name="person_split"),
    path("console/people/candidates/", lists.pairs, name="people_candidates"),
    path("console/people/compare/", pair.choose, name="people_compare"),
    path("console/people/<int:one>/beside/<int:other>/", pair.show, name="people_pair"),
    path("console/people/<int:one>/beside/<int:other>/propose/", steps.propose_merge, name="people_pair_propose"),
    path("console/people/<int:one>/beside/<int:other>/apart/", steps.keep_apart, name="people_pair_keep_apart"),
    path("console/people/proposals/", lists.listed, name="people_proposals"),
    path("console/people/proposals/<int:number>/", lists.one, name="people_proposal"),
    path("console/people/proposals/<int:number>/decide/", steps.decide, name="people_proposal_decide"),
    path("console/people/proposals/<int:number>/withdraw/", steps.withdraw, name="people_proposal_withdraw"),
    path("console/people/proposals/<int:number>/undo/", steps.undo, name="people_proposal_undo"),
    path("console/members/", members.members, name="members"),
    path("console/members/file/", members.members_file, name="members_file"),
    path("console/members/roles/", members.role_list, name="roles"),
    path("console/members/invite/", member_changes.invite, name="member_invite"),
    path("console/members/<int:member_id>/", members.member, name="member"),
    path("console/members/<int:member_id>/link/", member_changes.make_link, name="member_link"),
    path("console/members/<int:member_id>/propose/", member_changes.propose, name="member_propose"),
    path("console/members/<int:member_id>/<int:number>/decide/", member_changes.decide, name="member_decide"),
    path("console/members/<int:member_id>/<int:number>/end/", member_changes.end, name="member_end"),
    path("console/members/<int:member_id>/switch/", member_changes.switch, name="member_switch"),
    path("console/members/<int:member_id>/sessions/end/", member_changes.end_sessions, name="member_end_sessions"),
    path("console/audit/", audit.audit, name="audit"),
    path("console/audit/file/", audit.audit_file, name="audit_file"),
    path("console/audit/chain/", audit.audit_chain, name="audit_chain"),
    path("console/audit/<int:number>/", audit.audit_line, name="audit_line"),
    path("console/emergency/", emergency.emergency, name="emergency"),
    path("console/emergency/<int:grant>/end/", emergency.end_emergency, name="emergency_end"),
    path("console/emergency/reviews/", emergency.reviews, name="emergency_reviews"),
    path("console/emergency/reviews/file/", emergency.reviews_file, name="emergency_reviews_file"),
    path("console/emergency/<int:grant>/review/", emergency.review, name="emergency_review"),
    path("console/agreements/", agreements.agreements, name="agreements"),
    path("console/agreements/file/", agreements.agreements_file, name="agreements_file"),
    path("console/agreements/draft/", drafting.draft, name="agreement_draft"),
    path("console/agreements/<int:number>/", agreements.agreement, name="agreement"),
    path("console/agreements/<int:number>/amend/", drafting.amend, name="agreement_amend"),
    path("console/agreements/<int:number>/suspend/", agreement_steps.suspend, name="agreement_suspend"),
    path("console/agreements/<int:number>/resume/", agreement_steps.resume, name="agreement_resume"),
    path("console/agreements/<int:number>/end/", agreement_steps.end, name="agreement_end"),
    path("console/agreements/<int:number>/<int:version>/preview/", previewing.preview, name="agreement_preview"),
    path("console/agreements/<int:number>/<int:version>/propose/", agreement_steps.propose, name="agreement_propose"),
    path("console/agreements/<int:number>/<int:version>/approve/", agreement_steps.approve, name="agreement_approve"),
    path(
        "console/agreements/<int:number>/<int:version>/approve/privacy/",
        agreement_steps.approve_privacy,
        name="agreement_approve_privacy",
    ),
    path("console/agreements/<int:number>/<int:version>/refuse/", agreement_steps.refuse, name="agreement_refuse"),
    path(
        "console/agreements/<int:number>/<int:version>/refuse/privacy/",
        agreement_steps.refuse_privacy,
        name="agreement_refuse_privacy",
    ),
    path(
        "console/agreements/<int:number>/<int:version>/withdraw/", agreement_steps.withdraw, name="agreement_withdraw"
    ),
    path("console/receivers/", receivers.receivers, name="receivers"),
    path("console/receivers/<int:number>/", receivers.receiver, name="receiver"),
    path("console/receivers/<int:number>/waiting/", webhooks.waiting, name="receiver_waiting"),
    path("console/receivers/<int:number>/attempts/", webhooks.attempts, name="receiver_attempts"),
    path("console/receivers/<int:number>/attempts/<int:attempt>/", webhooks.attempt, name="receiver_attempt"),
    path("console/receivers/<int:number>/days/", files.days, name="receiver_days"),
    path("console/receivers/<int:number>/days/<int:export>/", files.part, name="receiver_part"),
    path("console/receivers/<int:number>/pause/", receiver_steps.pause, name="receiver_pause"),
    path("console/receivers/<int:number>/resume/", receiver_steps.resume, name="receiver_resume"),
    path("console/receivers/<int:number>/end/", receiver_steps.end, name="receiver_end"),
    path("console/receivers/<int:number>/test/", receiver_steps.ping, name="receiver_ping"),
    path("console/receivers/<int:number>/resend/", receiver_steps.resend, name="receiver_resend"),
    path("console/receivers/<int:number>/replay/", receiver_steps.replay, name="receiver_replay"),
    path("console/rules/", rules.packs, name="rules"),
    path("console/rules/file/", rules.packs_file, name="rules_file"),
    path("console/rules/draft/", rule_steps.draft, name="rules_draft"),
    path("console/rules/<slug:pack>/<int:number>/", rules.version, name="rules_version"),
    path("console/rules/<slug:pack>/<int:number>/changes/", rules.compare, name="rules_compare"),
    path("console/rules/<slug:pack>/<int:number>/propose/", rule_steps.propose, name="rules_propose"),
    path("console/rules/<slug:pack>/<int:number>/withdraw/", rule_steps.withdraw, name="rules_withdraw"),
    path("console/rules/<slug:pack>/<int:number>/activate/", rule_steps.activate, name="rules_activate"),
    path("console/rules/<slug:pack>/<int:number>/refuse/", rule_steps.refuse, name="rules_refuse"),
]

handler400 = "daumoi.console.errors.bad_request"
handler404 = "daumoi.console.errors.not_found"
handler500 = "daumoi.console.errors.failed"
