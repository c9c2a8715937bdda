"""Finding out, at start-up, whether a store keeps what the service's signatures promise.

Evidence is safe from its own uploader only if the store refuses what was not signed. S3 stores
differ in that, so each promise is tried against the real bucket, under `selfcheck/`, with requests
that an honest store must refuse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import urllib3
from urllib3.exceptions import HTTPError

from app.kit.clock import utc_now
from app.kit.ids import new_id
from app.kit.settings import Settings
from app.storage import SignedRequest, StoreUnavailable
from app.storage.signing import base64_of
from app.storage.trial import BODY, OTHER, SECONDS, Trial, hex_of
from app.storage.web import SigningStore, signers


@dataclass(frozen=True, slots=True)
class Failure:
    """A promise the store does not keep: its short name, and in a sentence what is lacking."""

    name: str
    lack: str


def check(settings: Settings) -> list[Failure]:
    """Try every promise against the bucket of `settings`; an empty list is a good store.

    What it writes, it removes; it takes about half a second. Raises StoreUnavailable if the store
    does not answer or has no such bucket.
    """
    _, inner = signers(settings)
    store = SigningStore(inner, inner)
    if not store.answers():
        raise StoreUnavailable(f"No store with a bucket {inner.bucket} answers.")
    try:
        with _pool() as pool:
            trial = Trial(inner, store, f"selfcheck/{new_id()}", pool)
            try:
                return [
                    Failure(name, lack) for name, lack, kept in PROMISES if not _holds(kept, trial)
                ]
            finally:
                trial.clear()
    except HTTPError as error:
        raise StoreUnavailable from error


@contextmanager
def _pool() -> Iterator[urllib3.PoolManager]:
    pool = urllib3.PoolManager(
        retries=urllib3.Retry(3, redirect=0, status=0, backoff_factor=0.2),
        timeout=urllib3.Timeout(connect=2, read=20),
    )
    try:
        yield pool
    finally:
        pool.clear()


def _holds(kept: Callable[[Trial], bool], trial: Trial) -> bool:
    try:
        return kept(trial)
    except StoreUnavailable:  # it answers, but does not do this
        return False


def _refused(status: int) -> bool:
    return 400 <= status < 500


def _accepts_what_was_signed(trial: Trial) -> bool:
    key = trial.key("upload")
    return trial.put(key) == 200 and trial.content(key) == BODY


def _links_rename_and_retype(trial: Trial) -> bool:
    key, disposition = trial.key("link"), 'attachment; filename="a.bin"'
    trial.put(key)
    url = trial.store.get_link(
        key, media_type="application/x-check", disposition=disposition, seconds=SECONDS
    )
    answer = trial.send(SignedRequest("GET", url, {}))
    told = answer.headers.get("content-type"), answer.headers.get("content-disposition")
    return answer.data == BODY and told == ("application/x-check", disposition)


def _answers_ranges(trial: Trial) -> bool:
    key = trial.key("range")
    trial.put(key)
    answer = trial.ask("GET", key, headers={"range": "bytes=5-7"})
    return answer.status == 206 and answer.data == BODY[5:8]


def _never_overwrites(trial: Trial) -> bool:
    key = trial.key("overwriting")
    trial.put(key)
    return trial.put(key, OTHER) in {409, 412} and trial.content(key) == BODY


def _refuses_other_length(trial: Trial) -> bool:
    # The digest is that of the longer body, so that nothing but the length is wrong.
    longer = BODY + b"!"
    return _refuses_header(trial, "length", "content-length", str(len(BODY)), longer)


def _refuses_other_bytes(trial: Trial) -> bool:
    key = trial.key("checksum")
    return _refused(trial.write(key, trial.link(key), OTHER)) and trial.content(key) is None


def _refuses_other_checksum(trial: Trial) -> bool:
    checksum = base64_of(hex_of(BODY))
    return _refuses_header(trial, "checksum-header", "x-amz-checksum-sha256", checksum, OTHER)


def _refuses_other_type(trial: Trial) -> bool:
    return _refuses_header(trial, "media-type", "content-type", "text/html", BODY)


def _refuses_header(trial: Trial, name: str, header: str, signed: str, body: bytes) -> bool:
    """Sign `signed` for one header, send what is true of `body`, and see it refused."""
    key = trial.key(name)
    true = trial.link(key, body).headers
    lie = trial.signer.signed(
        "PUT", key, now=utc_now(), seconds=SECONDS, headers={**true, header: signed}
    )
    refused = _refused(trial.write(key, replace(lie, headers=true), body))
    return refused and trial.content(key) is None


def _refuses_expired(trial: Trial) -> bool:
    return _refuses_signer(trial, "expiry", _signing_an_hour_ago(trial))


def _signing_an_hour_ago(trial: Trial) -> SigningStore:
    def an_hour_ago() -> datetime:
        return utc_now() - timedelta(hours=1)

    return SigningStore(trial.signer, trial.signer, clock=an_hour_ago)


def _refuses_other_secret(trial: Trial) -> bool:
    forger = replace(trial.signer, secret_key=trial.signer.secret_key[::-1] + "x")
    return _refuses_signer(trial, "signature", SigningStore(forger, forger))


def _refuses_signer(trial: Trial, name: str, signing: SigningStore) -> bool:
    key = trial.key(name)
    refused = _refused(trial.write(key, trial.link(key, store=signing), BODY))
    return refused and trial.content(key) is None


def _refuses_other_key(trial: Trial) -> bool:
    key, other = trial.key("here"), trial.key("place")
    link = trial.link(key)
    moved = replace(link, url=link.url.replace(key, other))
    return _refused(trial.write(other, moved, BODY)) and trial.content(other) is None


def _is_closed_to_strangers(trial: Trial) -> bool:
    key, bucket = trial.key("anonymous"), ""
    trial.put(key)
    unsigned = [
        SignedRequest("GET", trial.signer.address(key), {}),
        SignedRequest("GET", trial.signer.address(bucket), {}),
    ]
    write = SignedRequest("PUT", trial.signer.address(key), {})
    statuses = [trial.send(request).status for request in unsigned]
    return all(_refused(status) for status in [*statuses, trial.write(key, write, OTHER)])


def _copies_only_what_was_checked(trial: Trial) -> bool:
    source, other, goal = trial.key("source"), trial.key("other"), trial.key("copy-if-match")
    trial.put(source)
    trial.put(other, OTHER)
    if trial.copy(source, goal, trial.etag(other)) != 412 or trial.content(goal) is not None:
        return False
    return trial.copy(source, goal, trial.etag(source)) == 200 and trial.content(goal) == BODY


def _copies_never_overwrite(trial: Trial) -> bool:
    source, goal = trial.key("source-again"), trial.key("copy-overwriting")
    trial.put(source)
    trial.put(goal, OTHER)
    status = trial.copy(source, goal, trial.etag(source))
    return status in {409, 412} and trial.content(goal) == OTHER


def _multipart_works(trial: Trial) -> bool:
    key = trial.key("multipart")
    with trial.upload(key) as upload_id:
        sent = trial.send_part(key, upload_id, BODY)
        status = trial.complete(key, upload_id, sent.headers.get("etag", ""))
    return status == 200 and trial.content(key) == BODY


def _refuses_other_part(trial: Trial) -> bool:
    key = trial.key("part-checksum")
    with trial.upload(key) as upload_id:
        return _refused(trial.send_part(key, upload_id, OTHER).status)


def _multipart_never_overwrites(trial: Trial) -> bool:
    key = trial.key("multipart-overwriting")
    trial.put(key, OTHER)
    with trial.upload(key) as upload_id:
        sent = trial.send_part(key, upload_id, BODY)
        status = trial.complete(key, upload_id, sent.headers.get("etag", ""))
    return status in {409, 412} and trial.content(key) == OTHER


PROMISES: list[tuple[str, str, Callable[[Trial], bool]]] = [
    (
        "upload",
        "The store does not take a rightly signed upload and give back the same bytes.",
        _accepts_what_was_signed,
    ),
    (
        "link",
        "The store ignores the file name and media type that a signed link tells it to answer.",
        _links_rename_and_retype,
    ),
    (
        "range",
        "The store does not answer a Range request with that range.",
        _answers_ranges,
    ),
    (
        "overwriting",
        "The store lets an upload replace an object in spite of If-None-Match.",
        _never_overwrites,
    ),
    (
        "length",
        "The store takes another content length than was signed.",
        _refuses_other_length,
    ),
    (
        "checksum",
        "The store does not compare what it receives with x-amz-checksum-sha256.",
        _refuses_other_bytes,
    ),
    (
        "checksum-header",
        "The store takes another x-amz-checksum-sha256 than was signed.",
        _refuses_other_checksum,
    ),
    (
        "media-type",
        "The store takes another content type than was signed.",
        _refuses_other_type,
    ),
    (
        "expiry",
        "The store takes signatures that have expired.",
        _refuses_expired,
    ),
    (
        "signature",
        "The store takes signatures made with another secret.",
        _refuses_other_secret,
    ),
    (
        "place",
        "The store takes a signature that was made for another key.",
        _refuses_other_key,
    ),
    (
        "anonymous",
        "The store serves or takes objects without a signature.",
        _is_closed_to_strangers,
    ),
    (
        "copy-if-match",
        "The store does not make sure that what it copies is still what was checked.",
        _copies_only_what_was_checked,
    ),
    (
        "copy-overwriting",
        "The store lets a copy replace an object in spite of If-None-Match.",
        _copies_never_overwrite,
    ),
    (
        "multipart",
        "The store does not put a multipart upload together.",
        _multipart_works,
    ),
    (
        "part-checksum",
        "The store does not compare a part with its x-amz-checksum-sha256.",
        _refuses_other_part,
    ),
    (
        "multipart-overwriting",
        "The store lets a multipart upload replace an object in spite of If-None-Match.",
        _multipart_never_overwrites,
    ),
]
