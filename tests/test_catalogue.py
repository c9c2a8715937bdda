"""The database's own word on what keeps certification bodies apart.

Read from the catalogue of the migrated database, so that a table added tomorrow is held to the same
rules. What may differ is named here, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from app.cli.migrating import migrate
from app.embedded.services import Services
from app.kit.db import Table
from app.kit.ids import new_id
from app.work import ENTER_TENANT
from tests.conftest import engine_of
from tests.racing import at_once

OF_NO_TENANT = {
    "alembic_version": "which revisions were applied",
    "reference_version": "frameworks, schemes and charters belong to the installation",
    "indicator": "a framework's indicators",
}
ROLES = ("mentorcert_app", "mentorcert_worker", "mentorcert_owner")
SERVICE = ROLES[:2]

FOUND_BEFORE_THE_TENANT = {
    ("tenant", "list_all"): "the worker goes through the tenants one by one",
    ("api_token", "find_by_hash"): "a token is all that a request brings",
    ("invitation", "find_by_hash"): "a link is all that an invited person brings",
    ("certificate", "find_by_number"): "anyone may check a certificate",
    ("certificate_status_change", "find_by_number"): "and what became of it",
}
DEFINERS = {
    "authenticate": "finds a token",
    "record_entry": "writes the journal",
    "find_invitation": "tells whose a one-time link is",
    "all_tenants": "lists the tenants for the worker",
    "public_certificate": "what anyone may know of a certificate",
    "public_certificate_pdf": "where its printed form is kept",
}
UNIQUE_IN_THE_INSTALLATION = {
    "api_token_hash_key": "256 random bits, and the tenant is not known yet",
    "invitation_hash_key": "256 random bits, and the tenant is not known yet",
    "certificate_number_key": "a number is public and permanent",
    "certificate_serial_key": "counts the certificates of the installation",
    "portfolio_import_holds_key": "two imports of one portfolio would put files in one place",
}
# Their first column is an identifier of 74 random bits: who can guess it has read it.
KEYED_BY_A_PARENT = {
    "application_pkey",
    "prerequisite_pkey",
    "duty_pkey",
    "self_assessment_pkey",
    "self_rating_pkey",
    "snapshot_portfolio_id_number_key",
    "snapshot_claim_pkey",
    "snapshot_file_pkey",
    "rating_pkey",
    "judgement_pkey",
    "interview_snapshot_id_key",
    "interview_answer_pkey",
    "decision_signature_pkey",
}


@pytest.fixture(scope="module")
def catalogue(owner_engine: Engine) -> Iterator[Connection]:
    with owner_engine.connect() as connection:
        yield connection


def rows(catalogue: Connection, query: str, **given: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in catalogue.execute(text(query), given)]


def tables(catalogue: Connection) -> list[str]:
    found = rows(
        catalogue,
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " AND relkind IN ('r', 'p') ORDER BY relname",
    )
    return [str(name) for (name,) in found]


def tenant_tables(catalogue: Connection) -> list[str]:
    return [name for name in tables(catalogue) if name not in OF_NO_TENANT]


def test_every_table_names_its_tenant_or_is_known_to_have_none(catalogue: Connection) -> None:
    with_tenant = rows(
        catalogue,
        "SELECT table_name, is_nullable, data_type FROM information_schema.columns"
        " WHERE table_schema = 'public' AND column_name = 'tenant_id'",
    )
    names = {name for name, _, _ in with_tenant}
    assert set(tables(catalogue)) - names - OF_NO_TENANT.keys() == {"tenant"}
    assert {tuple(rest) for _, *rest in with_tenant} == {("NO", "uuid")}


def test_every_table_of_the_service_is_in_the_database(catalogue: Connection) -> None:
    assert set(Table.metadata.tables) <= set(tables(catalogue))


def test_every_tenant_table_is_guarded_against_its_owner_too(catalogue: Connection) -> None:
    unguarded = rows(
        catalogue,
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " AND relkind IN ('r', 'p') AND NOT (relrowsecurity AND relforcerowsecurity)",
    )
    assert {name for (name,) in unguarded} == OF_NO_TENANT.keys()


def test_every_tenant_table_has_the_policy_of_its_tenant(catalogue: Connection) -> None:
    policies = rows(
        catalogue,
        "SELECT tablename, permissive, cmd, roles::text[], qual, with_check FROM pg_policies"
        " WHERE schemaname = 'public' AND policyname = 'tenant'",
    )
    assert [name for name, *_ in sorted(policies)] == tenant_tables(catalogue)
    for name, permissive, command, roles, seen, written in policies:
        assert (permissive, command, roles) == ("PERMISSIVE", "ALL", ["public"]), name
        key = "id" if name == "tenant" else "tenant_id"
        setting = "(NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid"
        assert seen == written == f"({key} = {setting})", name


def test_only_the_owner_s_functions_look_beyond_a_tenant(catalogue: Connection) -> None:
    others = rows(
        catalogue,
        "SELECT tablename, policyname, cmd, array_to_string(roles, ',') FROM pg_policies"
        " WHERE schemaname = 'public' AND policyname <> 'tenant'",
    )
    assert {(table, policy) for table, policy, *_ in others} == FOUND_BEFORE_THE_TENANT.keys()
    assert {tuple(rest) for _, _, *rest in others} == {("SELECT", "mentorcert_owner")}


def test_nobody_keeps_copies_of_rows_without_their_policies(catalogue: Connection) -> None:
    copies = rows(catalogue, "SELECT schemaname, matviewname FROM pg_matviews")
    assert copies == []


def test_a_view_sees_what_its_reader_may_see(catalogue: Connection) -> None:
    views = rows(
        catalogue,
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " AND relkind = 'v' AND NOT coalesce('security_invoker=true' = ANY(reloptions), false)",
    )
    assert views == []


def test_no_row_refers_to_a_row_of_another_tenant(catalogue: Connection) -> None:
    """Foreign keys are checked without policies: a plain one would tell that an id exists."""
    keys = rows(
        catalogue,
        """
        SELECT c.conname, c.conrelid::regclass::text, c.confrelid::regclass::text,
               ARRAY(SELECT a.attname::text || '=' || b.attname::text
                     FROM unnest(c.conkey, c.confkey) k (here, there)
                     JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.here
                     JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = k.there)
        FROM pg_constraint c
        WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace
        """,
    )
    assert len(keys) > 40
    crossing = [
        name
        for name, _, to, pairs in keys
        if to not in OF_NO_TENANT
        and ("tenant_id=id" if to == "tenant" else "tenant_id=tenant_id") not in str(pairs)
    ]
    assert crossing == []


def test_no_unique_key_tells_one_tenant_of_another(catalogue: Connection) -> None:
    unique = rows(
        catalogue,
        """
        SELECT i.indexrelid::regclass::text, i.indrelid::regclass::text,
               ARRAY(SELECT a.attname::text FROM unnest(i.indkey) WITH ORDINALITY k (number, place)
                     JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
                     ORDER BY k.place)
        FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
        WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace
        """,
    )
    telling = {
        str(name)
        for name, table, columns in unique
        if table not in OF_NO_TENANT and "tenant_id" not in str(columns) and columns != ["id"]
    }
    assert telling == UNIQUE_IN_THE_INSTALLATION.keys() | KEYED_BY_A_PARENT


def test_only_named_functions_act_as_the_owner(catalogue: Connection) -> None:
    definers = rows(
        catalogue,
        """
        SELECT proname, coalesce(array_to_string(proconfig, ';'), ''),
               pg_get_userbyid(proowner),
               proacl IS NULL OR EXISTS (SELECT FROM aclexplode(proacl) WHERE grantee = 0)
        FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef
        """,
    )
    assert {name for name, *_ in definers} == DEFINERS.keys()
    for name, settings, owner, open_to_all in definers:
        assert str(settings).startswith("search_path=pg_catalog, public"), name
        assert owner == "mentorcert_owner", name
        assert not open_to_all, f"everybody may call {name}"


def test_only_the_worker_lists_the_tenants(catalogue: Connection) -> None:
    may = "SELECT has_function_privilege(:role, 'all_tenants()', 'EXECUTE')"
    found = [rows(catalogue, may, role=role) for role in ROLES]
    assert found == [[(False,)], [(True,)], [(True,)]]


@pytest.mark.parametrize("role", ROLES)
def test_no_role_of_the_service_stands_above_the_policies(catalogue: Connection, role: str) -> None:
    found = rows(
        catalogue,
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication,"
        " EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid)"
        " FROM pg_roles r WHERE rolname = :role",
        role=role,
    )
    assert found == [(False,) * 6]


@pytest.mark.parametrize("role", SERVICE)
def test_the_service_changes_no_schema(catalogue: Connection, role: str) -> None:
    owned = rows(
        catalogue,
        "SELECT relname FROM pg_class WHERE relowner = CAST(:role AS regrole)",
        role=role,
    )
    assert owned == []
    for schema in ("public", "procrastinate"):
        may = "SELECT has_schema_privilege(:role, :schema, 'CREATE')"
        assert rows(catalogue, may, role=role, schema=schema) == [(False,)]
    for act in ("CREATE", "TEMPORARY"):
        may = "SELECT has_database_privilege(:role, current_database(), :act)"
        assert rows(catalogue, may, role=role, act=act) == [(False,)]


def test_nothing_is_granted_to_everybody(catalogue: Connection) -> None:
    granted = rows(
        catalogue,
        "SELECT relname, privilege_type FROM pg_class, aclexplode(relacl)"
        " WHERE relnamespace IN ('public'::regnamespace, 'procrastinate'::regnamespace)"
        " AND grantee = 0",
    )
    assert granted == []


# Nobody may empty a table, refer to it or hang triggers on it; to these, rows are only added.
APPENDED_ONLY = {
    "portfolio_transition",
    "duty",
    "snapshot",
    "snapshot_claim",
    "snapshot_file",
    "testimony",
    "declared_conflict",
    "interview_answer",
    "decision_signature",
    "certificate_status_change",
    "imported_record",
}
NOT_WRITTEN = {"journal_entry", "journal_head"}


def privileges(catalogue: Connection, role: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for table, act in rows(
        catalogue,
        "SELECT relname, privilege_type FROM pg_class, aclexplode(relacl)"
        " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'p')"
        " AND grantee = CAST(:role AS regrole)",
        role=role,
    ):
        found.setdefault(str(table), set()).add(str(act))
    return found


@pytest.mark.parametrize("role", SERVICE)
def test_the_service_s_rights_are_those_it_needs(catalogue: Connection, role: str) -> None:
    held = privileges(catalogue, role)
    assert set().union(*held.values()) == {"SELECT", "INSERT", "UPDATE", "DELETE"}
    assert {table for table in held if held[table] == {"SELECT"}} >= NOT_WRITTEN
    assert {table for table in APPENDED_ONLY if held[table] != {"SELECT", "INSERT"}} == set()
    assert {table for table, acts in held.items() if "alembic" in table} == set()


def test_the_web_process_writes_neither_anchors_nor_reference_data_nor_tenants(
    catalogue: Connection,
) -> None:
    held = privileges(catalogue, "mentorcert_app")
    for table in (
        "tenant",
        "journal_anchor",
        "journal_anchored_head",
        "reference_version",
        "indicator",
    ):
        assert held[table] == {"SELECT"}, table


HELD_BY_GRANTS_ALONE = {"portfolio_transition", "declared_conflict", "interview_answer"}


@pytest.mark.parametrize(
    "table", sorted({*APPENDED_ONLY, "journal_entry", "journal_anchor"} - HELD_BY_GRANTS_ALONE)
)
def test_what_is_only_appended_to_is_held_by_a_trigger_too(
    catalogue: Connection, table: str
) -> None:
    found = rows(
        catalogue,
        "SELECT tgenabled::text FROM pg_trigger WHERE tgrelid = CAST(:name AS regclass)"
        " AND tgname = 'append_only'",
        name=table,
    )
    assert found == [("O",)]


@pytest.fixture
def empty_database(services: Services, superuser_engine: Engine) -> Iterator[str]:
    """The owner's address of a database that has nothing in it yet."""
    name = f"empty_{new_id().hex}"
    with superuser_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE {name} OWNER mentorcert_owner"))
        yield services.owner_database_url.rpartition("/")[0] + f"/{name}"
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


def test_of_several_starts_at_once_one_lays_down_the_schema(empty_database: str) -> None:
    applied = at_once([partial(migrate, empty_database)] * 3)
    done = [revisions for revisions in applied if revisions]
    assert len(done) == 1
    assert done[0][:3] == ["people", "reference_data", "jobs"]
    assert migrate(empty_database) == []


def test_the_schema_is_laid_down_as_far_as_is_asked(empty_database: str) -> None:
    assert migrate(empty_database, "reference_data") == ["people", "reference_data"]
    assert migrate(empty_database, "jobs") == ["jobs"]


def test_old_tokens_are_told_who_made_them_and_kept_secrets_are_removed(
    empty_database: str,
) -> None:
    migrate(empty_database, "certification")
    with engine_of(empty_database) as engine, engine.begin() as connection:
        connection.execute(text(OLD_TOKENS))
    migrate(empty_database)
    with engine_of(empty_database) as engine, engine.begin() as connection:
        connection.execute(ENTER_TENANT, {"tenant": str(UUID(int=1))})
        made = rows(connection, "SELECT name, issued_by FROM api_token ORDER BY name")
        kept = rows(connection, "SELECT key FROM idempotent_answer")
    assert made == [("by Ada", UUID(int=2)), ("first", None)]
    assert kept == [("person",)]


OLD_TOKENS = r"""
SELECT set_config('app.tenant', '00000000-0000-0000-0000-000000000001', true);
CREATE FUNCTION pg_temp.id(n int) RETURNS uuid LANGUAGE sql
AS $$ SELECT lpad(to_hex(n), 32, '0')::uuid $$;
INSERT INTO tenant VALUES (pg_temp.id(1), 'Certifiers', now());
INSERT INTO person (id, tenant_id, name, email, language, created_at)
VALUES (pg_temp.id(2), pg_temp.id(1), 'Ada', 'ada@example.org', 'en', now()),
       (pg_temp.id(3), pg_temp.id(1), 'Nina', 'nina@example.org', 'en', now());
INSERT INTO api_token (id, tenant_id, person_id, name, hash, scopes, created_at, expires_at)
SELECT pg_temp.id(n), pg_temp.id(1), pg_temp.id(holder), name, sha256(name::bytea), '{}',
       now(), now() + interval '1 day'
FROM (VALUES (4, 2, 'first'), (5, 3, 'by Ada')) AS made (n, holder, name);
SELECT record_entry(pg_temp.id(1), now(), pg_temp.id(maker), 'people.token_issued', pg_temp.id(n),
                    '{}')
FROM (VALUES (4, 0), (5, 2)) AS made (n, maker);
INSERT INTO idempotent_answer
SELECT pg_temp.id(1), pg_temp.id(2), key, 'x', 201, '{}', body::bytea, now()
FROM (VALUES ('token', '{"id":"5","token":"mc_secret"}'), ('person', '{"id":"3"}'))
    AS a (key, body);
"""


# --- And so it behaves -----------------------------------------------------------------------


VALUES = {
    "uuid": "CAST(:id AS uuid)",
    "text": "'v' || :n",
    "bigint": ":n",
    "smallint": ":n",
    "integer": ":n",
    "numeric": ":n",
    "boolean": "true",
    "date": "date '2026-03-02'",
    "bytea": "convert_to('v' || :n, 'UTF8')",
    "jsonb": "'{}'",
    "int4multirange": "'{}'",
    "text[]": "'{}'",
    "timestamp with time zone": "now()",
}


@pytest.fixture
def filled(superuser_engine: Engine) -> Iterator[tuple[Connection, UUID, UUID]]:
    """A row of two tenants each in every tenant table, whatever the row would have to mean.

    Checks, keys and triggers are set aside for a transaction that is never committed; the policies
    are not.
    """
    with superuser_engine.connect() as connection:
        connection.execute(text("SET LOCAL lock_timeout = '20s'"))
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for table, check in rows(
            connection,
            "SELECT conrelid::regclass::text, conname FROM pg_constraint"
            " WHERE contype = 'c' AND connamespace = 'public'::regnamespace AND conrelid <> 0",
        ):
            connection.execute(text(f'ALTER TABLE {table} DROP CONSTRAINT "{check}"'))
        mine, theirs = new_id(), new_id()
        for n, tenant_id in enumerate((mine, theirs), start=1001):
            for table in tenant_tables(connection):
                insert(connection, table, tenant_id, n)
        yield connection, mine, theirs
        connection.rollback()


def columns(connection: Connection, table: str) -> Mapping[str, str]:
    found = rows(
        connection,
        "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute"
        " WHERE attrelid = CAST(:name AS regclass) AND attnum > 0"
        " AND NOT attisdropped AND attgenerated = ''",
        name=table,
    )
    return {str(name): str(kind) for name, kind in found}


def key_of(table: str) -> str:
    return "id" if table == "tenant" else "tenant_id"


def insert(connection: Connection, table: str, tenant_id: UUID, n: int) -> None:
    kinds = columns(connection, table)
    values = [
        "CAST(:tenant AS uuid)" if name == key_of(table) else VALUES[kind]
        for name, kind in kinds.items()
    ]
    names = ", ".join(f'"{name}"' for name in kinds)
    statement = f"INSERT INTO {table} ({names}) VALUES ({', '.join(values)})"  # noqa: S608
    given = {"tenant": tenant_id, "id": new_id(), "n": n}
    used = {name: value for name, value in given.items() if f":{name}" in statement}
    connection.execute(text(statement), used)


@contextmanager
def acting(connection: Connection, role: str, tenant_id: UUID | None) -> Iterator[None]:
    """Go on as a role of the service, in a tenant or before one is known."""
    with connection.begin_nested() as everything:
        connection.execute(text(f"SET LOCAL ROLE {role}"))
        connection.execute(ENTER_TENANT, {"tenant": "" if tenant_id is None else str(tenant_id)})
        try:
            yield
        finally:
            everything.rollback()


def count(connection: Connection, table: str, tenant_id: UUID) -> object:
    statement = f"SELECT count(*) FROM {table} WHERE {key_of(table)} = :tenant"  # noqa: S608
    return connection.execute(text(statement), {"tenant": tenant_id}).scalar_one()


POLICY = "violates row-level security policy"

Filled = tuple[Connection, UUID, UUID]


@pytest.mark.parametrize("role", SERVICE)
def test_a_tenant_reads_its_own_rows_and_nobody_else_s(filled: Filled, role: str) -> None:
    connection, mine, theirs = filled
    names = tenant_tables(connection)
    with acting(connection, role, mine):
        assert {name: count(connection, name, mine) for name in names} == dict.fromkeys(names, 1)
        assert {name: count(connection, name, theirs) for name in names} == dict.fromkeys(names, 0)


@pytest.mark.parametrize("role", SERVICE)
def test_nobody_reads_anything_before_a_tenant_is_known(filled: Filled, role: str) -> None:
    connection, *tenants = filled
    names = tenant_tables(connection)
    with acting(connection, role, None):
        for tenant_id in tenants:
            seen = {name: count(connection, name, tenant_id) for name in names}
            assert seen == dict.fromkeys(names, 0)


def test_the_owner_of_the_tables_reads_only_what_its_functions_look_for(filled: Filled) -> None:
    connection, _, theirs = filled
    names = tenant_tables(connection)
    open_to_owner = {table for table, _ in FOUND_BEFORE_THE_TENANT}
    with acting(connection, "mentorcert_owner", None):
        assert {name for name in names if count(connection, name, theirs)} == open_to_owner


@pytest.mark.parametrize("role", SERVICE)
def test_nothing_is_written_into_another_tenant(filled: Filled, role: str) -> None:
    connection, mine, theirs = filled
    held = privileges(connection, role)
    tried = [name for name in tenant_tables(connection) if "INSERT" in held[name]]
    assert len(tried) > 25
    for table in tried:
        with acting(connection, role, mine), pytest.raises(DBAPIError, match=POLICY) as refused:
            insert(connection, table, theirs, 7)
        assert f'"{table}"' in str(refused.value)


@pytest.mark.parametrize("role", SERVICE)
def test_no_row_is_moved_into_another_tenant(filled: Filled, role: str) -> None:
    connection, mine, theirs = filled
    held = privileges(connection, role)
    tried = [name for name in tenant_tables(connection) if "UPDATE" in held[name]]
    assert len(tried) > 15
    for table in tried:
        statement = f"UPDATE {table} SET tenant_id = :theirs"  # noqa: S608 - from the catalogue
        with acting(connection, role, mine), pytest.raises(DBAPIError, match=POLICY):
            connection.execute(text(statement), {"theirs": theirs})


@pytest.mark.parametrize("role", SERVICE)
def test_rows_of_another_tenant_are_neither_changed_nor_removed(filled: Filled, role: str) -> None:
    connection, mine, theirs = filled
    held = privileges(connection, role)
    with acting(connection, role, mine):
        for table in tenant_tables(connection):
            key = key_of(table)
            for act, statement in {
                "UPDATE": f"UPDATE {table} SET {key} = {key}",  # noqa: S608
                "DELETE": f"DELETE FROM {table}",  # noqa: S608
            }.items():
                if act in held.get(table, set()):
                    with connection.begin_nested() as attempt:
                        touched = connection.execute(text(statement)).rowcount
                        attempt.rollback()
                    assert touched == 1, f"{act} {table}"
        connection.execute(ENTER_TENANT, {"tenant": str(theirs)})
        assert {count(connection, table, theirs) for table in tenant_tables(connection)} == {1}
