"""What is made of a file for people to see, hear and find; and that none of it harms the file."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from app.evidence import derived
from app.evidence.handlers import arrival, integrity, renditions
from app.evidence.integrity import note_damage
from app.evidence.lifecycle import Step
from app.evidence.models import Damage, File, Making, Rendition
from app.evidence.queries import renditions as queries
from app.evidence.service import move
from app.jobs.shift import Shift
from app.kit.ids import new_id
from app.storage import StoreUnavailable
from app.storage.s3 import S3Store
from tests import make
from tests.evidence.conftest import Shelves, problem
from tests.evidence.made import (
    made,
    noted,
    printed,
    rendition,
    states,
    worked,
)
from tests.evidence.samples import SAMPLES
from tests.make import Person

WANTED = {
    "application/pdf": {"text": "not_available", "preview": "made"},
    "text/plain": {"text": "made"},
    "message/rfc822": {"text": "made"},
    "application/rtf": {"text": "made"},
    "image/heic": {"copy": "made"},
    "image/png": {"copy": "made"},
    "audio/mpeg": {"waveform": "made", "playable": "not_needed"},
    "audio/ogg": {"waveform": "made", "playable": "made"},
    "audio/wav": {"waveform": "made", "playable": "not_needed"},
    "video/mp4": {"poster": "made", "waveform": "made", "playable": "not_needed"},
    "video/quicktime": {"poster": "made", "waveform": "made", "playable": "made"},
    "video/webm": {"poster": "made", "waveform": "made", "playable": "not_needed"},
    "video/x-matroska": {"poster": "made", "waveform": "made", "playable": "made"},
    "video/ogg": {"poster": "made", "waveform": "made", "playable": "made"},
}


@pytest.mark.parametrize("media_type", WANTED)
def test_a_file_gets_what_its_type_calls_for(
    amira: Person, item: UUID, media_type: str, portfolio: UUID, shelves: Shelves
) -> None:
    original = SAMPLES[media_type]()
    file = worked(amira, item, original, media_type)
    assert states(amira, file) == WANTED[media_type], made(amira, file)
    for kind, one in made(amira, file).items():
        if one["state"] == "made":
            found = rendition(amira, file, kind)
            assert (one["size"], one["sha256"]) == (len(found), hashlib.sha256(found).hexdigest())
            assert one["progress"] == 100
    assert shelves.kept(portfolio) == {str(file): original}


def test_while_it_waits_a_file_says_so(amira: Person, item: UUID) -> None:
    file = make.file(amira, item, SAMPLES["video/mp4"](), media_type="video/mp4")
    assert states(amira, file) == dict.fromkeys(("poster", "waveform", "playable"), "waiting")
    answer = amira.get(f"/files/{file}/renditions/poster")
    assert problem(answer) == (409, "rendition-not-made")
    assert answer.json()["state"] == "waiting"
    assert problem(amira.get(f"/files/{file}/renditions/copy")) == (404, "no-such-rendition")


def queued(person: Person, file: UUID) -> list[tuple[str, str]]:
    """Return the jobs about a file's renditions, each with its queue."""
    about = text(
        "SELECT task_name, queue_name FROM procrastinate.procrastinate_jobs"
        " WHERE task_name LIKE 'evidence.make%' AND args->>'subject_id' = :file ORDER BY id"
    )
    with person.tenant.at_work() as work:
        return [(name, queue) for name, queue in work.session.execute(about, {"file": str(file)})]


def test_a_film_keeps_neither_checks_nor_other_renditions_waiting(
    amira: Person, item: UUID
) -> None:
    quick, long = (derived.MAKE, "quick"), (derived.MAKE_PLAYABLE, "long")
    film = make.file(amira, item, SAMPLES["video/mp4"](), media_type="video/mp4")
    notes = make.file(amira, item)
    assert (queued(amira, film), queued(amira, notes)) == ([quick, long], [quick])
    renditions.make_renditions(make.shift(amira.tenant), film)
    assert states(amira, film) == {"poster": "made", "waveform": "made", "playable": "waiting"}
    with amira.tenant.at_work() as work:
        work.session.execute(text("DELETE FROM procrastinate.procrastinate_jobs"))
    renditions.take_up(make.shift(amira.tenant))
    assert (queued(amira, film), queued(amira, notes)) == ([long], [quick])
    renditions.make_playable(make.shift(amira.tenant), film)
    assert states(amira, film)["playable"] == "not_needed"


def test_a_maker_that_always_breaks_down_is_given_up(amira: Person, item: UUID) -> None:
    file = make.file(amira, item)
    with amira.tenant.at_work() as work:
        found = queries.rendition(work, file, "text")
        assert found is not None
        # As three workers left it that were killed while they made it.
        found.state, found.tries = Making.MAKING, renditions.MOST_TRIES
    renditions.make_renditions(make.shift(amira.tenant), file)
    assert made(amira, file)["text"]["reason"] == "making it broke off 3 times"


def test_a_killed_worker_s_rendition_is_made_by_the_next(amira: Person, item: UUID) -> None:
    file = make.file(amira, item, printed("One"), media_type="application/pdf")
    shift = make.shift(amira.tenant)
    with amira.tenant.at_work() as work:
        found = queries.rendition(work, file, "text")
        assert found is not None
        key, found.state, found.tries = found.key, Making.MAKING, 1
    shift.store.put(key, b"what the killed one had written", "text/plain")
    renditions.make_renditions(shift, file)
    assert rendition(amira, file, "text") == b"One"


class Away(S3Store):
    """The store while it takes nothing."""

    def put_file(self, key: str, path: Path, media_type: str) -> None:
        raise StoreUnavailable


def test_while_the_store_is_away_renditions_wait(amira: Person, item: UUID) -> None:
    file = make.file(amira, item)
    shift, absent = make.shift(amira.tenant), shift_with(amira, Away)
    for _ in range(renditions.MOST_TRIES + 1):
        with pytest.raises(StoreUnavailable):
            renditions.make_renditions(absent, file)
        assert states(amira, file) == {"text": "waiting"}
    renditions.make_renditions(shift, file)
    assert states(amira, file) == {"text": "made"}


def shift_with(person: Person, kind: type[S3Store]) -> Shift:
    """Return a shift whose store behaves as one of this kind."""
    shift = make.shift(person.tenant)
    store = object.__new__(kind)
    store.__dict__.update(shift.store.__dict__)
    return replace(shift, store=store)


class DiskFull(S3Store):
    """The store while this machine's disk is full."""

    def put_file(self, key: str, path: Path, media_type: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


class Faulty(S3Store):
    """A store that fails in a way nobody thought of."""

    def put_file(self, key: str, path: Path, media_type: str) -> None:
        raise ZeroDivisionError


def test_what_may_pass_is_tried_three_times(amira: Person, item: UUID) -> None:
    file, other = make.file(amira, item), make.file(amira, item, b"Other words")
    full = shift_with(amira, DiskFull)
    for _ in range(renditions.MOST_TRIES - 1):
        renditions.make_renditions(full, file)
        renditions.make_renditions(full, other)
    assert (states(amira, file), states(amira, other)) == ({"text": "waiting"},) * 2
    renditions.make_renditions(full, file)
    assert states(amira, file) == {"text": "failed"}
    assert "No space left" in str(made(amira, file)["text"]["reason"])
    renditions.make_renditions(make.shift(amira.tenant), other)
    assert states(amira, other) == {"text": "made"}


def test_what_nobody_thought_of_is_not_tried_for_ever(amira: Person, item: UUID) -> None:
    file = make.file(amira, item)
    faulty = shift_with(amira, Faulty)
    for _ in range(renditions.MOST_TRIES):
        assert states(amira, file) == {"text": "waiting"}
        with pytest.raises(ZeroDivisionError):
            renditions.make_renditions(faulty, file)
    reason = "making it broke off: ZeroDivisionError"
    assert (states(amira, file), made(amira, file)["text"]["reason"]) == (
        {"text": "failed"},
        reason,
    )


def test_a_mended_original_s_renditions_are_made(
    amira: Person, item: UUID, portfolio: UUID, shelves: Shelves
) -> None:
    """They wait again as soon as it reads back whole, also if nobody had seen it damaged."""
    shift, key = make.shift(amira.tenant), "evidence/{}/{}".format
    noticed, unnoticed, hopeless = (make.file(amira, item, words) for words in (b"A", b"B", b"C"))
    lost = {}
    for file in (noticed, unnoticed):
        hidden = shelves.client.delete_object(Bucket=shelves.bucket, Key=key(portfolio, file))
        lost[file] = hidden["VersionId"]
        renditions.make_renditions(shift, file)
        assert made(amira, file)["text"]["reason"] == "the original is not in the store"
    with amira.tenant.at_work() as work:
        note_damage(work, noticed, Damage.MISSING)
        found = queries.rendition(work, hopeless, "text")
        assert found is not None
        found.state, found.reason = Making.FAILED, "it could not be read"
        work.session.execute(text("DELETE FROM procrastinate.procrastinate_jobs"))
    for file, version in lost.items():
        shelves.client.delete_object(
            Bucket=shelves.bucket, Key=key(portfolio, file), VersionId=version
        )
    assert integrity.verify(shift).damaged == {}
    for file in (noticed, unnoticed):
        assert queued(amira, file) == [(derived.MAKE, "quick")]
        renditions.make_renditions(shift, file)
        assert states(amira, file) == {"text": "made"}
    assert (queued(amira, hopeless), states(amira, hopeless)) == ([], {"text": "failed"})


def test_files_from_before_there_were_renditions_get_theirs(amira: Person, item: UUID) -> None:
    file = make.file(amira, item)
    with amira.tenant.at_work() as work:
        queries.drop_derived(work, file)
        work.session.execute(text("DELETE FROM procrastinate.procrastinate_jobs"))
    assert states(amira, file) == {}
    renditions.take_up(make.shift(amira.tenant))
    assert states(amira, file) == {"text": "waiting"}
    renditions.make_renditions(make.shift(amira.tenant), file)
    assert states(amira, file) == {"text": "made"}


def test_deleting_a_file_removes_what_was_made_of_it(
    amira: Person, item: UUID, portfolio: UUID, shelves: Shelves
) -> None:
    file = worked(amira, item, printed("One"), "application/pdf")
    assert shelves.derived(portfolio, file).keys() == {"text", "preview"}
    assert amira.delete(f"/files/{file}").status_code == 204
    arrival.discard_upload(make.shift(amira.tenant), file)
    assert shelves.derived(portfolio, file) == {}
    assert states(amira, file) == {}
    # A job that comes late leaves nothing behind either.
    renditions.make_renditions(make.shift(amira.tenant), file)
    assert shelves.derived(portfolio, file) == {}


class Slow(S3Store):
    """The store to which a rendition comes late: its file was removed on the way."""

    remove: Callable[[], None]

    def put_file(self, key: str, path: Path, media_type: str) -> None:
        Slow.remove()
        super().put_file(key, path, media_type)


def test_a_file_removed_while_something_is_made_of_it_leaves_nothing(
    amira: Person, item: UUID, portfolio: UUID, shelves: Shelves
) -> None:
    file = make.file(amira, item)

    def remove() -> None:
        assert amira.delete(f"/files/{file}").status_code == 204
        arrival.discard_upload(make.shift(amira.tenant), file)

    Slow.remove = remove
    renditions.make_renditions(shift_with(amira, Slow), file)
    assert shelves.derived(portfolio, file) == {}
    assert states(amira, file) == {}


def test_quarantine_shuts_what_was_made_of_a_file(amira: Person, item: UUID) -> None:
    file = worked(amira, item, SAMPLES["video/mp4"](), "video/mp4")
    with amira.tenant.at_work() as work:
        move(work, work.session.get_one(File, file), Step.QUARANTINE)
    for path in (f"/files/{file}/renditions/poster", f"/files/{file}/renditions"):
        assert problem(amira.get(path)) == (409, "file-not-readable")


def test_who_may_not_read_a_file_sees_nothing_made_of_it(
    amira: Person, bruno: Person, otto: Person, vera: Person, portfolio: UUID, item: UUID
) -> None:
    file = worked(amira, item, SAMPLES["video/mp4"](), "video/mp4")
    for person in (bruno, otto, vera):
        for path in (
            f"/files/{file}/renditions",
            f"/files/{file}/renditions/poster",
            f"/files/{file}/captions/en",
        ):
            known, unknown = person.get(path), person.get(path.replace(str(file), str(new_id())))
            assert problem(known) == (404, "no-such-file") == problem(unknown)
    make.submitted_as_it_is(portfolio, amira)
    assert vera.get(f"/files/{file}/renditions").status_code == 200
    assert rendition(vera, file, "poster") == rendition(amira, file, "poster")
    assert noted(amira, portfolio) == ["poster"]
    for person in (bruno, otto):
        assert problem(person.get(f"/files/{file}/renditions/poster")) == (404, "no-such-file")


def test_progress_is_noted_while_it_is_made(amira: Person, item: UUID) -> None:
    file = make.file(amira, item)
    with amira.tenant.at_work() as work:
        found = queries.rendition(work, file, "text")
        assert found is not None
        id_, found.state = found.id, Making.MAKING
    with amira.tenant.at_work() as work:
        queries.set_progress(work, id_, 40)
    assert made(amira, file)["text"]["progress"] == 40
    with amira.tenant.at_work() as work:
        work.session.get_one(Rendition, id_).state = Making.WAITING
        work.session.flush()
        queries.set_progress(work, id_, 80)
    assert made(amira, file)["text"]["progress"] == 40
