"""Addresses of the pages. What opens each stands in `doors.py`."""

from allauth.account import views as account
from allauth.mfa.base import views as factors
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from allauth.usersessions import views as sessions
from django.urls import path

from daumoi.console import activity, areas, flows, home, invitation, language, members, outlines, records, theme, views
from daumoi.console.situation import views as situation

urlpatterns = [
    path("", views.first_page, name="first_page"),
    path("figures", views.live_figures, name="live_figures"),
    path("language/<slug:code>/", language.choose, name="language"),
    path("theme/<slug:name>/", theme.choose, name="theme"),
    path("activity/", activity.show, name="activity"),
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
    path("console/members/", members.show, name="members"),
    path("console/members/propose/", members.propose, name="member_propose"),
    path("console/members/decide/<int:membership_id>/", members.decide, name="member_decide"),
    path("console/members/invite/<int:member_id>/", members.invite, name="member_invite"),
]

handler400 = "daumoi.console.errors.bad_request"
handler404 = "daumoi.console.errors.not_found"
handler500 = "daumoi.console.errors.failed"
