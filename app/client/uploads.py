"""Handing in a file: straight to the store, in parts where large, and on from where it was cut.

What an upload needs to go on after its program was killed is kept in a note on disk, if the caller
names a place for it; what has arrived, the service knows.
"""

from __future__ import annotations

import hashlib
import threading
import time
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from app.client.http import Client, Json, Problem
from app.client.notes import Note, Notebook, Source, notebook
from app.client.sending import STILL_ARRIVING, FileChanged, Progress, Sender

ONE_REQUEST = 64 * 1024 * 1024
"""Up to here the service wants a file's digest when it is announced (bytes)."""

TO_SEND = ("announced", "uploading")
TO_DROP = (*TO_SEND, "rejected")
"""What is no evidence yet, or never will be. Anything else is for its owner to remove."""
UNDER_CHECK = ("received", "checked", "available")
SETTLED = ("available", "rejected")

LOST_ON_THE_WAY = ("digest-not-as-announced", "nothing-arrived", "lost-in-store")
"""Problems of a file that is right on disk: handing it in once more may help."""


class _Tally:
    """Tells how far a file is, one call at a time whichever thread it comes from."""

    def __init__(self, progress: Progress, already: Progress) -> None:
        self._progress = progress
        self._already = already
        self._total = 0
        self._turn = threading.Lock()

    def sent(self, count: int) -> None:
        with self._turn:
            self._total += count
            self._progress(count)

    def there(self, count: int) -> None:
        with self._turn:
            self._total += count
            self._already(count)

    def take_back(self) -> None:
        """All of it has to be sent again."""
        self.sent(-self._total)


@dataclass(frozen=True, slots=True)
class _Handing:
    """One file on its way: by whom, from where, and who is told how far it is."""

    client: Client
    book: Notebook
    source: Source
    tally: _Tally
    parallel: int

    @property
    def path(self) -> Path:
        return Path(self.source.path)


def upload(
    client: Client,
    evidence_id: str,
    path: Path,
    *,
    media_type: str,
    progress: Progress = lambda _: None,
    already: Progress | None = None,
    wait: float = 120.0,
    note: Path | None = None,
    parallel: int = 1,
) -> Json:
    """Hand in a file for a piece of evidence and wait until it was checked (`wait` seconds).

    Returns the file as the service describes it: `state` is "available", or "rejected" with the
    problem. Memory stays flat whatever the file's size.

    With a `note`, a program that was killed goes on when it calls this again with the same words;
    if the file on disk has changed since, its upload begins anew. `already` is told of bytes that
    had arrived before (without it, `progress` is). A cut costs what was on its way: at most
    `parallel` parts.
    """
    source = Source.of(path, media_type, server=client.base_url, evidence_id=evidence_id)
    with notebook(note) as book:
        tally = _Tally(progress, already or progress)
        handing = _Handing(client, book, source, tally, parallel)
        file = _handed_in(handing, wait)
        if file["problem"] in LOST_ON_THE_WAY:
            tally.take_back()
            file = _handed_in(handing, wait)
    return file


def settled(client: Client, file_id: str, wait: float) -> Json:
    """Wait until a file was checked, and return it as it stands then."""
    until, pause = time.monotonic() + wait, 0.05
    while True:
        file = client.get(f"/files/{file_id}")
        if file["state"] in SETTLED or time.monotonic() > until:
            return file
        time.sleep(pause)
        pause = min(pause * 1.5, 1.0)


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _handed_in(handing: _Handing, wait: float) -> Json:
    """Send what is not there yet, say that all was sent, and wait for the check."""
    noted = handing.book.read()
    file_id = _continued(handing, noted) if noted is not None else None
    if file_id is None:
        file_id = _begun(handing)
    file = settled(handing.client, file_id, wait)
    if file["state"] in SETTLED:
        handing.book.clear()
    return file


def _continued(handing: _Handing, note: Note) -> str | None:
    """Go on with an upload that was begun; None if that is no longer possible."""
    client, file_id, state = handing.client, note.file_id, None
    if file_id is None:  # killed while it was announced
        return _begun(handing, note) if note.source == handing.source else None
    try:
        state = client.get(f"/files/{file_id}")["state"]
        if note.source == handing.source and state in UNDER_CHECK:
            handing.tally.there(handing.source.size)
            return file_id
        if note.source == handing.source and state in TO_SEND:
            _send(handing, note, file_id, None)
            return file_id
    except FileChanged:
        # Told by a part that had arrived: then all of it has to be sent again.
        pass
    except Problem as problem:
        # Not found, or no longer taken: its time ran out, say, or another person announced it.
        if problem.status not in (404, 409, 410):
            raise
    handing.tally.take_back()
    if state in TO_DROP:
        with suppress(Problem):
            client.delete(f"/files/{file_id}")
    return None


def _begun(handing: _Handing, note: Note | None = None) -> str:
    """Announce the file and send it."""
    source = handing.source
    note = note or Note.new(source)
    handing.book.write(note)
    announced: Json = {
        "name": handing.path.name,
        "media_type": source.media_type,
        "size": source.size,
    }
    if source.size <= ONE_REQUEST:
        announced["sha256"] = digest(handing.path)
    grant = handing.client.post(f"/evidence/{source.evidence_id}/files", announced, key=note.key)
    file_id = str(cast(Json, grant["file"])["id"])
    parts = cast(Json | None, grant["parts"])
    part_size = None if parts is None else cast(int, parts["size"])
    note = replace(note, file_id=file_id, part_size=part_size)
    handing.book.write(note)
    _send(handing, note, file_id, grant)
    return file_id


def _send(handing: _Handing, note: Note, file_id: str, grant: Json | None) -> None:
    """Send the file's bytes, and say so; without a fresh `grant` some may have arrived before."""
    client, source = handing.client, handing.source
    tally = handing.tally
    sender = Sender(client, file_id, handing.path, tally.sent, handing.parallel)
    told: Json = {}
    with closing(sender):
        if note.part_size is not None:
            held = {} if grant is not None else _held(client, file_id)
            told["sha256"] = sender.send_parts(source.size, note.part_size, held, tally.there)
        else:
            grant = grant or client.post(f"/files/{file_id}/grant")
            sender.send_whole(cast(Json, grant["request"]), source.size)
    now = Source.of(
        handing.path, source.media_type, server=source.server, evidence_id=source.evidence_id
    )
    if now != source:
        raise FileChanged(f"{handing.path.name} changed while it was sent; hand it in again.")
    try:
        client.post(f"/files/{file_id}/completion", told)
    except Problem as problem:
        if problem.kind != "parts-missing" or grant is None:
            raise
        # The store said of a part that it had it, and has it not.
        tally.take_back()
        _send(handing, note, file_id, None)


def _held(client: Client, file_id: str) -> dict[int, str | None]:
    """Return the parts that the store holds, each with its SHA-256 where that is known.

    What the last program sent before it was killed may still be arriving: two looks have to agree.
    """
    found = _look(client, file_id)
    while True:
        time.sleep(STILL_ARRIVING)
        again = _look(client, file_id)
        if again == found:
            return found
        found = again


def _look(client: Client, file_id: str) -> dict[int, str | None]:
    found = cast(list[Json], client.get(f"/files/{file_id}/parts")["held"])
    return {cast(int, one["number"]): cast("str | None", one["sha256"]) for one in found}
