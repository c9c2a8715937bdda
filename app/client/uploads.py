"""Handing in a file: straight to the store, in parts where large, again where cut off."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import httpx2

from app.client.http import PATIENCE, Client, Json, Value

CHUNK = 1024 * 1024
AT_ONCE = 4
"""Parts that are on their way at the same time."""
BATCH = 8
"""Parts granted in one request: the next ones are hashed while these are on their way."""
ONE_REQUEST = 64 * 1024 * 1024
"""Up to here the service wants a file's digest when it is announced (bytes)."""

Progress = Callable[[int], None]
"""Told how many bytes have just arrived."""


class UploadFailed(Exception):
    """The store did not take the file."""


@dataclass(frozen=True, slots=True)
class _Piece:
    number: int
    offset: int
    size: int


def upload(
    client: Client,
    evidence_id: str,
    path: Path,
    *,
    media_type: str,
    progress: Progress = lambda _: None,
    wait: float = 120.0,
) -> Json:
    """Hand in a file for a piece of evidence and wait until it was checked (`wait` seconds).

    Returns the file as the service describes it: `state` is "available", or "rejected" with the
    problem. Memory stays flat whatever the file's size.
    """
    size = path.stat().st_size
    announced: Json = {"name": path.name, "media_type": media_type, "size": size}
    if size <= ONE_REQUEST:
        announced["sha256"] = digest(path)
    grant = client.post(f"/evidence/{evidence_id}/files", announced)
    file = cast(Json, grant["file"])
    told: Json = {}
    with closing(httpx2.Client(timeout=120.0)) as store:
        if grant["request"] is not None:
            _put(store, cast(Json, grant["request"]), path, _Piece(1, 0, size))
            progress(size)
        else:
            parts = cast(Json, grant["parts"])
            told["sha256"] = _put_parts(client, store, file, parts, path, progress)
    client.post(f"/files/{file['id']}/completion", told)
    return settled(client, str(file["id"]), wait)


def settled(client: Client, file_id: str, wait: float) -> Json:
    """Wait until a file was checked, and return it as it stands then."""
    until, pause = time.monotonic() + wait, 0.05
    while True:
        file = client.get(f"/files/{file_id}")
        if file["state"] in ("available", "rejected") or time.monotonic() > until:
            return file
        time.sleep(pause)
        pause = min(pause * 1.5, 1.0)


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def chunks(path: Path, offset: int, size: int) -> Iterator[bytes]:
    """Read a piece of a file bit by bit."""
    with path.open("rb") as file:
        file.seek(offset)
        while size > 0 and (chunk := file.read(min(CHUNK, size))):
            size -= len(chunk)
            yield chunk


def _put_parts(
    client: Client, store: httpx2.Client, file: Json, parts: Json, path: Path, progress: Progress
) -> str:
    """Send every part, some at once, and return the digest of the whole file."""
    total, size = cast(int, file["size"]), cast(int, parts["size"])
    pieces = [
        _Piece(number + 1, number * size, min(size, total - number * size))
        for number in range(cast(int, parts["count"]))
    ]
    whole = hashlib.sha256()

    def send(piece: _Piece, link: Json) -> None:
        _put(store, link, path, piece)
        progress(piece.size)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        under_way: list[Future[None]] = []
        for first in range(0, len(pieces), BATCH):
            batch = pieces[first : first + BATCH]
            links = _granted(client, file, path, batch, whole.update)
            _await(under_way)
            under_way = [pool.submit(send, *one) for one in zip(batch, links, strict=True)]
        _await(under_way)
    return whole.hexdigest()


def _granted(
    client: Client,
    file: Json,
    path: Path,
    batch: Sequence[_Piece],
    read: Callable[[bytes], object],
) -> list[Json]:
    """Have the upload of some parts granted; `read` is told their bytes as they are hashed."""
    wanted: list[Value] = []
    for piece in batch:
        part = hashlib.sha256()
        for chunk in chunks(path, piece.offset, piece.size):
            part.update(chunk)
            read(chunk)
        wanted.append({"number": piece.number, "size": piece.size, "sha256": part.hexdigest()})
    granted = client.post(f"/files/{file['id']}/parts", {"parts": wanted})
    return [cast(Json, one["request"]) for one in cast(list[Json], granted["parts"])]


def _await(under_way: Sequence[Future[None]]) -> None:
    """Wait until these parts have arrived; the first that failed speaks for all."""
    for one in under_way:
        one.result()


def _put(store: httpx2.Client, request: Json, path: Path, piece: _Piece) -> None:
    headers = cast(Mapping[str, str], request["headers"])
    until, pause, sent = time.monotonic() + PATIENCE, 0.2, 0
    while True:
        sent += 1
        try:
            answer = store.request(
                str(request["method"]),
                str(request["url"]),
                headers={**headers, "content-length": str(piece.size)},
                content=chunks(path, piece.offset, piece.size),
            )
        except httpx2.TransportError as problem:
            if time.monotonic() > until:
                raise UploadFailed(f"{path.name}: the store does not answer.") from problem
        else:
            # A repeated PUT that finds its own first try already there has arrived too; whether it
            # is the right content, the service finds out by reading it back.
            if answer.status_code == 200 or (answer.status_code == 412 and sent > 1):
                return
            if answer.status_code < 500 or time.monotonic() > until:
                raise UploadFailed(f"{path.name}: the store answered {answer.status_code}.")
        time.sleep(pause)
        pause = min(pause * 2, 4.0)
