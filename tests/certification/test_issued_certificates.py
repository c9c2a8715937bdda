"""A certificate from the signature to the register: frozen facts, public entry, PDF, crashes."""

from __future__ import annotations

import hashlib
import io
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import cast
from uuid import UUID

import pikepdf
import pytest
import urllib3
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app import worker
from app.certification import handlers
from app.certification.numbers import certificate_number, is_well_formed
from app.kit.clock import utc_now
from app.kit.dates import months_after
from tests import assess, make, rules
from tests.assess import Assessed, Panel, refused
from tests.make import Json
from tests.racing import at_once

Tool = Callable[[str], str]
UNKNOWN = certificate_number(
    rules.scheme().certificate.number_format, letter="J", year=2026, serial=999_999
)


@pytest.fixture(scope="module")
def issued(lasting_panel: Panel) -> tuple[Assessed, str]:
    """A certificate that no test changes."""
    return assess.certified(lasting_panel)


def entry(browser: TestClient, number: str) -> Json:
    answer = browser.get(f"/api/v1/certificates/{number}")
    assert answer.status_code == 200, answer.text
    return cast(Json, answer.json())


def row(panel: Panel, columns: str, number: str) -> tuple[object, ...]:
    with panel.tenant.at_work() as work:
        found = work.session.execute(
            text(f"SELECT {columns} FROM certificate WHERE number = :number"),  # noqa: S608
            {"number": number},
        )
        return tuple(found.one())


def draw(panel: Panel, number: str) -> UUID:
    """Draw a certificate's PDF as the worker does."""
    id = cast(UUID, row(panel, "id", number)[0])
    handlers.draw_certificate(make.shift(panel.tenant), id)
    return id


def pdf(browser: TestClient, number: str) -> bytes:
    answer = browser.get(f"/api/v1/certificates/{number}.pdf", follow_redirects=False)
    assert answer.status_code == 307, answer.text
    got = urllib3.request("GET", answer.headers["location"], retries=False)
    assert (got.status, got.headers["content-type"]) == (200, "application/pdf")
    assert got.headers["content-disposition"] == f'inline; filename="{number}.pdf"'
    return got.data


def test_a_certificate_says_who_what_and_how_long(panel: Panel, browser: TestClient) -> None:
    case, number = assess.certified(panel, level="senior")
    today = utc_now().date()
    assert is_well_formed(number)
    assert number.startswith(f"MC-S-{today.year}-")
    found = entry(browser, number)
    scheme = rules.scheme()
    assert {name: found[name] for name in found if name not in ("history", "competences")} == {
        "evidence_intact": True,
        "number": number,
        "status": "active",
        "valid": True,
        "holder_name": case.amira.name,
        "level": "senior",
        "level_title": dict(scheme.level("senior").title.words),
        "scheme_code": scheme.code,
        "scheme_title": dict(scheme.title.words),
        "scheme_version": scheme.version,
        "framework_title": dict(rules.framework().title.words),
        "framework_version": rules.framework().version,
        "issuer": "Certifiers",
        "issued_on": today.isoformat(),
        "valid_until": months_after(today, 36).isoformat(),
    }
    numbers = [one["number"] for one in cast(list[Json], found["competences"])]
    assert numbers == list(range(1, 16))
    (only,) = cast(list[Json], found["history"])
    assert (only["status"], set(only)) == ("active", {"status", "at"})


def test_a_certificate_lists_the_competences_won_and_no_other(
    panel: Panel, browser: TestClient
) -> None:
    # Granted below what was applied for: competence 1 is won by the rules of junior.
    case = assess.verified(panel, level="senior", _1a=1, _1b=1)
    decision = assess.drafted(
        panel.diana, case.portfolio_id, "granted_lower_level", level="junior", reasons="The rules."
    )
    number = cast(str, assess.signed(panel.diana, decision)["certificate_number"])
    won = cast(list[Json], entry(browser, number)["competences"])
    assert 1 in [one["number"] for one in won]


def test_numbers_follow_one_another_across_certification_bodies(
    issued: tuple[Assessed, str], panel: Panel
) -> None:
    _, later = assess.certified(panel)
    assert int(later.split("-")[3]) > int(issued[1].split("-")[3])


def test_a_certificate_stays_as_it_was_issued_when_holder_and_issuer_take_another_name(
    panel: Panel, browser: TestClient, superuser_engine: Engine
) -> None:
    case, number = assess.certified(panel)
    before = browser.get(f"/api/v1/certificates/{number}").content
    with superuser_engine.begin() as database:
        for table, id in (("person", case.amira.id), ("tenant", panel.tenant.id)):
            database.execute(
                text(f"UPDATE {table} SET name = 'Newname' WHERE id = :id"),  # noqa: S608
                {"id": id},
            )
    assert browser.get(f"/api/v1/certificates/{number}").content == before
    draw(panel, number)
    with pikepdf.open(io.BytesIO(pdf(browser, number))) as document:
        assert "Newname" not in str(document.open_metadata())


def test_a_number_can_be_typed_with_small_letters_and_without_hyphens(
    issued: tuple[Assessed, str], browser: TestClient
) -> None:
    _, number = issued
    for typed in (number.lower(), number.replace("-", ""), number.replace("-", " ")):
        assert entry(browser, typed)["number"] == number


@pytest.mark.parametrize("ending", ["", ".pdf"])
def test_a_number_never_given_out_is_unknown_and_a_mistyped_one_is_said_to_be(
    browser: TestClient, ending: str
) -> None:
    path = "/api/v1/certificates/"
    refused(browser.get(f"{path}{UNKNOWN}{ending}"), 404, "no-such-certificate")
    wrong = UNKNOWN[:-1] + str((int(UNKNOWN[-1]) + 1) % 10)
    for typed in (wrong, "MC", "1", "%00", "a" * 500, "MC-J-2026-000001-٣٣", "%F0%9F%92%A9"):
        problem = refused(browser.get(f"{path}{typed}{ending}"), 422, "mistyped-number")
        assert len(cast(str, problem["typed"])) <= 64


def test_the_register_says_nothing_of_reasons_ratings_or_people(
    issued: tuple[Assessed, str], lasting_panel: Panel, browser: TestClient
) -> None:
    case, number = issued
    text_ = browser.get(f"/api/v1/certificates/{number}").text
    tenant, diana = lasting_panel.tenant, lasting_panel.diana
    for secret in (case.portfolio_id, case.amira.id, tenant.id, diana.id, "rating"):
        assert str(secret) not in text_


def test_the_pdf_is_there_once_the_worker_has_drawn_it(
    panel: Panel, browser: TestClient, tool: Tool, tmp_path: Path
) -> None:
    case, number = assess.certified(panel)
    answer = browser.get(f"/api/v1/certificates/{number}.pdf", follow_redirects=False)
    refused(answer, 503, "pdf-not-ready")
    assert answer.headers["retry-after"] == "5"

    draw(panel, number)
    bytes_ = pdf(browser, number)
    assert hashlib.sha256(bytes_).hexdigest() == row(panel, "pdf_sha256", number)[0]
    with pikepdf.open(io.BytesIO(bytes_)) as document:
        assert len(document.pages) >= 1
    written = tmp_path / "certificate.pdf"
    written.write_bytes(bytes_)
    shown = subprocess.run(
        [tool("pdftotext"), str(written), "-"], capture_output=True, check=True, text=True
    ).stdout
    for fact in (number, case.amira.name, "Junior business mentor", "Certifiers"):
        assert fact in shown


def test_drawing_again_or_at_the_same_time_gives_the_same_bytes(
    panel: Panel, browser: TestClient
) -> None:
    _, number = assess.certified(panel)
    at_once([lambda: draw(panel, number)] * 2)
    first, key = pdf(browser, number), row(panel, "pdf_key", number)
    draw(panel, number)
    assert (pdf(browser, number), row(panel, "pdf_key", number)) == (first, key)


def test_a_drawing_that_ran_out_of_tries_is_taken_up_again_once(
    panel: Panel, browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, number = assess.certified(panel)
    id = str(row(panel, "id", number)[0])

    def jobs() -> list[str]:
        worker.PERIODIC["certification.take_up"][1](make.shift(panel.tenant))
        about = text("SELECT status::text FROM procrastinate_jobs WHERE args->>'subject_id' = :id")
        with panel.tenant.at_work() as work:
            return sorted(work.session.scalars(about, {"id": id}))

    def fail_for_good() -> None:
        failed = "UPDATE procrastinate_jobs SET status = 'failed' WHERE args->>'subject_id' = :id"
        with panel.tenant.at_work() as work:
            work.session.execute(text(failed), {"id": id})

    assert jobs() == ["todo"]
    fail_for_good()
    assert jobs() == ["failed"]  # it was issued a moment ago
    # An issued certificate stays as it is, so it is not the moment of issue that is moved.
    monkeypatch.setattr(handlers, "PATIENCE", timedelta(0))
    assert jobs() == jobs() == ["failed", "todo"]
    draw(panel, number)
    assert pdf(browser, number)
    fail_for_good()
    assert jobs() == ["failed", "failed"]


def test_the_last_signature_orders_the_pdf(
    issued: tuple[Assessed, str], lasting_panel: Panel, superuser_engine: Engine
) -> None:
    _, number = issued
    id = str(row(lasting_panel, "id", number)[0])
    with superuser_engine.connect() as database:
        jobs = database.execute(
            text("SELECT task_name FROM procrastinate.procrastinate_jobs WHERE args::text ~ :id"),
            {"id": id},
        )
        assert list(jobs.scalars()) == ["certification.draw_certificate"]


def counts(panel: Panel, portfolio: UUID) -> tuple[int, ...]:
    """Count certificates, status changes, signatures and journal entries of a portfolio."""
    with panel.tenant.at_work() as work:
        found = work.session.execute(
            text("""SELECT (SELECT count(*) FROM certificate WHERE portfolio_id = :id),
                (SELECT count(*) FROM certificate_status_change s
                   JOIN certificate c ON c.id = s.certificate_id WHERE c.portfolio_id = :id),
                (SELECT count(*) FROM decision_signature WHERE portfolio_id = :id),
                (SELECT count(*) FROM journal_entry WHERE stream_id = :id)"""),
            {"id": portfolio},
        )
        return tuple(found.one())


@contextmanager
def failing(engine: Engine, table: str, condition: str) -> Iterator[None]:
    """Have the database refuse some rows of a table."""
    with engine.begin() as database:
        database.exec_driver_sql(
            "CREATE FUNCTION fail_on_purpose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " RAISE EXCEPTION 'on purpose';"
            " END $$"
        )
        database.exec_driver_sql(
            f"CREATE TRIGGER fail_on_purpose BEFORE INSERT ON {table} FOR EACH ROW"
            f" WHEN ({condition}) EXECUTE FUNCTION fail_on_purpose()"
        )
    try:
        yield
    finally:
        with engine.begin() as database:
            database.exec_driver_sql("DROP FUNCTION fail_on_purpose CASCADE")


@pytest.mark.parametrize(
    ("table", "condition"),
    [
        ("certificate", "true"),
        ("certificate_status_change", "true"),
        ("decision_signature", "true"),
        ("journal_entry", "NEW.action = 'certification.certificate_issued'"),
        ("journal_entry", "NEW.action = 'portfolio.decide'"),
        ("procrastinate.procrastinate_jobs", "starts_with(NEW.task_name, 'certification')"),
    ],
)
def test_a_failure_halfway_leaves_no_half_certificate_and_a_retry_makes_exactly_one(
    panel: Panel, superuser_engine: Engine, table: str, condition: str
) -> None:
    case = assess.verified(panel)
    decision = assess.drafted(panel.diana, case.portfolio_id)
    before = counts(panel, case.portfolio_id)
    path = f"/decisions/{decision}/signatures"
    with failing(superuser_engine, table, condition):
        answer = panel.diana.post(path, idempotency_key="the same")
    assert answer.status_code == 500
    assert "on purpose" not in answer.text
    assert counts(panel, case.portfolio_id) == before
    assert assess.state(case) == "assessed"

    made = panel.diana.post(path, idempotency_key="the same").json()
    again = panel.diana.post(path, idempotency_key="the same").json()
    assert made == again
    assert counts(panel, case.portfolio_id)[:3] == (1, 1, 1)
    assert row(panel, "issued_on", made["certificate_number"]) == (utc_now().date(),)


def test_the_register_shows_an_expired_certificate_as_expired(
    panel: Panel,
    browser: TestClient,
    superuser_engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, number = assess.certified(panel)
    with superuser_engine.begin() as database:
        database.exec_driver_sql("SET LOCAL session_replication_role = replica")
        database.execute(
            text(
                "UPDATE certificate SET issued_on = '2026-11-21', valid_until = '2029-11-21'"
                " WHERE number = :number"
            ),
            {"number": number},
        )
    last_day = utc_now().replace(year=2029, month=11, day=21, hour=23)
    for moment, status, valid in (
        (last_day, "active", True),
        (last_day + timedelta(hours=1), "expired", False),
    ):
        monkeypatch.setattr("app.certification.api.utc_now", lambda moment=moment: moment)
        found = entry(browser, number)
        assert (found["status"], found["valid"]) == (status, valid)
