"""Archives are made and taken in apart from what other candidates wait for."""

from __future__ import annotations

from sqlalchemy import text

from app.privacy import handlers
from app.privacy.models import Export, Import
from tests import make
from tests.make import Person
from tests.privacy.conftest import asked, sent


def queues(person: Person) -> list[tuple[str, str]]:
    found = text(
        "SELECT task_name, queue_name FROM procrastinate.procrastinate_jobs WHERE task_name IN"
        " ('privacy.make_export', 'privacy.take_in') AND args->>'tenant_id' = :id ORDER BY id"
    )
    with person.tenant.at_work() as work:
        values = {"id": str(person.tenant.id)}
        return [(name, queue) for name, queue in work.session.execute(found, values)]


def test_archives_wait_in_the_queue_of_bulk_work(amira: Person) -> None:
    apart = [("privacy.make_export", "bulk"), ("privacy.take_in", "bulk")]
    export, received = asked(amira, make.portfolio(amira)), sent(amira, b"no archive")
    assert queues(amira) == apart
    with amira.tenant.at_work() as work:
        work.session.execute(text("DELETE FROM procrastinate.procrastinate_jobs"))
        long_ago = work.now - 2 * handlers.PATIENCE
        work.session.get_one(Export, export).asked_at = long_ago
        work.session.get_one(Import, received).received_at = long_ago
    handlers.clear_away(make.shift(amira.tenant))
    assert queues(amira) == apart
