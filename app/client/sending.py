"""Sending bytes to the store by requests that the service signed, and again where cut off.

Some stores lose a part that they are sent twice. So after every failure the service is asked first
whether the store holds the part after all; only what it does not hold is sent again.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import httpx2

from app.client.http import Client, Json, Value, pause_asked
from app.client.patience import Patience

CHUNK = 256 * 1024
BATCH = 8
"""Parts granted in one request: the next ones are hashed while these are on their way."""
REFUSALS = 4
"""So often the store may refuse one part (a link expired, a bit was lost) before it is given up."""

STILL_ARRIVING = 1.0
"""Seconds that a store may take in a part whose connection has ended, before it tells of it."""

Progress = Callable[[int], None]
"""Told how many bytes went on their way; fewer than none when some have to be sent again."""


class UploadFailed(Exception):
    """The store did not take the file."""


class FileChanged(Exception):
    """The file on disk is no longer the one whose upload began."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a file, or all of it: where it begins, and how many bytes it has."""

    number: int
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A piece that the store does not hold, and its SHA-256."""

    piece: Piece
    sha256: str

    def described(self) -> Json:
        return {"number": self.piece.number, "size": self.piece.size, "sha256": self.sha256}


class Sender:
    """Sends the bytes of one file, `parallel` parts at a time: a cut costs no more than those.

    A part is on its way until the store has answered. Before that nobody knows whether it arrived.
    """

    def __init__(
        self, client: Client, file_id: str, path: Path, progress: Progress, parallel: int
    ) -> None:
        self._client = client
        self._file = f"/files/{file_id}"
        self._path = path
        self._progress = progress
        self._parallel = parallel
        self._over = threading.Event()
        self._store = httpx2.Client(timeout=httpx2.Timeout(60.0, read=120.0))

    def close(self) -> None:
        """End all that is under way."""
        self._over.set()
        self._store.close()

    def send_whole(self, request: Json, size: int) -> None:
        """Send a file in one request; `request` is granted anew where it has expired."""

        def again() -> Json | None:
            return cast(Json, self._client.post(f"{self._file}/grant")["request"])

        self._send(Piece(1, 0, size), request, again)

    def send_parts(
        self, size: int, part_size: int, held: Mapping[int, str | None], already: Progress
    ) -> str:
        """Send every part that the store does not hold; return the digest of the whole file.

        `held` has the SHA-256 of each part held, where the store knows it. Raises FileChanged if
        one is not what the file has there.
        """
        whole = hashlib.sha256()
        pieces = pieces_of(size, part_size)
        under_way: set[Future[None]] = set()
        with ThreadPoolExecutor(self._parallel) as pool:
            try:
                for first in range(0, len(pieces), BATCH):
                    batch = pieces[first : first + BATCH]
                    missing = self._missing(batch, held, whole.update, already)
                    links = self._granted(missing)
                    under_way = self._down_to(self._parallel, under_way)
                    under_way |= {
                        pool.submit(self._send_part, one, links.get(one.piece.number), already)
                        for one in missing
                    }
                self._down_to(0, under_way)
            except BaseException as problem:
                if isinstance(problem, KeyboardInterrupt):
                    self._client.over.set()  # nobody waits for the service any more either
                self.close()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return whole.hexdigest()

    def _missing(
        self,
        batch: Sequence[Piece],
        held: Mapping[int, str | None],
        read: Callable[[bytes], object],
        already: Progress,
    ) -> list[_Wanted]:
        """Return those pieces that are still to be sent; `read` is told the bytes of all."""
        missing = []
        for piece in batch:
            part = hashlib.sha256()
            for chunk in chunks(self._path, piece.offset, piece.size):
                part.update(chunk)
                read(chunk)
            found = part.hexdigest()
            if piece.number not in held:
                missing.append(_Wanted(piece, found))
            elif held[piece.number] not in (None, found):
                raise FileChanged(f"{self._path.name} has changed since its upload began.")
            else:
                already(piece.size)
        return missing

    def _granted(self, missing: Sequence[_Wanted]) -> dict[int, Json]:
        """Have the upload of some parts granted; those that the store holds get no link."""
        if not missing:
            return {}
        wanted: list[Value] = [one.described() for one in missing]
        answer = self._client.post(f"{self._file}/parts", {"parts": wanted})
        granted = cast(list[Json], answer["parts"])
        return {cast(int, one["number"]): cast(Json, one["request"]) for one in granted}

    def _send_part(self, one: _Wanted, link: Json | None, already: Progress) -> None:
        if link is None:
            already(one.piece.size)
        else:
            self._send(one.piece, link, lambda: self._granted([one]).get(one.piece.number))

    def _send(self, piece: Piece, request: Json, again: Callable[[], Json | None]) -> None:
        """Send a piece until the store has it; `again` grants it anew, or says that it is held."""
        patience, refusals = Patience(self._client.patience, self._over), 0
        link: Json | None = request
        while link is not None:
            answer, reason = self._put(link, piece)
            if answer is not None and answer.status_code == 200:
                return
            if answer is not None and answer.status_code == 412:
                # A try whose answer was lost had arrived. Whether it is the right content, the
                # service finds out by reading it back.
                break
            refusals += answer is not None and answer.status_code < 500
            if refusals >= REFUSALS or patience.spent:
                raise UploadFailed(f"{self._path.name}: {reason}")
            patience.wait(STILL_ARRIVING if answer is None else pause_asked(answer))
            link = again()
        self._progress(piece.size)

    def _put(self, link: Json, piece: Piece) -> tuple[httpx2.Response | None, str]:
        """Try once; return the store's answer, if it gave one, and what to say of a failure."""
        handed_over = [0]
        body = self._body(piece, handed_over)
        try:
            answer = self._store.request(
                str(link["method"]),
                str(link["url"]),
                headers={
                    **cast(Mapping[str, str], link["headers"]),
                    "content-length": str(piece.size),
                },
                content=body,
            )
        except httpx2.TransportError as problem:
            self._progress(-handed_over[0])
            return None, f"the store does not answer ({type(problem).__name__})."
        finally:
            body.close()
        if answer.status_code != 200:
            self._progress(-handed_over[0])
        return answer, f"the store answered {answer.status_code}."

    def _body(self, piece: Piece, handed_over: list[int]) -> Generator[bytes]:
        for chunk in chunks(self._path, piece.offset, piece.size):
            if self._over.is_set() or self._client.over.is_set():
                raise UploadFailed(f"{self._path.name}: the upload was broken off.")
            yield chunk
            handed_over[0] += len(chunk)
            self._progress(len(chunk))

    def _down_to(self, number: int, under_way: set[Future[None]]) -> set[Future[None]]:
        """Wait until no more than so many are under way; the first that failed speaks for all."""
        while len(under_way) > number:
            done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            for one in done:
                one.result()
        return under_way


def pieces_of(size: int, part_size: int) -> list[Piece]:
    """Return the parts of a file of so many bytes."""
    return [
        Piece(number, offset, min(part_size, size - offset))
        for number, offset in enumerate(range(0, size, part_size), 1)
    ]


def chunks(path: Path, offset: int, size: int) -> Iterator[bytes]:
    """Read a piece of a file bit by bit; raises FileChanged if the file ends before it does."""
    with path.open("rb") as file:
        file.seek(offset)
        while size > 0:
            chunk = file.read(min(CHUNK, size))
            if not chunk:
                raise FileChanged(f"{path.name} became shorter while it was sent.")
            size -= len(chunk)
            yield chunk
