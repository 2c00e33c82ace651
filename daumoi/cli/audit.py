"""`daumoi audit`: is the audit log whole, which key signs it, and what to do after a restore by other means."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from daumoi.audit import figures, heads
from daumoi.audit.heads import HeadUnreadable
from daumoi.audit.restoring import record_restore
from daumoi.audit.sealing import ChainBroken
from daumoi.audit.verifying import Report, verify
from daumoi.cli.operator import actor
from daumoi.cli.progress import steps
from daumoi.cli.session import open_hub

app = typer.Typer(help="The audit log: verify its chain, print its public key.", no_args_is_help=True)
DataDir = Annotated[Path, typer.Option(help="The hub's data directory.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON alone.")]


@app.command("verify")
def verify_chain(data_dir: DataDir = Path("var"), as_json: AsJson = False) -> None:
    """Verify every line of the audit log and every signed head; exits non-zero when something is not as it was written.

    Finds lines that were removed, changed, moved or put in, a cut tail, heads that are forged or missing, and lines
    that wait too long for their seal. Changes nothing in the chain.
    """
    with (
        open_hub(data_dir, say=lambda message: typer.echo(message, err=True)) as hub,
        hub.pool.connection() as connection,
        steps(quiet=as_json) as shown,
    ):
        report = verify(
            connection,
            folder=heads.folder_of(hub.settings.data_dir),
            key=heads.public_key(hub.keys),
            now_us=heads.microseconds(hub.clock.now()),
            progress=shown.begin("verifying"),
        )
        figures.note_verified(connection, report, at=hub.clock.now())
    if as_json:
        typer.echo(json.dumps(_shown(report), ensure_ascii=False))
    else:
        _tell(report)
    if not report.is_whole:
        raise typer.Exit(1)


def _shown(report: Report) -> dict[str, Any]:
    return {
        "whole": report.is_whole,
        "lines": report.lines,
        "last": report.last,
        "heads": report.heads,
        "waiting": report.waiting,
        "faults_found": report.faults_found,
        "faults": [{"code": fault.code, "line": fault.number, "said": fault.said} for fault in report.faults],
        "notes": report.notes,
    }


def _tell(report: Report) -> None:
    for note in report.notes:
        typer.echo(note)
    for fault in report.faults:
        typer.echo(f"{fault.code}: {fault.said}")
    if report.faults_found > len(report.faults):
        typer.echo(f"… and {report.faults_found - len(report.faults):,} more.")
    read = f"{report.lines:,} lines up to {report.last:,}, {report.heads:,} signed heads, {report.waiting:,} not sealed"
    if report.is_whole:
        typer.echo(f"The audit log is whole: {read}.")
    else:
        typer.echo(
            f"The audit log is NOT whole: {report.faults_found:,} faults in {read}. See docs/runbooks/AuditBroken.md."
        )


@app.command("key")
def key(data_dir: DataDir = Path("var")) -> None:
    """Print the public key that the heads are signed with, so that an outsider can check them (docs/privacy.md)."""
    with open_hub(data_dir, say=lambda message: typer.echo(message, err=True)) as hub:
        found = heads.public_key(hub.keys)
    typer.echo(found.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode().strip())
    typer.echo(f"in the files of heads: {found.public_bytes_raw().hex()}", err=True)


@app.command("restored")
def restored(
    reason: Annotated[str, typer.Option(help="What was restored, from where, and why.")],
    data_dir: DataDir = Path("var"),
) -> None:
    """Sign that other tools than `daumoi restore` restored the database to an earlier state; audited for good."""
    if not 1 <= len(reason.strip()) <= 500:
        typer.echo("--reason must be text of 1 to 500 characters.", err=True)
        raise typer.Exit(1)
    with open_hub(data_dir, say=lambda message: typer.echo(message, err=True)) as hub:
        try:
            made = record_restore(hub, by=actor(), reason=reason)
        except (ChainBroken, HeadUnreadable) as fault:
            typer.echo(str(fault), err=True)
            raise typer.Exit(1) from None
    lost = f", giving up lines {made.number + 1} to {made.gave_up}" if made.gave_up > made.number else ""
    typer.echo(f"The chain goes on from line {made.number}{lost}.")
