"""`daumoi map`: drafts a mapping file from a sample."""

from pathlib import Path
from typing import Annotated

import typer

from daumoi.intake.files.document import SourceTable
from daumoi.intake.files.drafting import draft
from daumoi.intake.files.reading.rows import FileRefused
from daumoi.kinds.registry import KINDS


def map_file(
    file: Annotated[Path, typer.Argument(help="CSV, XLSX, JSON, NDJSON, Parquet or FHIR R4.")],
    kind: Annotated[str, typer.Option(help="The kind of record that a row makes.")],
    out: Annotated[Path | None, typer.Option(help="Where to write the draft; else it is printed.")] = None,
    sheet: Annotated[str | None, typer.Option(help="The sheet of a workbook.")] = None,
    records: Annotated[str | None, typer.Option(help="The member of a JSON document that holds the list.")] = None,
) -> None:
    """Draft a mapping file for a file by the names of its columns; check it before use."""
    if kind not in KINDS:
        typer.echo(f"No kind is called {kind}. Kinds: {', '.join(KINDS)}.", err=True)
        raise typer.Exit(1)
    try:
        text = draft(file, KINDS[kind], source=SourceTable(sheet=sheet, records=records))
        if out is None:
            typer.echo(text, nl=False)
            return
        with out.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        typer.echo(f"{out} is there already; nothing was written. Give another name.", err=True)
        raise typer.Exit(1) from None
    except FileRefused as refused:
        typer.echo(f"{file}: {refused}", err=True)
        raise typer.Exit(1) from None
    except OSError as fault:
        typer.echo(f"{fault.filename or file} cannot be read or written: {fault.strerror}.", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{out} is a draft. Read it, then try it: daumoi import {file} --system CODE --map {out} --dry-run")
