"""Loading, publishing and reading versions in a real database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.orm import Session

from app.framework import lifecycle, loader, queries, service
from app.framework.content import ChangeKind, Document, Kind, Scheme
from app.framework.lifecycle import NotNextForVersion, State, Step
from app.framework.models import Indicator, ReferenceVersion
from app.framework.queries import NoSuchReferenceVersion, NothingPublished
from app.framework.service import Fate, NamedVersionNotPublished, PublishedVersionChanged
from app.kit.canonical import Json, digest
from app.kit.db import Sessions, transaction

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
Plain = dict[str, Json]
Make = Callable[..., Document]


def retitled(words: str) -> Callable[[Plain], None]:
    def change(data: Plain) -> None:
        head = next(data[kind] for kind in Kind if kind in data)
        assert isinstance(head, dict)
        head["title"] = {"en": words, "fr": words}

    return change


def keep(sessions: Sessions, *documents: Document, publish: bool = True) -> list[Fate]:
    """Load documents, and publish them in the order given, as the command line does."""
    with transaction(sessions) as session:
        loaded = service.load(session, documents, now=NOON)
        for one in documents if publish else ():
            service.publish(session, one.kind, one.code, one.version, now=NOON)
    return [one.fate for one in loaded]


def state_of(session: Session, document: Document) -> State:
    return queries.version(session, document.id).state


def test_the_bundled_documents_load_from_their_folder(worker_sessions: Sessions) -> None:
    with transaction(worker_sessions) as session:
        loaded = loader.load(session, loader.BUNDLED, now=NOON)
        assert [str(one.reference) for one in loaded] == [
            "ETHICS 2020.1",
            "MENTORCERT 2020.1",
            "MENTORCERT-BM 2020.1",
        ]
        assert loaded[1].totals == {
            "phases": 4,
            "competences": 15,
            "indicators": 75,
            "evidence_examples": 60,
        }


def test_a_broken_folder_loads_nothing(
    folder: Path, worker_sessions: Sessions, serial: str
) -> None:
    for path in folder.glob("*.yaml"):
        path.write_text(path.read_text().replace("2020.1", serial))
    path = folder / "scheme-2020.yaml"
    path.write_text(path.read_text().replace("[2d, 5c", "[2z, 5c"))
    with pytest.raises(loader.ReferenceDataRefused), transaction(worker_sessions) as session:
        loader.load(session, folder, now=NOON)
    with transaction(worker_sessions) as session, pytest.raises(NoSuchReferenceVersion):
        queries.named(session, Kind.CHARTER, "ETHICS", serial)


def test_a_loaded_framework_is_a_draft_with_its_indicators(
    worker_sessions: Sessions, make: Make
) -> None:
    document = make(Kind.FRAMEWORK)
    assert keep(worker_sessions, document, publish=False) == [Fate.NEW]
    with transaction(worker_sessions) as session:
        version = queries.version(session, document.id)
        assert (version.state, version.published_at) == (State.DRAFT, None)
        assert version.content_hash == digest(document.data)
        rows = session.execute(
            select(Indicator.code, Indicator.competence, Indicator.phase, Indicator.id)
            .where(Indicator.framework_id == document.id)
            .order_by(Indicator.position)
        ).all()
        indicators = queries.framework(session, document.id).indicators
        assert [tuple(row) for row in rows] == [
            (one.code, one.competence, one.phase, one.id) for one in indicators.values()
        ]
        assert len(rows) == 75


def test_loading_the_same_content_again_does_nothing(worker_sessions: Sessions, make: Make) -> None:
    document = make(Kind.FRAMEWORK)
    assert keep(worker_sessions, document) == [Fate.NEW]
    assert keep(worker_sessions, document) == [Fate.UNCHANGED]
    with transaction(worker_sessions) as session:
        assert state_of(session, document) is State.PUBLISHED
        assert len(queries.framework(session, document.id).indicators) == 75


def test_a_draft_is_replaced_by_what_is_loaded_over_it(
    worker_sessions: Sessions, make: Make
) -> None:
    keep(worker_sessions, make(Kind.FRAMEWORK), publish=False)
    better = make(Kind.FRAMEWORK, change=retitled("Better"))
    with transaction(worker_sessions) as session:
        # Read before it is replaced: a draft must not be remembered.
        assert queries.framework(session, better.id).title.words["en"] != "Better"
    assert keep(worker_sessions, better, publish=False) == [Fate.DRAFT_REPLACED]
    with transaction(worker_sessions) as session:
        assert queries.framework(session, better.id).title.words["en"] == "Better"
        rows = select(func.count()).where(Indicator.framework_id == better.id)
        assert session.scalar(rows) == 75


def test_a_published_version_is_not_loaded_over_and_the_difference_is_shown(
    worker_sessions: Sessions, make: Make, serial: str
) -> None:
    document = make(Kind.CHARTER)
    keep(worker_sessions, document)
    with pytest.raises(PublishedVersionChanged) as refusal:
        keep(worker_sessions, make(Kind.CHARTER, change=retitled("Other manners")))
    assert refusal.value.status == 409
    assert refusal.value.members["changes"] == [
        {
            "path": ["charter", "title", language],
            "before": words,
            "after": "Other manners",
        }
        for language, words in (
            ("en", "Ethics charter of the mentoring relationship"),
            ("fr", "Charte éthique de la relation de mentorat"),
        )
    ]
    assert str(refusal.value).splitlines()[:2] == [
        f"charter T-{serial} 1 is published and differs:",
        "  charter.title.en: Ethics charter of the mentoring relationship → Other manners",
    ]
    with transaction(worker_sessions) as session:
        assert queries.version(session, document.id).content_hash == document.content_hash


def test_a_long_difference_is_cut_and_counted(worker_sessions: Sessions, make: Make) -> None:
    keep(worker_sessions, make(Kind.FRAMEWORK))

    def reworded(data: Plain) -> None:
        # One sentence was there: two words of it change, and 51 sentences come.
        data["guidance"] = [{"en": str(number), "fr": str(number)} for number in range(52)]

    with pytest.raises(PublishedVersionChanged) as refusal:
        keep(worker_sessions, make(Kind.FRAMEWORK, change=reworded))
    lines = str(refusal.value).splitlines()
    assert len(lines) == 1 + service.SHOWN + 1
    assert lines[-1] == "  and 3 more"
    listed = refusal.value.members["changes"]
    assert isinstance(listed, list)
    assert len(listed) == service.SHOWN


def test_publishing_a_version_supersedes_the_one_in_force(
    worker_sessions: Sessions, make: Make
) -> None:
    first, second = make(Kind.CHARTER, "1"), make(Kind.CHARTER, "2")
    keep(worker_sessions, first, second)
    with transaction(worker_sessions) as session:
        assert state_of(session, first) is State.SUPERSEDED
        assert queries.published(session, Kind.CHARTER, second.code).id == second.id
        # Superseded, not gone: portfolios stay with it.
        assert queries.charter(session, first.id).version == "1"


def test_publishing_twice_does_nothing(worker_sessions: Sessions, make: Make) -> None:
    document = make(Kind.CHARTER)
    keep(worker_sessions, document)
    with transaction(worker_sessions) as session:
        later = NOON.replace(year=2030)
        again = service.publish(session, Kind.CHARTER, document.code, "1", now=later)
        assert again.published_at == NOON


def test_a_superseded_version_is_retired_and_does_not_come_back(
    worker_sessions: Sessions, make: Make
) -> None:
    first, second = make(Kind.CHARTER, "1"), make(Kind.CHARTER, "2")
    keep(worker_sessions, first, second)
    with transaction(worker_sessions) as session:
        assert service.retire(session, Kind.CHARTER, first.code, "1").state is State.RETIRED
    with transaction(worker_sessions) as session, pytest.raises(NotNextForVersion):
        service.publish(session, Kind.CHARTER, first.code, "1", now=NOON)
    with transaction(worker_sessions) as session, pytest.raises(NotNextForVersion) as refusal:
        service.retire(session, Kind.CHARTER, first.code, "2")
    assert refusal.value.members["steps"] == [Step.SUPERSEDE]


def test_a_scheme_is_published_after_what_it_names(worker_sessions: Sessions, make: Make) -> None:
    scheme = make(Kind.SCHEME)
    framework, charter = make(Kind.FRAMEWORK), make(Kind.CHARTER)
    keep(worker_sessions, framework, charter, scheme, publish=False)
    with pytest.raises(NamedVersionNotPublished) as refusal:
        keep(worker_sessions, scheme)
    assert refusal.value.members["publish_first"] == [
        f"framework {framework.code} 1",
        f"charter {charter.code} 1",
    ]
    keep(worker_sessions, framework, charter, scheme)
    with transaction(worker_sessions) as session:
        assert queries.published_scheme(session, scheme.code).id == scheme.id


def test_the_web_process_reads_what_was_published(
    sessions: Sessions, worker_sessions: Sessions, make: Make
) -> None:
    scheme, framework, charter = make(Kind.SCHEME), make(Kind.FRAMEWORK), make(Kind.CHARTER)
    keep(worker_sessions, framework, charter, scheme)
    with transaction(sessions) as session:
        read = queries.scheme(session, scheme.id)
        assert read == Scheme.parse(scheme)
        assert queries.framework(session, read.framework_id).id == framework.id
        assert queries.charter(session, read.charter_id).id == charter.id


def test_published_content_is_read_from_the_database_once(
    sessions: Sessions, worker_sessions: Sessions, make: Make
) -> None:
    document = make(Kind.FRAMEWORK)
    keep(worker_sessions, document)
    with transaction(sessions) as session:
        first = queries.framework(session, document.id)
    with transaction(sessions) as session:
        assert queries.framework(session, document.id) is first


def test_an_id_of_another_kind_is_not_found(
    sessions: Sessions, worker_sessions: Sessions, make: Make
) -> None:
    document = make(Kind.CHARTER)
    keep(worker_sessions, document)
    with transaction(sessions) as session:
        with pytest.raises(NoSuchReferenceVersion):
            queries.framework(session, document.id)
        with pytest.raises(NoSuchReferenceVersion):
            queries.charter(session, UUID(int=1))
        with pytest.raises(NoSuchReferenceVersion):
            queries.version(session, UUID(int=1))
        with pytest.raises(NothingPublished):
            queries.published_scheme(session, "NOT-THERE")


def test_drafts_are_not_among_what_everybody_may_read(
    worker_sessions: Sessions, make: Make
) -> None:
    published, draft = make(Kind.CHARTER, "1"), make(Kind.CHARTER, "2")
    keep(worker_sessions, published)
    keep(worker_sessions, draft, publish=False)
    with transaction(worker_sessions) as session:
        ids = {one.id for one in queries.frozen(session, Kind.CHARTER)}
        assert published.id in ids
        assert draft.id not in ids
        assert {published.id, draft.id} <= {one.id for one in queries.documents(session)}
        with pytest.raises(NoSuchReferenceVersion):
            queries.readable_by_all(session, Kind.CHARTER, draft.code, "2")


def test_two_versions_are_compared_by_their_names(worker_sessions: Sessions, make: Make) -> None:
    first, second = make(Kind.FRAMEWORK, "1"), make(Kind.FRAMEWORK, "2")
    keep(worker_sessions, first, second, publish=False)
    with transaction(worker_sessions) as session:
        found = service.diff(session, first.code, "1", "2")
    assert found.counts[ChangeKind.SAME] == 75
    assert (found.before.version, found.after.version) == ("1", "2")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE reference_version SET content = '{}', content_hash = encode(sha256('{}'), 'hex')",
        "UPDATE reference_version SET version = '9'",
        "UPDATE reference_version SET published_at = now()",
        "UPDATE reference_version SET state = 'draft', published_at = NULL",
        "UPDATE reference_version SET state = 'retired'",
    ],
)
def test_the_database_keeps_a_published_version_as_it_is(
    worker_sessions: Sessions, make: Make, statement: str
) -> None:
    document = make(Kind.FRAMEWORK)
    keep(worker_sessions, document)
    sql = text(f"{statement} WHERE id = :id")
    with pytest.raises(DBAPIError, match="published"), transaction(worker_sessions) as session:
        session.execute(sql, {"id": document.id})
    with transaction(worker_sessions) as session:
        version = queries.version(session, document.id)
        assert (version.state, version.content_hash) == (State.PUBLISHED, document.content_hash)
        assert (version.version, version.published_at) == ("1", NOON)


def test_the_database_keeps_the_indicators_of_a_published_version(
    worker_sessions: Sessions, make: Make
) -> None:
    document = make(Kind.FRAMEWORK)
    keep(worker_sessions, document)
    row = {
        "framework_id": document.id,
        "code": "16a",
        "id": UUID(int=16),
        "competence": 16,
        "phase": "ACT",
        "position": 76,
    }
    for statement in (
        insert(Indicator).values(row),
        delete(Indicator).where(Indicator.framework_id == document.id),
    ):
        with (
            pytest.raises(IntegrityError, match="indicators never change"),
            transaction(worker_sessions) as session,
        ):
            session.execute(statement)
    with transaction(worker_sessions) as session:
        rows = select(func.count()).where(Indicator.framework_id == document.id)
        assert session.scalar(rows) == 75


def test_the_database_checks_the_hash_of_the_content(worker_sessions: Sessions, make: Make) -> None:
    document = make(Kind.CHARTER)
    keep(worker_sessions, document, publish=False)
    wrong = update(ReferenceVersion).values(content_hash="0" * 64)
    with pytest.raises(IntegrityError, match="hash_check"), transaction(worker_sessions) as session:
        session.execute(wrong.where(ReferenceVersion.id == document.id))


def test_only_a_framework_has_indicators(worker_sessions: Sessions, make: Make) -> None:
    document = make(Kind.CHARTER)
    keep(worker_sessions, document, publish=False)
    row = Indicator(
        framework_id=document.id, code="1a", id=UUID(int=1), competence=1, phase="P", position=1
    )
    with (
        pytest.raises(IntegrityError, match="only a framework"),
        transaction(worker_sessions) as session,
    ):
        session.add(row)


def test_nobody_enters_a_version_as_published(worker_sessions: Sessions, make: Make) -> None:
    document = make(Kind.CHARTER)
    row = ReferenceVersion(
        id=document.id,
        kind=document.kind,
        code=document.code,
        version=document.version,
        state=State.PUBLISHED,
        content=document.canonical,
        content_hash=document.content_hash,
        loaded_at=NOON,
        published_at=NOON,
    )
    with (
        pytest.raises(IntegrityError, match="begins as a draft"),
        transaction(worker_sessions) as session,
    ):
        session.add(row)


def test_the_web_process_cannot_write_reference_data(sessions: Sessions, make: Make) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        keep(sessions, make(Kind.CHARTER))


def test_no_version_can_be_deleted_by_the_service(worker_sessions: Sessions, make: Make) -> None:
    document = make(Kind.CHARTER)
    keep(worker_sessions, document)
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction(worker_sessions) as session,
    ):
        session.execute(delete(ReferenceVersion).where(ReferenceVersion.id == document.id))


def test_a_version_takes_the_steps_of_its_lifecycle_and_no_others() -> None:
    reached: Mapping[tuple[State, Step], State] = lifecycle.PATHS
    for state in State:
        for step in Step:
            if (state, step) in reached:
                assert lifecycle.after(state, step) is reached[state, step]
            else:
                with pytest.raises(NotNextForVersion):
                    lifecycle.after(state, step)
    assert lifecycle.open_steps(State.RETIRED) == []
