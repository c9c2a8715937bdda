"""Handing in a file: straight to the store, in parts where large, again where cut off."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import httpx2

from app.client.http import PATIENCE, Client, Json

CHUNK = 1024 * 1024
AT_ONCE = 4
"""Parts that are on their way at the same time."""
BATCH = 64
"""Parts whose upload is granted in one request."""

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
    grant = client.post(
        f"/evidence/{evidence_id}/files",
        {
            "name": path.name,
            "media_type": media_type,
            "size": path.stat().st_size,
            "sha256": digest(path),
        },
    )
    file = cast(Json, grant["file"])
    with closing(httpx2.Client(timeout=120.0)) as store:
        if grant["request"] is not None:
            _put(store, cast(Json, grant["request"]), path, _Piece(1, 0, path.stat().st_size))
            progress(path.stat().st_size)
        else:
            _put_parts(client, store, file, cast(Json, grant["parts"]), path, progress)
    client.post(f"/files/{file['id']}/completion", {})
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


def digest(path: Path, offset: int = 0, size: int | None = None) -> str:
    """Return the SHA-256 of a file or a piece of it, in hexadecimal."""
    hash_ = hashlib.sha256()
    for chunk in chunks(path, offset, path.stat().st_size if size is None else size):
        hash_.update(chunk)
    return hash_.hexdigest()


def chunks(path: Path, offset: int, size: int) -> Iterator[bytes]:
    """Read a piece of a file bit by bit."""
    with path.open("rb") as file:
        file.seek(offset)
        while size > 0 and (chunk := file.read(min(CHUNK, size))):
            size -= len(chunk)
            yield chunk


def _put_parts(
    client: Client, store: httpx2.Client, file: Json, parts: Json, path: Path, progress: Progress
) -> None:
    total, size = cast(int, file["size"]), cast(int, parts["size"])
    pieces = [
        _Piece(number + 1, number * size, min(size, total - number * size))
        for number in range(cast(int, parts["count"]))
    ]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for first in range(0, len(pieces), BATCH):
            batch = pieces[first : first + BATCH]
            hashes = pool.map(lambda piece: digest(path, piece.offset, piece.size), batch)
            granted = client.post(
                f"/files/{file['id']}/parts",
                {
                    "parts": [
                        {"number": piece.number, "size": piece.size, "sha256": sha256}
                        for piece, sha256 in zip(batch, hashes, strict=True)
                    ]
                },
            )
            links = [cast(Json, one["request"]) for one in _list(granted["parts"])]

            def send(pair: tuple[_Piece, Json]) -> None:
                _put(store, pair[1], path, pair[0])
                progress(pair[0].size)

            list(pool.map(send, zip(batch, links, strict=True)))


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


def _list(value: object) -> list[Json]:
    return cast(list[Json], value)
