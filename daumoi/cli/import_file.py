"""`daumoi import`: files as offices have them into records, through the same intake as every other door."""

import json
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType, TracebackType
from typing import Annotated, Any, NoReturn

import msgspec
import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from daumoi.cli.session import open_hub
from daumoi.core.figures import published_alone
from daumoi.core.hub import Hub
from daumoi.intake.files.document import SourceTable
from daumoi.intake.files.mapping import Mapping, load_mapping
from daumoi.intake.files.passes import FilePlan, plan_file
from daumoi.intake.files.reading.formats import TITLES, Recognised, recognise
from daumoi.intake.files.reading.rows import FileRefused
from daumoi.intake.files.run import Job, Outcome, run_import
from daumoi.intake.files.tables import MappingRefused
from daumoi.intake.receipts import Receipt
from daumoi.kinds.kind import Kind
from daumoi.kinds.registry import KINDS
from daumoi.organisations import registry
from daumoi.organisations.registry import System

EXIT_FAILED, EXIT_HELD, EXIT_STOPPED = 1, 3, 130
_COUNTS = ("received", "accepted", "corrected", "withdrawn", "repeated", "held")
_PROBLEMS_SHOWN = 20
_SAFE_AGAIN = "Running the same command again is safe: what is stored already counts as repeated."


def import_file(
    file: Annotated[Path, typer.Argument(help="CSV, XLSX, JSON, NDJSON, Parquet or FHIR R4.")],
    system: Annotated[str, typer.Option(help="Code of the system whose records these are.")],
    kind: Annotated[str | None, typer.Option(help="The kind of unmapped JSON, or one kind of a map.")] = None,
    map_file: Annotated[Path | None, typer.Option("--map", help="The mapping file (TOML); see docs/import.md.")] = None,
    snapshot: Annotated[bool, typer.Option("--snapshot", help="The whole list: withdraw what is missing.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, store nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON alone.")] = False,
    data_dir: Annotated[Path, typer.Option(help="The hub's data directory.")] = Path("var"),
) -> None:
    """Import a file. Exit code: 0 all stored or repeated, 3 some rows held, 1 failed, 130 stopped by Ctrl-C."""
    chosen = _kind(kind)
    say: Callable[[str], None] = _say_nothing if as_json else _say
    try:
        mapping = _mapping(map_file)
        found = _recognised(file, mapping)
        with open_hub(data_dir, say=say) as hub:
            sender = _system(hub, system)
            plan = plan_file(
                format=found.format,
                encoding=found.encoding,
                mapping=mapping,
                kind=chosen,
                hash_ref=lambda parts: hub.keys.index("import ref", sender.code.encode() + b"\0" + parts),
                line_max_bytes=hub.settings.line_max_bytes,
            )
            _check_rights(sender, plan)
            with file.open("rb") as stream:
                plan.check(stream)
            described = plan.described() if dry_run else []
            for remark in (f"Read as {TITLES[found.format]}.", *found.remarks, *plan.remarks, *described):
                say(remark)
            with _Watch(file.stat().st_size, quiet=as_json) as watch, published_alone(data_dir, "import"):
                job = Job(hub, sender, file, plan, dry_run=dry_run, snapshot=snapshot)
                outcome = run_import(job, watch)
    except MappingRefused as refused:
        _fail_mapping(map_file, refused)
    except FileRefused as refused:
        _fail(f"{file}: {refused}")
    except OSError as fault:
        _fail(f"{fault.filename or file} cannot be read: {fault.strerror}.")
    if as_json:
        typer.echo(json.dumps(_as_json(file, outcome, dry_run=dry_run), ensure_ascii=False))
    else:
        _print(outcome, dry_run=dry_run)
    _end(outcome)


def _kind(name: str | None) -> Kind | None:
    if name is not None and name not in KINDS:
        _fail(f"No kind is called {name}. Kinds: {', '.join(KINDS)}.")
    return KINDS[name] if name is not None else None


def _mapping(path: Path | None) -> Mapping | None:
    if path is None:
        return None
    try:
        return load_mapping(path.read_bytes())
    except MappingRefused as refused:
        _fail_mapping(path, refused)


def _fail_mapping(path: Path | None, refused: MappingRefused) -> NoReturn:
    count = len(refused.faults)
    _fail(f"{path} has {count} fault{'s' if count > 1 else ''}; nothing was imported.\n{refused}")


def _recognised(file: Path, mapping: Mapping | None) -> Recognised:
    with file.open("rb") as stream:
        return recognise(stream, file.suffix, mapping.source if mapping else SourceTable())


def _system(hub: Hub, code: str) -> System:
    with hub.pool.connection() as connection:
        found = registry.load(connection).by_code(code)
    if found is None:
        _fail(f"No system has the code {code}. `daumoi system list` shows them, `daumoi system add` registers one.")
    if found.suspended:
        _fail(f"The system {code} is suspended and may send nothing. `daumoi system resume {code}` makes it active.")
    return found


def _check_rights(system: System, plan: FilePlan) -> None:
    missing = [kind.name for kind in plan.kinds if not system.may_send(kind.name)]
    if missing:
        _fail(f"The system {system.code} has no right to send {', '.join(missing)}; nothing was imported.")


class _Watch:
    """The progress bar on standard error, and Ctrl-C: the first asks to stop after the present row."""

    def __init__(self, size: int, *, quiet: bool) -> None:
        self._size = size
        self._stop = False
        self._before: Any = None
        self._task: Any = None
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[records]} records, {task.fields[rate]}/s"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=quiet,
        )

    def __enter__(self) -> "_Watch":
        self._before = signal.signal(signal.SIGINT, self._asked_to_stop)
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()
        signal.signal(signal.SIGINT, self._before)

    def began(self, kind: Kind) -> None:
        """A pass over the file for one kind begins."""
        self._task = self._progress.add_task(kind.name, total=self._size or 1, records=0, rate=0)

    def advanced(self, *, position: int, records: int) -> None:
        """Say the place in the file and the records sent until now."""
        elapsed = self._progress.tasks[-1].elapsed or 0
        rate = round(records / elapsed) if elapsed else 0
        self._progress.update(self._task, completed=position, records=records, rate=rate)

    def ended(self, *, records: int) -> None:
        """Fill the bar of this kind."""
        self.advanced(position=self._size, records=records)

    def wants_stop(self) -> bool:
        """Tell whether Ctrl-C was pressed."""
        return self._stop

    def _asked_to_stop(self, _signal: int, _frame: FrameType | None) -> None:
        if self._stop:
            raise KeyboardInterrupt
        self._stop = True


def _as_json(file: Path, outcome: Outcome, *, dry_run: bool) -> dict[str, Any]:
    """Put one receipt at the top as it is, or the sums of several; all stand under `receipts`."""
    receipts = [_receipt_as_json(receipt, outcome) for receipt in outcome.receipts]
    top = receipts[0] if len(receipts) == 1 else {name: _sum(outcome, name) for name in _COUNTS}
    return {
        "file": str(file),
        "dry_run": dry_run,
        "rows": outcome.tally.rows,
        "blank_rows": outcome.tally.blank,
        "rows_without_record": outcome.tally.without_record,
        "left_out_as_same": outcome.tally.left_out_as_same,
        "rows_without_ref": outcome.nameless,
        **top,
        "receipts": receipts,
        "held_file": str(outcome.held_file) if outcome.held_file else None,
        "stopped": outcome.stopped,
        "failure": outcome.failure or None,
    }


def _receipt_as_json(receipt: Receipt, outcome: Outcome) -> dict[str, Any]:
    """A receipt, with the line of the file beside the row of each problem."""
    made: dict[str, Any] = msgspec.to_builtins(receipt)
    for problem in made["problems"]:
        problem["source_row"] = outcome.source_lines.get((str(receipt.kind), problem["row"]))
        problem["notes"] = list(outcome.notes.get((str(receipt.kind), problem["row"]), ()))
    return made


def _sum(outcome: Outcome, name: str) -> int:
    return sum(getattr(receipt, name) for receipt in outcome.receipts)


def _print(outcome: Outcome, *, dry_run: bool) -> None:
    console = Console()
    title = "Dry run, nothing stored" if dry_run else None
    table = Table("", *(str(receipt.kind) for receipt in outcome.receipts), title=title, box=SIMPLE)
    for name in _COUNTS:
        table.add_row(name, *(f"{getattr(receipt, name):,}" for receipt in outcome.receipts))
    console.print(table)
    tally = outcome.tally
    typer.echo(f"{tally.rows:,} rows read; {tally.blank:,} blank; {tally.without_record:,} made no record.")
    if tally.left_out_as_same:
        typer.echo(f"{tally.left_out_as_same:,} records with distinct = true were made before and sent once.")
    if outcome.nameless:
        typer.echo(
            f"{outcome.nameless:,} rows do not say which record they are, so nothing was withdrawn:"
            " each may be one that seems missing. Mend them and run again."
        )
    for receipt in outcome.receipts:
        if receipt.submission_id is not None:
            typer.echo(f"{receipt.kind}: submission {receipt.submission_id}")
    _print_problems(console, outcome)
    if dry_run and len(outcome.receipts) > 1 and _codes(outcome)["unknown_checkpoint"]:
        typer.echo("A dry run stores no checkpoints, so passages that name new ones of the same file show as unknown.")
    if outcome.held_file is not None:
        typer.echo(f"Held rows, with reasons: {outcome.held_file}")
        typer.echo("Mend the source or the mapping and run again: good rows are stored, their held entries close.")


def _codes(outcome: Outcome) -> Counter[str]:
    return Counter(problem.code for receipt in outcome.receipts for problem in receipt.problems)


def _print_problems(console: Console, outcome: Outcome) -> None:
    problems = [(str(receipt.kind), problem) for receipt in outcome.receipts for problem in receipt.problems]
    if not problems:
        return
    first = f"First {_PROBLEMS_SHOWN} of {outcome.held:,} held rows" if outcome.held > _PROBLEMS_SHOWN else "Held rows"
    table = Table("Row", "Held as", "Why, and what to do", title=first, box=SIMPLE)
    for kind, problem in problems[:_PROBLEMS_SHOWN]:
        line = outcome.source_lines.get((kind, problem.row))
        why = [f"{problem.code} at {problem.pointer or 'the row'}: {problem.message}"]
        why += outcome.notes.get((kind, problem.row), ())
        table.add_row(str(line or "?"), kind, escape("\n".join(why)))
    console.print(table)


def _end(outcome: Outcome) -> None:
    """Say how it ended, and end with the exit code that scripts read."""
    if outcome.held_file_failure:
        _say(outcome.held_file_failure)
    if outcome.failure:
        _say(f"{outcome.failure} The counts above are stored. {_SAFE_AGAIN}")
        raise typer.Exit(EXIT_FAILED)
    if outcome.stopped:
        _say(f"Stopped. The receipt shows what was done until then. {_SAFE_AGAIN}")
        raise typer.Exit(EXIT_STOPPED)
    if outcome.held:
        raise typer.Exit(EXIT_HELD)


def _fail(message: str) -> NoReturn:
    _say(message)
    raise typer.Exit(EXIT_FAILED)


def _say(message: str) -> None:
    typer.echo(message, err=True)


def _say_nothing(_message: str) -> None:
    """Keep standard output and error to the answer alone."""
