"""Room for files, and what the store holds beside what the database knows: for operators."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from app.actor import system
from app.cli.installation import VAR, Choices, Installation, installation, worker_sessions
from app.evidence.handlers.reconciling import Comparison, reconcile
from app.evidence.queries import storage as rooms
from app.evidence.quota import Limits
from app.evidence.room import limit_room
from app.jobs.shift import Shift
from app.mail.choice import post_of
from app.storage.s3 import S3Store
from app.storage.web import SigningStore
from app.work import begin
from app.worker import all_tenants

storage = typer.Typer(help="Room for files, and what the store holds.", no_args_is_help=True)

Var = Annotated[Path, typer.Option("--var", help="Where the embedded services keep their data.")]
Database = Annotated[
    str | None,
    typer.Option("--database-url", envvar="MENTORCERT_DATABASE_URL", help="An outside PostgreSQL."),
]
Store = Annotated[
    str | None,
    typer.Option("--s3-endpoint", envvar="MENTORCERT_S3_ENDPOINT", help="An outside S3 store."),
]
Bytes = Annotated[
    int | None, typer.Option(min=0, max=2**60, help="Bytes; 0: any number; left out: as usual.")
]


@storage.command("limit")
def limit(
    tenant: UUID,
    per_person: Bytes = None,
    per_tenant: Bytes = None,
    var: Var = VAR,
    database_url: Database = None,
    s3_endpoint: Store = None,
) -> None:
    """Say how much room the files of a certification body have, instead of what is usual here."""
    with installation(Choices(var, database_url, s3_endpoint)) as here:
        found = set_limits(here, tenant, per_person, per_tenant)
    for whose, one in (("each person", found.per_person), ("all together", found.per_tenant)):
        typer.echo(f"{whose}: {f'{one} bytes' if one else 'any number of bytes'}")


@storage.command("compare")
def compare(var: Var = VAR, database_url: Database = None, s3_endpoint: Store = None) -> None:
    """Compare database and store now, as by night; exit 1 if files are missing or not known."""
    with installation(Choices(var, database_url, s3_endpoint)) as here:
        found = compared(here)
    for tenant_id, figures in found.by_tenant.items():
        typer.echo(json.dumps({"tenant": str(tenant_id), **asdict(figures)}))
    typer.echo(json.dumps({"of_nobody": found.nobodys}))
    if any(one.missing or one.unknown for one in found.by_tenant.values()):
        raise typer.Exit(1)


def set_limits(
    here: Installation, tenant_id: UUID, per_person: int | None, per_tenant: int | None
) -> Limits:
    """Set a certification body's own limits, and return those that hold now."""
    settings = here.settings
    sessions, store = worker_sessions(settings), SigningStore.from_settings(settings)
    if tenant_id not in all_tenants(sessions):
        raise typer.BadParameter("There is no such certification body.")
    usual = Limits(settings.person_storage_bytes, settings.tenant_storage_bytes)
    with begin(sessions, system(tenant_id), store) as work:
        limit_room(work, per_person, per_tenant)
        return rooms.limits(work, usual)


def compared(here: Installation) -> Comparison:
    """Compare database and store, for all certification bodies."""
    settings = here.settings
    sessions, store = worker_sessions(settings), S3Store.from_settings(settings)
    post = post_of(settings)
    return reconcile(
        [Shift(sessions, store, id, settings.public_url, post) for id in all_tenants(sessions)]
    )
