"""The job queue: procrastinate's own tables in a schema of their own."""

from __future__ import annotations

from importlib.metadata import version

from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy import text

from migrations.tenancy import SERVICE

revision = "jobs"
down_revision = "reference_data"

PINNED = "3.10."


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    if not version("procrastinate").startswith(PINNED):
        raise RuntimeError(f"This revision lays down the tables of procrastinate {PINNED}x.")
    op.execute("CREATE SCHEMA procrastinate")
    op.execute("SET LOCAL search_path = procrastinate")
    # The driver takes a single percent sign for the place of a parameter.
    op.get_bind().exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))
    op.execute("SET LOCAL search_path = public")
    op.execute(f"GRANT USAGE ON SCHEMA procrastinate TO {SERVICE}")
    for kind in ("TABLES", "SEQUENCES", "ROUTINES"):
        op.execute(f"GRANT ALL ON ALL {kind} IN SCHEMA procrastinate TO {SERVICE}")
    # procrastinate names its functions without their schema.
    name = op.get_bind().execute(text("SELECT quote_ident(current_database())")).scalar_one()
    op.execute(f"ALTER DATABASE {name} SET search_path = public, procrastinate")
