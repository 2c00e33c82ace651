"""Messages go to public addresses only, whatever the address looks like and whatever a name resolves to."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daumoi.exchange.webhooks.addresses import AddressRefused, Guard, is_public, resolved, target_of

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
REFUSED = [
    "127.0.0.1",
    "127.9.9.9",
    "0.0.0.0",  # noqa: S104 - refused, not bound
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "100.100.100.200",
    "169.254.169.254",
    "198.18.0.1",
    "192.0.2.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::a00:1",
    "2002:7f00:1::",
    "2001:0:1::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
    "2001:db8::1",
]


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_that_is_not_of_the_open_internet_is_refused(address: str) -> None:
    guard = Guard(resolve=lambda host, port: [address])
    with pytest.raises(AddressRefused) as refused:
        guard.checked(target_of("https://receiver.example/in"))
    assert address not in str(refused.value)


@pytest.mark.parametrize("address", ["8.8.8.8", "203.113.131.1", "2400:cb00:2048:1::1"])
def test_a_public_address_is_taken(address: str) -> None:
    guard = Guard(resolve=lambda host, port: [address])
    assert guard.checked(target_of("https://receiver.example/in")) == [address]


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    guard = Guard(resolve=lambda host, port: ["8.8.8.8", "10.0.0.1"])
    with pytest.raises(AddressRefused):
        guard.checked(target_of("https://receiver.example/in"))


def test_a_name_is_resolved_once_and_what_was_checked_is_what_is_returned() -> None:
    answers = iter([["8.8.8.8"], ["127.0.0.1"]])
    guard = Guard(resolve=lambda host, port: next(answers))
    assert guard.checked(target_of("https://rebinding.example/")) == ["8.8.8.8"]


@pytest.mark.parametrize("host", ["127.1", "0x7f000001", "2130706433", "0177.0.0.1", "[::ffff:7f00:1]", "localhost"])
def test_other_spellings_of_the_loopback_are_resolved_before_they_are_judged(host: str) -> None:
    with pytest.raises(AddressRefused):
        Guard(resolve=resolved).checked(target_of(f"https://{host}/"))


def test_a_network_that_the_operator_allows_is_taken_also_without_tls() -> None:
    guard = Guard(LOOPBACK)
    assert guard.checked(target_of("http://127.0.0.1:8080/in")) == ["127.0.0.1"]
    guard.check_written(target_of("http://127.0.0.1:8080/in"))
    with pytest.raises(AddressRefused):
        guard.checked(target_of("http://10.0.0.1/in"))


def test_plain_http_is_refused_for_a_public_address() -> None:
    with pytest.raises(AddressRefused, match="https"):
        Guard(LOOPBACK, resolve=lambda host, port: ["8.8.8.8"]).checked(target_of("http://receiver.example/in"))
    with pytest.raises(AddressRefused, match="https"):
        Guard().check_written(target_of("http://receiver.example/in"))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "receiver.example",
        "ftp://receiver.example/",
        "file:///etc/passwd",
        "https://",
        "https:///in",
        "https://user:secret@receiver.example/",
        "https://receiver.example/#part",
        "https://receiver.example:0/",
        "https://receiver.example:99999/",
        "https://receiver.example/a b",
        "https://receiver.example/a\r\nHost: other",
        "https://bộ-y-tế.example/",
        "https://[::1/",
        "https://receiver.example/" + "a" * 2000,
    ],
)
def test_what_is_no_address_of_a_receiver_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(AddressRefused) as refused:
        target_of(url)
    assert "secret" not in str(refused.value)


@given(st.text(max_size=60))
def test_any_text_is_taken_apart_or_refused_and_nothing_else(text: str) -> None:
    for url in (text, f"https://{text}", f"https://receiver.example/{text}"):
        try:
            target = target_of(url)
        except AddressRefused:
            continue
        assert target.host
        assert "\r" not in target.path + target.authority
        assert "\n" not in target.path + target.authority


@given(st.ip_addresses(v=4))
def test_no_address_in_the_clothes_of_another_family_is_public(inner: ipaddress.IPv4Address) -> None:
    for said in (f"::ffff:{inner}", f"::{inner}", f"64:ff9b::{inner}"):
        assert not is_public(ipaddress.ip_address(said))
