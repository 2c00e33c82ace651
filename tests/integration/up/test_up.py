"""The life of `daumoi up`: its processes, their deaths, its faults at the start."""

from __future__ import annotations

import datetime
import ipaddress
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from daumoi.core.postgres import DirectoryLock, Holder
from tests.contract.records import a_checkpoint
from tests.hubs import DAUMOI, END_SECONDS, HubServer, add_database, as_url, drop_database, free_port
from tests.integration.postgres.clusters import is_alive, wait_until


@pytest.fixture
def up(workspace: Path, request: pytest.FixtureRequest) -> Iterator[HubServer]:
    """A hub on a directory of its own, not started yet."""
    server = HubServer(workspace / f"up-{abs(hash(request.node.name)) % 10**8}")
    yield server
    if server.process is not None:
        assert server.stop() < END_SECONDS


@pytest.fixture
def settled(workspace: Path, prepared: Path, request: pytest.FixtureRequest) -> Iterator[HubServer]:
    """A hub that was started before, not started now."""
    server = HubServer(workspace / f"settled-{abs(hash(request.node.name)) % 10**8}", prepared=prepared)
    yield server
    if server.process is not None:
        assert server.stop() < END_SECONDS


def children(server: HubServer) -> dict[str, int]:
    """Process ids of the hub's children by name."""
    assert server.process is not None
    found: dict[str, int] = {}
    for folder in Path("/proc").iterdir():
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            command = (folder / "cmdline").read_bytes().split(b"\0")
        except (OSError, IndexError):
            continue
        if parent == server.process.pid:
            module = command.index(b"daumoi.cli.processes") if b"daumoi.cli.processes" in command else None
            found["postgres" if module is None else command[module + 1].decode()] = int(folder.name)
    return found


def is_ready(server: HubServer) -> bool:
    try:
        return httpx.get(f"{server.base_url}/readyz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def failed(done: subprocess.CompletedProcess[str]) -> str:
    """What a command said that must have failed with a sentence."""
    said = done.stdout + done.stderr
    assert done.returncode not in (0, None), said
    assert "Traceback" not in said
    return said


def test_up_runs_four_processes_and_ends_them_all(up: HubServer) -> None:
    up.start()
    pids = children(up)
    assert pids.keys() == {"postgres", "server", "intake", "reader", "worker"}
    assert up.stop() < END_SECONDS
    assert up.process is not None
    assert up.process.returncode == 0
    assert not any(is_alive(pid) for pid in pids.values())
    assert DirectoryLock(up.data_dir).holder() is None


def test_a_child_that_dies_is_started_again_and_said_in_a_line(settled: HubServer) -> None:
    settled.start()
    before = children(settled)
    for name in ("server", "intake", "reader", "worker"):
        os.kill(before[name], signal.SIGKILL)
    wait_until(lambda: children(settled).keys() == before.keys() and is_ready(settled))
    after = children(settled)
    for name in ("server", "intake", "reader", "worker"):
        assert after[name] != before[name]
        assert settled.said().count(f"The {name} process ended (signal 9)") == 1
    assert after["postgres"] == before["postgres"]


def test_a_killed_database_comes_back_and_the_processes_connect_again(settled: HubServer) -> None:
    settled.start()
    dov = settled.new_system(send="all", read="all")
    dov.receipt("checkpoint", a_checkpoint())
    before = children(settled)
    os.kill(before["postgres"], signal.SIGKILL)
    wait_until(lambda: "PostgreSQL is up again." in settled.said(), seconds=60)
    wait_until(lambda: is_ready(settled), seconds=30)
    wait_until(lambda: dov.send("checkpoint", a_checkpoint()).status_code == 200, seconds=30)
    assert dov.head("checkpoint") >= 2
    after = children(settled)
    assert [after[name] for name in ("server", "intake", "reader", "worker")] == [
        before[name] for name in ("server", "intake", "reader", "worker")
    ]


def test_kill_9_takes_the_children_along_and_the_same_address_is_free_at_once(settled: HubServer) -> None:
    settled.start()
    pids = children(settled)
    assert settled.process is not None
    port = int(settled.base_url.rpartition(":")[2])
    settled.process.kill()
    settled.process.wait()
    wait_until(lambda: not any(is_alive(pids[name]) for name in ("server", "intake", "reader", "worker")), seconds=2)
    wait_until(lambda: not is_alive(pids["postgres"]), seconds=15)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
    settled.start()
    assert is_ready(settled)


def test_the_lock_tells_where_the_hub_answers(settled: HubServer) -> None:
    settled.start()
    holder = DirectoryLock(settled.data_dir).holder()
    assert holder is not None
    assert settled.process is not None
    assert (holder.pid, holder.command, holder.address) == (settled.process.pid, "daumoi up", settled.base_url)
    said = failed(settled.run("up", "--port", str(free_port())))
    assert str(settled.process.pid) in said
    assert settled.base_url in said


def test_a_port_that_is_taken_is_found_before_anything_is_made(up: HubServer) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert port in failed(up.run("up", "--port", port))
    assert not (up.data_dir / "postgres").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_is_not_writable_is_said(up: HubServer) -> None:
    up.data_dir.mkdir(mode=0o500)
    assert "--data-dir" in failed(up.run("up", "--port", str(free_port())))


def test_a_file_in_the_place_of_the_data_directory_is_said(up: HubServer) -> None:
    up.data_dir.write_text("")
    assert "--data-dir" in failed(up.run("up", "--port", str(free_port())))


def test_a_command_that_holds_the_directory_is_named(up: HubServer) -> None:
    up.data_dir.mkdir(mode=0o700)
    lock = DirectoryLock(up.data_dir)
    assert lock.take(Holder(os.getpid(), "daumoi import", "2021-08-01T05:00:00+00:00"))
    said = failed(up.run("up", "--port", str(free_port())))
    lock.release()
    assert "daumoi import" in said
    assert str(os.getpid()) in said


def test_a_database_of_a_later_release_is_said(settled: HubServer) -> None:
    settled.start()
    holder = DirectoryLock(settled.data_dir).holder()
    assert holder is not None
    assert holder.dsn is not None
    with psycopg.connect(holder.dsn, autocommit=True) as connection:
        connection.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('log', '9999_later', now())")
    settled.stop()
    assert "later release" in failed(settled.run("up", "--port", str(free_port())))


def test_up_and_its_commands_work_on_a_database_that_runs_elsewhere(database: str, workspace: Path) -> None:
    dsn = add_database(database, "elsewhere")
    server = HubServer(workspace / "elsewhere", DATABASE_URL=as_url(dsn))
    try:
        server.start()
        dov = server.new_system(send="all", read="all")
        dov.receipt("checkpoint", a_checkpoint())
        assert not (server.data_dir / "postgres").exists()
        assert "postgres" not in children(server)
        del server.environ["DATABASE_URL"]
        assert "DATABASE_URL" in failed(server.run("system", "list"))
    finally:
        server.stop()
        drop_database(database, "elsewhere")


def test_a_database_that_does_not_answer_is_said_without_its_password(up: HubServer) -> None:
    url = f"postgresql://daumoi:kin-dao@127.0.0.1:{free_port()}/none"
    up.environ["DATABASE_URL"] = url
    said = failed(up.run("up", "--port", str(free_port())))
    assert "DATABASE_URL" in said
    assert "kin-dao" not in said


def test_a_start_can_be_ended_at_any_time(up: HubServer) -> None:
    for seconds in (0.3, 0.9, 1.6):
        up.base_url = f"http://127.0.0.1:{free_port()}"
        with up.output.open("ab") as output:
            started = subprocess.Popen(
                [str(DAUMOI), "up", "--data-dir", str(up.data_dir), "--port", up.base_url.rpartition(":")[2]],
                stdout=output,
                stderr=output,
                env=up.environ,
                start_new_session=True,
            )
        time.sleep(seconds)
        started.send_signal(signal.SIGTERM)
        begun = time.monotonic()
        started.wait(END_SECONDS + 5)
        assert time.monotonic() - begun < END_SECONDS
        assert not (up.data_dir / "postgres" / "postmaster.pid").exists()
    assert "Traceback" not in up.said()
    up.start()
    assert is_ready(up)


def a_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A self-signed certificate of the loopback and its key, as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / f"{name}.crt", folder / f"{name}.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, private


def test_an_open_address_works_with_tls_and_says_https(up: HubServer, tmp_path: Path) -> None:
    certificate, key = a_certificate(tmp_path, "hub")
    port = free_port()
    with up.output.open("ab") as output:
        up.process = subprocess.Popen(
            [
                *(str(DAUMOI), "up", "--data-dir", str(up.data_dir), "--host", "0.0.0.0", "--port", str(port)),  # noqa: S104
                *("--tls-cert", str(certificate), "--tls-key", str(key)),
            ],
            stdout=output,
            stderr=output,
            env=up.environ,
            start_new_session=True,
        )
    wait_until(lambda: "is ready" in up.said(), seconds=60)
    assert f"https://0.0.0.0:{port}" in up.said()
    context = ssl.create_default_context(cafile=str(certificate))
    assert httpx.get(f"https://127.0.0.1:{port}/readyz", verify=context).status_code == 200
    figures = httpx.get(f"https://127.0.0.1:{port}/metrics", verify=context).text
    (ends_at,) = re.findall(r"^daumoi_tls_certificate_expiry_timestamp_seconds (\S+)$", figures, re.MULTILINE)
    assert abs(float(ends_at) - time.time() - 86400) < 300


def test_a_key_that_belongs_to_another_certificate_is_said(up: HubServer, tmp_path: Path) -> None:
    (certificate, _), (_, other_key) = a_certificate(tmp_path, "hub"), a_certificate(tmp_path, "other")
    said = failed(up.run("up", "--port", "0", "--tls-cert", certificate, "--tls-key", other_key))
    assert "belong together" in said


def test_a_demo_is_one_for_good(up: HubServer) -> None:
    up.start("--demo")
    wait_until(lambda: "This is a demo" in up.said())
    up.stop()
    findings = {one["check"]: one["state"] for one in json.loads(up.run("doctor", "--json").stdout)}
    assert findings["demo"] == "warn"


def test_a_hub_in_use_never_becomes_a_demo(up: HubServer) -> None:
    up.add_system(send="all")
    assert "--demo" in failed(up.run("up", "--demo", "--port", str(free_port())))
    up.start("--demo-if-empty")
    assert "This is a demo" not in up.said()


def test_doctor_fails_when_a_power_cut_could_lose_records(settled: HubServer) -> None:
    settled.start()
    holder = DirectoryLock(settled.data_dir).holder()
    assert holder is not None
    assert holder.dsn is not None
    with psycopg.connect(holder.dsn, autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            wait_until(lambda: settled.run("doctor").returncode == 0)
            connection.execute(f"ALTER SYSTEM SET {setting} = off".encode())
            connection.execute("SELECT pg_reload_conf()")
            wait_until(lambda: settled.run("doctor").returncode != 0)
            assert setting in failed(settled.run("doctor"))
            connection.execute(f"ALTER SYSTEM RESET {setting}".encode())
            connection.execute("SELECT pg_reload_conf()")
