"""How django-allauth meets the hub: no sign-up, sealed secrets, a known address. Loaded by the console alone."""

from __future__ import annotations

import base64
from html import unescape
from ipaddress import ip_address, ip_network
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext_lazy

from daumoi.accounts.models import Member
from daumoi.console.account_events import CHANGES, note_account, note_refused
from daumoi.console.language import COOKIE, keep
from daumoi.core.hub import Hub

_SEAL_CONTEXT = b"member second factor"
ISSUER = "đầu mối"
UNKNOWN_ADDRESS = "0.0.0.0"  # noqa: S104 - nothing listens on it: all callers without an address share its limits


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Members are invited; nobody signs up."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "account_inactive": gettext_lazy("This account is switched off. Ask who invited you."),
        "email_password_mismatch": gettext_lazy("E-mail address or password is not right. Check both and try again."),
        "enter_current_password": gettext_lazy("This is not your present password."),
        "incorrect_password": gettext_lazy("This is not your password."),
        "invalid_login": gettext_lazy("E-mail address or password is not right. Check both and try again."),
        "too_many_login_attempts": gettext_lazy(
            "Too many failed attempts: signing in is locked for five minutes. Wait, then try again."
        ),
        "rate_limited": gettext_lazy("Too many attempts in a short time. Wait a minute, then try again."),
        "same_as_current": gettext_lazy("Choose a password that differs from the present one."),
    }

    def is_open_for_signup(self, _request: HttpRequest) -> bool:
        """Nobody signs up by themselves."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the caller's address, for limits and the list of sessions: forwarded ones count from a proxy alone."""
        hops = [*str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(","), str(request.META.get("REMOTE_ADDR", ""))]
        known = [hop.strip() for hop in hops if hop.strip()]
        while len(known) > 1 and _is_trusted(known[-1]):
            known.pop()
        try:
            return str(ip_address(known[-1] if known else ""))
        except ValueError:
            return UNKNOWN_ADDRESS

    def login(self, request: HttpRequest, user: Any) -> None:
        """Sign a member in, password and second factor being right, and write it down."""
        super().login(request, user)
        note_account(request, "account.sign_in", member_id=user.pk, label=user.email)

    def logout(self, request: HttpRequest) -> None:
        """Sign a member out, and write it down."""
        member = request.user
        if isinstance(member, Member):
            note_account(request, "account.sign_out", member_id=member.pk, label=member.email)
        super().logout(request)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Write down that somebody was not let in."""
        note_refused(request, str(credentials.get("email") or credentials.get("username") or ""))

    def post_login(self, request: HttpRequest, user: Any, **more: Any) -> HttpResponse:
        """Speak the member's own language from now on, unless another was chosen on this machine."""
        response: HttpResponse = super().post_login(request, user, **more)
        if COOKIE not in request.COOKIES:
            keep(response, request, user.language)
        return response

    def get_login_redirect_url(self, _request: HttpRequest) -> str:
        """Staff begin at the home of the console."""
        return reverse("console_home")

    def get_logout_redirect_url(self, _request: HttpRequest) -> str:
        """Who leaves sees the sign-in page."""
        return reverse("account_login")

    def get_password_change_redirect_url(self, _request: HttpRequest) -> str:
        """Back to the account page."""
        return reverse("console_account")

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        """Say on the next page what was done; of allauth's many messages, those that we have words for."""
        if message is None and message_template is not None:
            try:
                message = unescape(render_to_string(message_template, message_context, request).strip())
            except TemplateDoesNotExist:
                return
        if message:
            messages.add_message(request, level, message, extra_tags=extra_tags)

    def set_password(self, user: Any, password: str) -> None:
        """Set a password that the member chose, so that they need not change it again."""
        user.must_change_password = False
        super().set_password(user, password)

    def send_notification_mail(self, template_prefix: str, user: Any, *_args: Any, **_kwargs: Any) -> None:
        """Write a change of an account into the audit log; the hub sends no mail of its own accord."""
        if action := CHANGES.get(template_prefix):
            note_account(context.request, action, member_id=user.pk, label=user.email)

    def send_mail(self, *_args: Any, **_kwargs: Any) -> None:
        """The hub sends no mail of its own accord."""


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Keeps the secrets of second factors sealed with the hub's key."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": gettext_lazy("This code is not right. Codes change every 30 seconds: enter the newest one."),
        "cannot_delete_authenticator": gettext_lazy("Staff keep at least one second factor."),
        "cannot_generate_recovery_codes": gettext_lazy("Set up an authenticator app or a passkey first."),
    }

    def get_totp_issuer(self) -> str:
        """The name an authenticator app shows."""
        return ISSUER

    def encrypt(self, text: str) -> str:
        """Seal a secret before it is stored."""
        return base64.b64encode(_hub().keys.seal(text.encode(), _SEAL_CONTEXT)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Open what `encrypt` sealed; raises SealBroken."""
        return _hub().keys.open(base64.b64decode(encrypted_text), _SEAL_CONTEXT).decode()


def _is_trusted(address: str) -> bool:
    """Tell whether an address is one of the proxies in TRUSTED_PROXIES."""
    try:
        hop = ip_address(address)
        return any(hop in ip_network(proxy, strict=False) for proxy in _hub().settings.trusted_proxies)
    except ValueError:
        return False


def _hub() -> Hub:
    hub: Hub = context.request.META["daumoi.hub"]
    return hub
