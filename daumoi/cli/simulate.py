"""`daumoi simulate`: a made-up country, sent through the public API of a running demo."""

import datetime
import json
import signal
import threading
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from daumoi.cli.session import is_demo, load_settings, open_hub
from daumoi.cli.stopped import Stopped
from daumoi.cli.system import register
from daumoi.core.hub import Hub
from daumoi.core.postgres import DirectoryLock
from daumoi.simulation.check import Comparison, compare
from daumoi.simulation.country import Country
from daumoi.simulation.people import PEOPLE_MAX
from daumoi.simulation.places import SYSTEMS, System
from daumoi.simulation.run import SUMMARY, Outcome, play

Credentials = dict[System, tuple[str, str]]
_FILE = "simulation.json"
_SENDS: dict[System, list[str]] = {
    "sim-khai-bao": ["health_declaration", "movement_declaration"],
    "sim-phan-anh": ["citizen_report"],
    "sim-chot-bac": ["checkpoint", "checkpoint_passage"],
    "sim-chot-nam": ["checkpoint", "checkpoint_passage"],
    "sim-noi-cong-cong": ["checkpoint", "checkpoint_passage"],
}


def simulate(
    people: Annotated[int, typer.Option(min=1, max=PEOPLE_MAX, help="How many people live in the country.")] = 1000,
    days: Annotated[int, typer.Option(min=1, max=366, help="How many days are played.")] = 1,
    seed: Annotated[int, typer.Option(min=1, help="One seed, one country.")] = 1,
    first_on: Annotated[str, typer.Option("--from", help="The first day, YYYY-MM-DD.")] = "2021-08-01",
    activity: Annotated[
        float, typer.Option(min=0.1, max=10, help="How busy a day is: 1 gives 0.8 records a person, 4 four times that.")
    ] = 1.0,
    rate: Annotated[float | None, typer.Option(min=0.1, help="Records a second, all systems together.")] = None,
    truth: Annotated[Path | None, typer.Option(help="Folder of the truth; DATA_DIR/simulation if not given.")] = None,
    check: Annotated[
        bool,
        typer.Option("--check", help="Send nothing: compare the truth in the folder with what the hub holds by now."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON alone.")] = False,
    data_dir: Annotated[Path, typer.Option(help="The data directory of the running demo.")] = Path("var"),
) -> None:
    """Make people and their days, and send them as five systems at once; a demo alone takes them.

    Exit code: 0 receipts and truth agree, 1 they do not, 130 stopped by Ctrl-C. With --check: 0 every row is stored as
    the truth says and nobody is joined with somebody else, 1 not.
    """
    if check:
        _check(data_dir, truth, as_json=as_json)
        return
    try:
        day = datetime.date.fromisoformat(first_on)
    except ValueError:
        raise Stopped("--from is a date, YYYY-MM-DD.") from None
    url = running_at(data_dir)
    with open_hub(data_dir, say=lambda _: None) as hub:
        _must_be_demo(hub)
        credentials = credentials_of(hub)
    country = Country(seed, people, day, days, activity)
    folder = _folder(data_dir, truth)
    with _Watch(quiet=as_json) as watch:
        outcome = play(country, url=url, credentials=credentials, truth=folder, rate_per_s=rate, watch=watch)
    if as_json:
        shown = {"records": outcome.records, "seconds": round(outcome.seconds, 3), "truth": str(folder)}
        typer.echo(json.dumps({**shown, "systems": outcome.counts, "disagreements": outcome.disagreements}))
    else:
        _print(outcome, folder)
    if outcome.stopped:
        raise typer.Exit(130)
    if outcome.disagreements:
        raise typer.Exit(1)


def _folder(data_dir: Path, truth: Path | None) -> Path:
    return truth or load_settings(data_dir).data_dir / "simulation"


def _must_be_demo(hub: Hub) -> None:
    if not is_demo(hub):
        raise Stopped(
            "This hub is no demo, and made-up people never stand beside real ones. Start one with"
            " daumoi up --demo --data-dir DIR on an empty directory."
        )


def _check(data_dir: Path, truth: Path | None, *, as_json: bool) -> None:
    folder = _folder(data_dir, truth)
    if not (folder / SUMMARY).exists():
        raise Stopped(
            f"There is no whole truth in {folder}: a run of daumoi simulate writes it, and {SUMMARY} at its end. Run it"
            " first, or name the folder with --truth."
        )
    with open_hub(data_dir, say=lambda _: None) as hub:
        _must_be_demo(hub)
        with Console(stderr=True, quiet=as_json).status("reading the truth") as status:
            found = compare(hub, folder, say=status.update)
    if as_json:
        typer.echo(json.dumps(found.shown()))
    else:
        _print_check(found)
    if not found.agrees:
        raise typer.Exit(1)


def _print_check(found: Comparison) -> None:
    table = Table("System", "Kind", "True", "Stored", "Faulty but stored", box=SIMPLE)
    for column in table.columns[2:]:
        column.justify = "right"
    for line in found.lines:
        table.add_row(line.system, line.kind, f"{line.true:,}", f"{line.stored:,}", f"{line.faulty_stored:,}")
    Console().print(table)
    if found.others:
        typer.echo(f"{found.others:,} records of the simulated systems are of another run and not looked at.")
    share = found.pairs_joined / found.pairs if found.pairs else 0
    typer.echo(f"{found.pairs_joined:,} of {found.pairs:,} pairs of claims of one person are joined ({share:.1%}).")
    typer.echo(f"{found.false_joins:,} people of the hub hold records of two.")
    typer.echo("Hub and truth agree." if found.agrees else "Hub and truth do not agree.", err=not found.agrees)


def running_at(data_dir: Path) -> str:
    """Return the address of the hub that runs on a data directory; raises Stopped when none does."""
    holder = DirectoryLock(load_settings(data_dir).data_dir).holder()
    if holder is None or holder.address is None:
        raise Stopped(
            f"No hub runs on {data_dir}. Start one in another terminal: daumoi up --demo --data-dir {data_dir}"
        )
    return holder.address


def credentials_of(hub: Hub) -> Credentials:
    """Return the credentials of the simulated systems: registered at the first call, then kept beside the hub."""
    file = hub.settings.data_dir / _FILE
    if not file.exists():
        made = {}
        for code, name in SYSTEMS.items():
            found = register(
                hub, code=code, name=name, organisation="mo-phong", send=_SENDS[code], read=[], identity="pseudonym"
            )
            made[code] = (found.client_id, found.client_secret)
        file.touch(mode=0o600)
        file.write_text(json.dumps(made))
    kept = json.loads(file.read_text())
    return {system: (kept[system][0], kept[system][1]) for system in SYSTEMS}


class _Watch:
    """A line a system on standard error; Ctrl-C asks to end after the present bodies."""

    def __init__(self, *, quiet: bool) -> None:
        self._stop = threading.Event()
        self._tasks: dict[System, TaskID] = {}
        self._progress = Progress(
            TextColumn("{task.description:18}"),
            BarColumn(),
            TextColumn("{task.completed:>9,.0f} records, {task.fields[rate]:>7,.0f}/s"),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            disable=quiet,
            refresh_per_second=4,
        )

    def __enter__(self) -> "_Watch":
        self._before = signal.signal(signal.SIGINT, self._asked)
        self._progress.start()
        self._tasks = {system: self._progress.add_task(system, total=None, rate=0) for system in SYSTEMS}
        return self

    def __exit__(self, *_: object) -> None:
        for task in self._tasks.values():
            done = next(each.completed for each in self._progress.tasks if each.id == task)
            self._progress.update(task, total=done or 1, completed=done or 1)
        self._progress.stop()
        signal.signal(signal.SIGINT, self._before)

    def sent(self, system: System, records: int) -> None:
        """Say that a system has sent so many more."""
        task = self._tasks[system]
        self._progress.advance(task, records)
        found = next(each for each in self._progress.tasks if each.id == task)
        self._progress.update(task, rate=found.completed / (found.elapsed or 1))

    def wants_stop(self) -> bool:
        """Tell whether Ctrl-C was pressed."""
        return self._stop.is_set()

    def _asked(self, _signal: int, _frame: FrameType | None) -> None:
        self._stop.set()


def _print(outcome: Outcome, truth: Path) -> None:
    table = Table("System", "Kind", "Received", "Accepted", "Repeated", "Held", box=SIMPLE)
    for column in table.columns[2:]:
        column.justify = "right"
    for system, kinds in outcome.counts.items():
        for kind, counts in kinds.items():
            figures = (f"{counts[name]:,}" for name in ("received", "accepted", "repeated", "held"))
            table.add_row(system, kind, *figures)
    Console().print(table)
    rate = outcome.records / outcome.seconds if outcome.seconds else 0
    typer.echo(f"{outcome.records:,} records in {outcome.seconds:,.1f} s ({rate:,.0f}/s). The truth is in {truth}.")
    for line in outcome.disagreements:
        typer.echo(line, err=True)
    if outcome.stopped:
        typer.echo("Stopped. Run the same command again: what was stored counts as repeated.", err=True)
    elif not outcome.disagreements:
        typer.echo("Receipts and truth agree.")
