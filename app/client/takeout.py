"""Taking a portfolio along as an archive, and bringing one in; memory stays flat."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import httpx2

from app.client.http import Client, Json

CHUNK = 1024 * 1024
UNDER_WAY = ("waiting", "making", "announced", "received")

Progress = Callable[[int], None]
"""Told how many bytes went by."""


class TakeoutFailed(Exception):
    """The archive could not be made, fetched or taken in."""


def take_out(
    client: Client,
    portfolio_id: str,
    path: Path,
    *,
    wait: float = 3600.0,
    progress: Progress = lambda _: None,
) -> Json:
    """Have a portfolio's archive made and write it to a new file; return the export.

    What arrives is compared with the service's digest; a file that differs is not kept.
    """
    export = client.post(f"/portfolios/{portfolio_id}/exports")
    export = _ended(client, f"/exports/{export['id']}", wait)
    if export["state"] != "made":
        raise TakeoutFailed(str(export["problem_detail"] or f"It is still {export['state']}."))
    answer = client.http.get(f"/exports/{export['id']}/content", follow_redirects=False)
    with path.open("xb") as file:
        try:
            digest = hashlib.sha256()
            with httpx2.stream("GET", answer.headers["location"], timeout=60.0) as found:
                found.raise_for_status()
                for chunk in found.iter_bytes(CHUNK):
                    digest.update(chunk)
                    file.write(chunk)
                    progress(len(chunk))
            if digest.hexdigest() != export["sha256"]:
                raise TakeoutFailed("What arrived is not what the service sent; fetch it again.")
        except BaseException:
            path.unlink()
            raise
    return export


def bring_in(
    client: Client, path: Path, *, wait: float = 3600.0, progress: Progress = lambda _: None
) -> Json:
    """Send an archive and wait until it was taken in; return the import, refused or not."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    announced = client.post("/imports", {"size": path.stat().st_size, "sha256": sha256})
    id = cast(Json, announced["import"])["id"]
    if announced["request"] is not None:
        _send(cast(Json, announced["request"]), path, 0, path.stat().st_size, progress)
    else:
        _send_parts(client, f"/imports/{id}/parts", path, cast(Json, announced["parts"]), progress)
    client.post(f"/imports/{id}/completion")
    return _ended(client, f"/imports/{id}", wait)


def _ended(client: Client, address: str, wait: float) -> Json:
    until, pause = time.monotonic() + wait, 0.1
    while True:
        found = client.get(address)
        if found["state"] not in UNDER_WAY or time.monotonic() > until:
            return found
        time.sleep(pause)
        pause = min(pause * 1.5, 2.0)


def _send_parts(client: Client, address: str, path: Path, parts: Json, progress: Progress) -> None:
    """Send an archive part by part; each is granted with its own digest."""
    size, left = cast(int, parts["size"]), path.stat().st_size
    for number in range(1, cast(int, parts["count"]) + 1):
        offset, length = (number - 1) * size, min(size, left)
        digest = hashlib.sha256()
        for chunk in _chunks(path, offset, length):
            digest.update(chunk)
        wanted: Json = {"number": number, "size": length, "sha256": digest.hexdigest()}
        granted = client.post(address, {"parts": [wanted]})
        (part,) = cast(list[Json], granted["parts"])
        _send(cast(Json, part["request"]), path, offset, length, progress)
        left -= length


def _send(request: Json, path: Path, offset: int, length: int, progress: Progress) -> None:
    """Send so many bytes of a file as a granted request says."""

    def told() -> Iterator[bytes]:
        for chunk in _chunks(path, offset, length):
            yield chunk
            progress(len(chunk))

    headers = {**cast(dict[str, str], request["headers"]), "content-length": str(length)}
    answer = httpx2.request(
        str(request["method"]), str(request["url"]), headers=headers, content=told(), timeout=120.0
    )
    if answer.status_code >= 300:
        raise TakeoutFailed(
            f"The store did not take the archive (it answered {answer.status_code})."
        )


def _chunks(path: Path, offset: int, length: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(offset)
        while length and (chunk := file.read(min(length, CHUNK))):
            length -= len(chunk)
            yield chunk
