"""Handing evidence in from the command line, and going on after a cut.

It is a client of the API like any other, on any machine: it needs the service's address and a
token, and neither the database nor the store's keys.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import httpx2
import typer
from rich.console import Console

from app.cli.fates import Bars, Fate, Lines, Watcher
from app.client import Client, FileChanged, Problem, UploadFailed, UploadUnderWay, upload
from app.client.naming import guessed_type

evidence = typer.Typer(help="Evidence: hand files in.", no_args_is_help=True)

TOKEN: Final = "MENTORCERT_TOKEN"  # noqa: S105 - the name of a variable
SERVER: Final = "MENTORCERT_SERVER"

PATIENCE: Final = 300.0
"""Seconds of waiting for a service or store that is away, until it is given up."""

CHECK: Final = 900.0
"""Seconds for the check of one file."""

INTERRUPTED: Final = 130
"""The exit status of a program that Ctrl-C ended."""


@evidence.command("upload")
def upload_files(
    paths: Annotated[
        list[Path], typer.Argument(exists=True, dir_okay=False, readable=True, metavar="PATH…")
    ],
    item: Annotated[str, typer.Option("--evidence", metavar="ID", help="For which evidence.")],
    server: Annotated[
        str, typer.Option(envvar=SERVER, help="The service's address.")
    ] = "http://localhost:8000",
    token_file: Annotated[
        Path | None, typer.Option(help=f"A file that holds your token; else {TOKEN} is read.")
    ] = None,
    media_type: Annotated[
        str | None, typer.Option("--type", help="The media type, if the name does not tell it.")
    ] = None,
    parallel: Annotated[
        int, typer.Option(min=1, max=16, help="Parts on their way at once; a cut costs as many.")
    ] = 1,
    resume: Annotated[
        bool, typer.Option("--resume/--no-resume", help="Go on where an earlier try was cut off.")
    ] = True,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait until each file was checked.")
    ] = True,
    patience: Annotated[
        float, typer.Option(min=0, help="Seconds of waiting for a service or store that is away.")
    ] = PATIENCE,
    as_json: Annotated[bool, typer.Option("--json", help="Print machine-readable lines.")] = False,
) -> None:
    """Hand in files; run it again after a cut, and it goes on from there."""
    console = Console(stderr=True, quiet=as_json)
    token = read_token(token_file)
    fates = [Fate(path, path.stat().st_size) for path in paths]
    bars = Bars(console, fates)
    watcher: Watcher = Lines() if as_json else bars
    with Client(server, token, patience=patience) as client:
        try:
            with bars.shown():
                for fate in fates:
                    place = note_place(client.base_url, item, fate.path) if resume else None
                    how = How(item, media_type, place, parallel, CHECK if wait else 0.0)
                    watcher.begin(fate)
                    hand_in(client, fate, how, watcher)
                    watcher.ended(fate)
        except KeyboardInterrupt:
            say_how_to_go_on(fates, resume)
            raise typer.Exit(INTERRUPTED) from None
    if not all(fate.arrived for fate in fates):
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class How:
    """For which evidence a file is handed in, and how."""

    item: str
    media_type: str | None
    note: Path | None
    parallel: int
    wait: float


def hand_in(client: Client, fate: Fate, how: How, watcher: Watcher) -> None:
    """Upload one file and note what became of it."""

    def sent(count: int) -> None:
        fate.sent += count
        watcher.moved(fate)

    def already(count: int) -> None:
        fate.already += count
        watcher.moved(fate)

    media_type = how.media_type or guessed_type(fate.path)
    if media_type is None:
        fate.refusal = "its name does not tell its media type; give it with --type."
        return
    try:
        fate.file = upload(
            client,
            how.item,
            fate.path,
            media_type=media_type,
            progress=sent,
            already=already,
            wait=how.wait,
            note=how.note,
            parallel=how.parallel,
        )
    except Problem as problem:
        fate.refusal = said_by(problem)
    except httpx2.TransportError as problem:
        fate.refusal = f"the service at {client.base_url} does not answer ({problem})."
    except (UploadFailed, FileChanged, UploadUnderWay, OSError) as problem:
        fate.refusal = str(problem)
    else:
        if fate.file["state"] == "rejected":
            fate.refusal = f"not accepted: {fate.file['problem_detail'] or fate.file['problem']}"


def said_by(problem: Problem) -> str:
    """Return what the service said, with the facts that help."""
    members = problem.members
    words = [str(members[name]) for name in ("title", "detail") if members.get(name)]
    facts = [
        f"{name}: {json.dumps(value, ensure_ascii=False)}"
        for name, value in members.items()
        if name not in ("type", "title", "detail", "status", "instance", "request_id")
    ]
    return " ".join([*dict.fromkeys(words), *facts]) or f"the service answered {problem.status}."


def read_token(file: Path | None) -> str:
    """Return the person's token; it is never given as an argument, which others could see."""
    if file is None:
        token = os.environ.get(TOKEN, "")
    else:
        if stat.S_IMODE(file.stat().st_mode) & 0o077:
            sys.stderr.write(f"Others on this machine can read {file}: chmod 600 {file}\n")
        token = file.read_text("utf-8")
    if not token.strip():
        sys.stderr.write(f"No token: set {TOKEN}, or name a file with --token-file.\n")
        raise typer.Exit(2)
    return token.strip()


def note_place(server: str, item: str, path: Path) -> Path:
    """Return where the upload of this file for this evidence is noted, outside of any project."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    named = "\n".join((server, item, str(path.resolve())))
    digest = hashlib.sha256(named.encode("utf-8", "surrogateescape")).hexdigest()
    return Path(state) / "mentorcert" / "uploads" / f"{digest[:32]}.json"


def say_how_to_go_on(fates: Sequence[Fate], resume: bool) -> None:
    """Tell a person who pressed Ctrl-C what is there and what to do."""
    arrived = sum(one.sent + one.already for one in fates)
    whole = sum(one.size for one in fates)
    sys.stderr.write(f"\nStopped after {arrived / 1e6:.1f} of {whole / 1e6:.1f} MB. ")
    sys.stderr.write(
        "Run the same command again to go on from here.\n"
        if resume
        else "Without --resume, the next run begins anew.\n"
    )


def main() -> None:
    """Run the command where nothing but the client is needed."""
    alone = typer.Typer(name="mentorcert", pretty_exceptions_enable=False)
    alone.callback()(lambda: None)
    alone.add_typer(evidence, name="evidence")
    alone(prog_name="mentorcert")
