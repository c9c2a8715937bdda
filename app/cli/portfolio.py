"""Taking a portfolio along from the command line, and bringing one in.

It is a client of the API like any other: it needs the service's address and the candidate's token.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import httpx2
import typer

from app.cli.evidence import SERVER, TOKEN, read_token, said_by
from app.client import Client, Problem
from app.client.takeout import TakeoutFailed, bring_in, take_out

portfolios = typer.Typer(help="Portfolios: take one along, bring one in.", no_args_is_help=True)

Server = Annotated[str, typer.Option(envvar=SERVER, help="The service's address.")]
TokenFile = Annotated[
    Path | None, typer.Option(help=f"A file that holds your token; else {TOKEN} is read.")
]
LOCAL = "http://localhost:8000"


@portfolios.command("export")
def export(
    portfolio: Annotated[str, typer.Argument(metavar="ID")],
    out: Annotated[Path, typer.Option(help="The file to write; there must be none yet.")],
    server: Server = LOCAL,
    token_file: TokenFile = None,
) -> None:
    """Take a whole portfolio along as one ZIP that opens offline."""
    if out.exists():
        fail(f"{out} is there already.")
    with Client(server, read_token(token_file)) as client:
        try:
            found = take_out(client, portfolio, out)
        except Problem as problem:
            fail(said_by(problem))
        except (TakeoutFailed, httpx2.HTTPError, OSError) as problem:
            fail(str(problem))
    typer.echo(json.dumps({"file": str(out), "size": found["size"], "sha256": found["sha256"]}))


@portfolios.command("import")
def import_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    server: Server = LOCAL,
    token_file: TokenFile = None,
) -> None:
    """Bring a portfolio in that was taken along elsewhere."""
    with Client(server, read_token(token_file)) as client:
        try:
            found = bring_in(client, file)
        except Problem as problem:
            fail(said_by(problem))
        except (TakeoutFailed, httpx2.HTTPError, OSError) as problem:
            fail(str(problem))
    if found["state"] != "imported":
        fail(str(found["problem_detail"] or f"The import is still {found['state']}."))
    typer.echo(json.dumps({"portfolio": found["portfolio_id"]}))


def fail(words: str) -> NoReturn:
    """Say what is wrong, and end."""
    sys.stderr.write(words + "\n")
    raise typer.Exit(1)
