"""Captions: what is said in a recording, as WebVTT that its candidate attaches, by language."""

from __future__ import annotations

import hashlib
import json
from uuid import UUID

from app.evidence import derived
from app.evidence import queries as evidence
from app.evidence.lifecycle import State
from app.evidence.media import webvtt
from app.evidence.models import Captions, File, Making, Passage
from app.evidence.queries import renditions as queries
from app.evidence.service import EvidenceSealed, check_not_held, check_open_to
from app.jobs.queue import defer
from app.journal.service import record
from app.kit.errors import Conflict, Invalid
from app.kit.ids import new_id
from app.portfolio.service import touch
from app.work import Work

LARGEST = 1024 * 1024
"""Bytes; the words of a day of talk take less."""

KEEP = "evidence.keep_captions"
PASSAGE_LENGTH = 30_000
"""Milliseconds of talk that are found together: a phrase often runs over two cues."""


class NotARecording(Conflict):
    """Captions belong to audio and video that was accepted."""


class NotWebVtt(Invalid):
    """The captions are not WebVTT as it is taken here; `line` and `reason` say why."""


class CaptionsTooLarge(Invalid):
    """Captions are at most 1 MiB of UTF-8 text."""


class CaptionsBeyondEnd(Invalid):
    """A cue begins after the recording has ended; these captions belong to another one."""


def attach(work: Work, file_id: UUID, language: str, content: bytes) -> Captions:
    """Attach captions in a language to one's own recording, or replace those there are."""
    file, portfolio = evidence.file(work, file_id)
    check_open_to(work, portfolio)
    if file.kind not in ("audio", "video") or file.state != State.AVAILABLE:
        raise NotARecording(kind=file.kind, state=file.state)
    cues = _understood(content)
    # Players round; a second too long is no other recording.
    if file.duration_ms and cues[-1].from_ms > file.duration_ms + 1000:
        raise CaptionsBeyondEnd(duration_ms=file.duration_ms, from_ms=cues[-1].from_ms)
    words = webvtt.written(cues)
    digest = hashlib.sha256(words.encode()).hexdigest()
    kept = queries.captions(work, file_id, language)
    if kept is None:
        kept = Captions(
            id=new_id(),
            tenant_id=file.tenant_id,
            portfolio_id=file.portfolio_id,
            file_id=file.id,
            language=language,
        )
        work.session.add(kept)
    elif kept.sha256 == digest:
        return kept
    elif queries.sealed_since(work, file_id, kept.entered_at):
        raise EvidenceSealed
    else:
        check_not_held(work, portfolio)
    kept.words, kept.sha256, kept.cues, kept.entered_at = words, digest, len(cues), work.now
    work.session.flush()
    _find(work, kept, cues)
    _have_kept(work, file, kept)
    touch(work, portfolio)
    record(
        work, portfolio.id, "evidence.captions_attached", file.id, language=language, sha256=digest
    )
    return kept


def check_written(words: str, sha256: str, cues: int) -> None:
    """Refuse captions from elsewhere whose words are not as `attach` writes them."""
    understood = _understood(words.encode())
    written = webvtt.written(understood)
    digest = hashlib.sha256(words.encode()).hexdigest()
    if (written, digest, len(understood)) != (words, sha256, cues):
        raise NotWebVtt(line=1, reason="they are not as the service writes them")


def from_json(content: bytes) -> bytes:
    """Return the text in a JSON body `{"text": "WEBVTT..."}`."""
    try:
        match json.loads(content):
            case {"text": str(words), **rest} if not rest:
                return words.encode()
    except (ValueError, RecursionError):
        pass
    raise NotWebVtt(line=1, reason="the JSON body has one member, text")


def remove(work: Work, file_id: UUID, language: str) -> None:
    """Take captions off a recording, unless they were submitted with it."""
    file, portfolio = evidence.file(work, file_id)
    check_open_to(work, portfolio)
    kept = queries.captions(work, file_id, language)
    if kept is None:
        raise queries.NoSuchCaptions
    if queries.sealed_since(work, file_id, kept.entered_at):
        raise EvidenceSealed
    check_not_held(work, portfolio)
    queries.drop_passages(work, file_id, kept.kind)
    if rendition := queries.rendition(work, file_id, kept.kind):
        rendition.state, rendition.reason = Making.NOT_AVAILABLE, "they were taken off"
        defer(work, KEEP, subject_id=rendition.id)
    work.session.delete(kept)
    touch(work, portfolio)
    record(work, portfolio.id, "evidence.captions_removed", file.id, language=language)


def take_in(work: Work) -> None:
    """Have captions that came with an imported portfolio found by the search, and kept."""
    for kept in queries.captions_without_rendition(work):
        try:
            cues = webvtt.read(kept.words)
        except webvtt.NotUnderstood:
            cues = []  # they were sealed elsewhere, and stay as they came
        _find(work, kept, cues)
        _have_kept(work, evidence.file_by_id(work, kept.file_id), kept)


def _understood(content: bytes) -> list[webvtt.Cue]:
    if len(content) > LARGEST:
        raise CaptionsTooLarge(max_bytes=LARGEST)
    try:
        return webvtt.read(content.decode())
    except UnicodeDecodeError:
        raise NotWebVtt(line=1, reason="it is not UTF-8 text") from None
    except webvtt.NotUnderstood as problem:
        raise NotWebVtt(line=problem.line, reason=problem.reason) from None


def _find(work: Work, kept: Captions, cues: list[webvtt.Cue]) -> None:
    """Have the search find what is said, half a minute together."""
    queries.drop_passages(work, kept.file_id, kept.kind)
    together: list[webvtt.Cue] = []
    for cue in [*cues, None]:
        if together and (cue is None or cue.to_ms - together[0].from_ms > PASSAGE_LENGTH):
            work.session.add(_passage(kept, together))
            together = []
        if cue is not None:
            together.append(cue)
    work.session.flush()


def _passage(kept: Captions, cues: list[webvtt.Cue]) -> Passage:
    return Passage(
        id=new_id(),
        tenant_id=kept.tenant_id,
        portfolio_id=kept.portfolio_id,
        file_id=kept.file_id,
        source=kept.kind,
        from_ms=cues[0].from_ms,
        to_ms=max(cue.to_ms for cue in cues),
        words=" ".join(cue.spoken for cue in cues).strip() or " ",
    )


def _have_kept(work: Work, file: File, kept: Captions) -> None:
    """Have the worker put the captions into the store, where players fetch them."""
    added = derived.add(work, file, [kept.kind])
    rendition = added[0] if added else queries.rendition(work, file.id, kept.kind)
    if rendition is not None:
        rendition.state, rendition.reason = Making.WAITING, None
        rendition.progress = rendition.tries = 0
        work.session.flush()
        defer(work, KEEP, subject_id=rendition.id)
