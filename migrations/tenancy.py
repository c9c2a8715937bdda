"""The statements that every tenant table needs: row level security, forced, and its grants."""

from __future__ import annotations

from alembic import op

TENANT = "nullif(current_setting('app.tenant', true), '')::uuid"
SERVICE = "mentorcert_app, mentorcert_worker"


def guard(table: str, *, key: str = "tenant_id") -> None:
    """Hide every row of `table` from all tenants but its own, from the table's owner too."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY tenant ON {table} USING ({key} = {TENANT}) WITH CHECK ({key} = {TENANT})"
    )


def grant(table: str, rights: str, to: str = SERVICE) -> None:
    op.execute(f"GRANT {rights} ON {table} TO {to}")
