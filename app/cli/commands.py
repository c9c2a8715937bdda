"""What a person can tell `mentorcert` to do."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from app.actor import system
from app.cli import demo as walk
from app.cli.checkup import checkup
from app.cli.evidence import evidence
from app.cli.installation import (
    VAR,
    CannotServe,
    Choices,
    Installation,
    installation,
    prepare,
    worker_sessions,
)
from app.cli.migrating import migrate as apply_revisions
from app.cli.portfolio import portfolios
from app.cli.processes import running
from app.cli.room import storage
from app.cli.verifying import verify as verify_all
from app.embedded.errors import CannotStart
from app.framework import loader, service
from app.framework.content import Kind, readable
from app.kit.alphabet import drawable
from app.kit.clock import utc_now
from app.kit.db import transaction
from app.kit.errors import Refusal
from app.kit.ids import new_id
from app.kit.settings import Settings
from app.main import create_app
from app.people.service import found_tenant
from app.storage.web import SigningStore
from app.work import begin
from app.worker import main as run_worker

app = typer.Typer(
    name="mentorcert",
    help="Certifying the competence of business mentors.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
tenants = typer.Typer(help="Certification bodies.", no_args_is_help=True)
frameworks = typer.Typer(help="Reference data: load, publish, compare.", no_args_is_help=True)
app.add_typer(tenants, name="tenant")
app.add_typer(frameworks, name="framework")
app.add_typer(evidence, name="evidence")
app.add_typer(portfolios, name="portfolio")
app.add_typer(storage, name="storage")

console = Console(stderr=True)

DEMO_BODY = "Demo certification body"
DEMO_LIFE = timedelta(days=30)

Var = Annotated[Path, typer.Option("--var", help="Where the embedded services keep their data.")]
Database = Annotated[
    str | None,
    typer.Option("--database-url", envvar="MENTORCERT_DATABASE_URL", help="An outside PostgreSQL."),
]
Store = Annotated[
    str | None,
    typer.Option("--s3-endpoint", envvar="MENTORCERT_S3_ENDPOINT", help="An outside S3 store."),
]
PublicUrl = Annotated[
    str | None, typer.Option("--public-url", help="The service's address as the world sees it.")
]
Port = Annotated[int | None, typer.Option("--port", help="The port of the web process.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print machine-readable lines.")]


@app.command()
def serve(
    var: Var = VAR,
    database_url: Database = None,
    s3_endpoint: Store = None,
    public_url: PublicUrl = None,
    port: Port = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
) -> None:
    """Run the service until Ctrl-C: database and store (unless outside ones), web and worker."""
    choices = Choices(var, database_url, s3_endpoint, public_url, port)
    with installation(choices) as here:
        prepare(here, say)
        with running(here, host) as ours:
            if not ours:
                say(f"Already running: {here.settings.public_url}")
                return
            say(f"Serving at {here.settings.public_url} (Ctrl-C stops it)")
            wait_for_stop()


@app.command()
def worker() -> None:
    """Run one more worker; its settings come from MENTORCERT_… variables."""
    run_worker()


@app.command()
def demo(var: Var = VAR, port: Port = None, as_json: AsJson = False) -> None:
    """Walk one candidate to a certificate and another to a refusal, on real parts."""
    choices = Choices(var, port=port)
    with installation(choices) as here:
        prepare(here, say)
        with running(here):
            token = new_tenant(here, DEMO_BODY, "Ada Marchetti", "ada@example.org", DEMO_LIFE)
            summary = walk.run(here, Console(stderr=True, quiet=as_json), token)
    if as_json:
        typer.echo(json.dumps(summary))


@app.command()
def migrate(
    owner_database_url: Annotated[
        str | None, typer.Option(envvar="MENTORCERT_OWNER_DATABASE_URL")
    ] = None,
    var: Var = VAR,
) -> None:
    """Bring the database's schema up to date."""
    if owner_database_url is not None:
        applied = apply_revisions(owner_database_url)
    else:
        with installation(Choices(var)) as here:
            applied = apply_revisions(here.settings.owner_database_url or "")
    say(f"applied: {', '.join(applied)}" if applied else "The schema is up to date.")


@tenants.command("create")
def create_tenant(
    name: Annotated[str, typer.Argument(help="The certification body; certificates carry it.")],
    administrator: Annotated[str, typer.Option(help="The first administrator's name.")],
    email: Annotated[str, typer.Option(help="The first administrator's e-mail address.")],
    days: Annotated[int, typer.Option(help="How long the first token lasts.", max=366)] = 90,
    var: Var = VAR,
    database_url: Database = None,
    s3_endpoint: Store = None,
) -> None:
    """Set up a certification body; its first administrator's token is printed once."""
    name = drawable(name)
    with installation(Choices(var, database_url, s3_endpoint)) as here:
        prepare(here, say)
        typer.echo(new_tenant(here, name, administrator, email, timedelta(days=days)))


def new_tenant(
    here: Installation, name: str, administrator: str, email: str, life: timedelta
) -> str:
    """Found a tenant and return its first administrator's token."""
    sessions, store = worker_sessions(here.settings), SigningStore.from_settings(here.settings)
    with begin(sessions, system(new_id()), store) as work:
        _, token = found_tenant(
            work, name=name, administrator=administrator, email=email, life=life
        )
    return token


@frameworks.command("load")
def load(
    path: Path, var: Var = VAR, database_url: Database = None, s3_endpoint: Store = None
) -> None:
    """Load a reference data file, or every one of a folder, as drafts."""
    with installation(Choices(var, database_url, s3_endpoint)) as here:
        prepare(here, say)
        with transaction(worker_sessions(here.settings)) as session:
            for one in loader.load(session, path, now=utc_now()):
                typer.echo(f"{one.kind} {one.reference.code} {one.reference.version}: {one.fate}")


@frameworks.command("publish")
def publish(
    kind: Kind,
    code: str,
    version: str,
    var: Var = VAR,
    database_url: Database = None,
    s3_endpoint: Store = None,
) -> None:
    """Put a draft into force; from then on it never changes."""
    with (
        installation(Choices(var, database_url, s3_endpoint)) as here,
        transaction(worker_sessions(here.settings)) as session,
    ):
        found = service.publish(session, kind, code, version, now=utc_now())
        typer.echo(f"{kind} {code} {version}: {found.state}, SHA-256 {found.content_hash}")


@frameworks.command("diff")
def diff(
    code: str,
    before: str,
    after: str,
    var: Var = VAR,
    database_url: Database = None,
    s3_endpoint: Store = None,
) -> None:
    """Show what changed between two versions of a framework."""
    with (
        installation(Choices(var, database_url, s3_endpoint)) as here,
        transaction(worker_sessions(here.settings)) as session,
    ):
        typer.echo(readable(service.diff(session, code, before, after)))


@app.command()
def verify(
    var: Var = VAR,
    database_url: Database = None,
    s3_endpoint: Store = None,
    files: Annotated[bool, typer.Option("--files", help="Read every kept file back too.")] = False,
) -> None:
    """Recompute every journal's hash chain, anchors and seals; exit 1 if one does not hold."""
    with installation(Choices(var, database_url, s3_endpoint)) as here:
        broken = verify_all(here, console, files=files)
    if broken:
        raise typer.Exit(1)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def bench(context: typer.Context) -> None:
    """Measure the service beside its limits; --help after it says more, FULL=1 takes longer."""
    # A process of its own: measuring needs packages that the service does without.
    command = [sys.executable, "-m", "bench", *context.args]
    raise typer.Exit(subprocess.call(command))  # noqa: S603 - our own module


@app.command()
def openapi(
    out: Annotated[Path | None, typer.Option(help="Write to this file instead.")] = None,
) -> None:
    """Print the OpenAPI document."""
    words = openapi_text()
    if out is None:
        typer.echo(words, nl=False)
    else:
        out.write_text(words, "utf-8")


def openapi_text() -> str:
    """Return the OpenAPI document as it is committed; no service need run."""
    nowhere = Settings("postgresql://nowhere", "postgresql://nowhere", "http://nowhere", "", "")
    document = create_app(nowhere).openapi()
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


@app.command()
def doctor(var: Var = VAR, as_json: AsJson = False) -> None:
    """Say what is wrong with this installation, and what to do about it."""
    found = checkup(var)
    if as_json:
        for one in found:
            typer.echo(json.dumps({"ok": one.ok, "subject": one.subject, "says": one.sentence}))
    else:
        table = Table("", "what", "how it is", "what to do")
        for one in found:
            mark = "[green]✓" if one.ok else "[red]✗"
            table.add_row(mark, one.subject, one.sentence, one.remedy or "")
        Console().print(table)
    if not all(one.ok for one in found):
        raise typer.Exit(1)


def wait_for_stop() -> None:
    end = threading.Event()
    for request in (signal.SIGINT, signal.SIGTERM):
        signal.signal(request, lambda *_: end.set())
    end.wait()


def say(words: str) -> None:
    console.print(words, highlight=False)


def main() -> None:
    """Run the command; what cannot be done is said in a sentence."""
    try:
        app()
    except (CannotStart, CannotServe) as problem:
        sys.exit(str(problem))
    except Refusal as refusal:
        sys.exit(f"{refusal.title()}\n{refusal.detail}")
    except SQLAlchemyError as problem:
        sys.exit(f"The database does not do what was asked: {problem.__cause__ or problem}")
