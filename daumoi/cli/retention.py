"""`daumoi retention`: what may go by rule, and letting it go."""

import json
from pathlib import Path
from typing import Annotated

import typer

from daumoi.cli.operator import actor
from daumoi.cli.session import open_hub
from daumoi.core.turns import Busy
from daumoi.log.retention import Verdict, apply, plan, read_rules
from daumoi.log.retention_rules import RulesFault
from daumoi.people.destroying import NotQuiet

app = typer.Typer(help="Retention by rule: see what may go, and let it go.", no_args_is_help=True)
DataDir = Annotated[Path, typer.Option(help="The hub's data directory.")]


def say(message: str) -> None:
    """Say something beside the output."""
    typer.echo(message, err=True)


@app.command("plan")
def show_plan(
    data_dir: DataDir = Path("var"), as_json: Annotated[bool, typer.Option("--json", help="Print JSON alone.")] = False
) -> None:
    """Show of every full segment whether it goes, by which rule, and what stops it. Changes nothing."""
    with open_hub(data_dir, say=say) as hub, hub.pool.connection() as connection:
        try:
            verdicts = plan(connection, rules=read_rules(hub, connection), now=hub.clock.now())
        except RulesFault as fault:
            say(str(fault))
            raise typer.Exit(1) from None
    if as_json:
        typer.echo(json.dumps([_as_json(verdict) for verdict in verdicts], ensure_ascii=False))
        return
    for verdict in verdicts:
        typer.echo(_line(verdict))
    typer.echo(_sum("would go", [verdict for verdict in verdicts if verdict.goes]))


@app.command("apply")
def let_go(data_dir: DataDir = Path("var")) -> None:
    """Drop the segments that may go, with their archive files, and claims that no record names any more.

    Records under a legal hold are kept apart first. Safe to run again; each drop is written to the audit log.
    """
    with open_hub(data_dir, say=say) as hub:
        try:
            with hub.pool.connection() as connection:
                rules = read_rules(hub, connection)
            done = apply(hub, rules=rules, actor=actor())
        except (RulesFault, Busy, NotQuiet) as fault:
            say(str(fault))
            raise typer.Exit(1) from None
    for verdict in done.dropped:
        typer.echo(_line(verdict))
    typer.echo(_sum("gone", done.dropped))
    typer.echo(f"{done.files} archive files removed, {done.claims} claims destroyed that no record names any more")
    if done.let_go:
        typer.echo(f"{done.let_go} records let go that no legal hold covers any more")


def _line(verdict: Verdict) -> str:
    segment = verdict.segment
    what = f"{verdict.kind} {segment.first_seq}–{segment.last_seq} (received {verdict.oldest_received_at:%Y-%m-%d}"
    what += f" to {verdict.newest_received_at:%Y-%m-%d})"
    if not verdict.goes:
        return f"stays  {what}: {'; '.join(verdict.stops)}"
    held = f"; {verdict.on_hold} on hold are kept" if verdict.on_hold else ""
    return f"goes   {what}: by {', '.join(rule.name for rule in verdict.rules)}{held}"


def _sum(word: str, verdicts: list[Verdict]) -> str:
    return f"{len(verdicts)} segments, {sum(verdict.records for verdict in verdicts)} records {word}"


def _as_json(verdict: Verdict) -> dict[str, object]:
    return {
        "kind": verdict.kind,
        "first_seq": verdict.segment.first_seq,
        "last_seq": verdict.segment.last_seq,
        "records": verdict.records,
        "goes": verdict.goes,
        "rules": [rule.name for rule in verdict.rules],
        "stops": verdict.stops,
        "on_hold": verdict.on_hold,
    }
