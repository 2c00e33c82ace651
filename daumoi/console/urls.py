"""Addresses of the pages. What opens each stands in `doors.py`."""

from allauth.account import views as account
from allauth.mfa.base import views as factors
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from allauth.usersessions import views as sessions
from django.urls import path

from daumoi.console import activity, areas, home, invitation, language, members, purpose, theme, views
from daumoi.console.people import finding, lists, pair, person, steps

urlpatterns = [
    path("", views.first_page, name="first_page"),
    path("figures", views.live_figures, name="live_figures"),
    path("language/<slug:code>/", language.choose, name="language"),
    path("theme/<slug:name>/", theme.choose, name="theme"),
    path("activity/", activity.show, name="activity"),
    path("areas/", areas.find, name="areas_find"),
    path("areas/<slug:scheme>/<str:code>/", areas.unit, name="areas_unit"),
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
    path("console/", home.home, name="console_home"),
    path("console/purpose/", purpose.name, name="purpose"),
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
    path("console/members/", members.show, name="members"),
    path("console/members/propose/", members.propose, name="member_propose"),
    path("console/members/decide/<int:membership_id>/", members.decide, name="member_decide"),
    path("console/members/invite/<int:member_id>/", members.invite, name="member_invite"),
]

handler400 = "daumoi.console.errors.bad_request"
handler404 = "daumoi.console.errors.not_found"
handler500 = "daumoi.console.errors.failed"
