"""What the holder of a signed link can do, and all that the store refuses."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
import urllib3

from app.kit.settings import Settings
from app.storage import SignedRequest
from app.storage.s3 import S3Store
from app.storage.signing import base64_of
from app.storage.web import SigningStore

Send = Callable[..., urllib3.BaseHTTPResponse]
SignedPut = Callable[[str, bytes], SignedRequest]

PLAN = b"%PDF-1.7 A mentoring plan"
SCRIPT = b"<script>alert('plan')</script>"[: len(PLAN)]


def test_a_signed_upload_arrives_as_it_was_sent(
    store: S3Store, key: str, send: Send, signed_put: SignedPut
) -> None:
    assert send(signed_put(key, PLAN), PLAN).status == 200
    assert b"".join(store.read(key)) == PLAN
    about = store.about(key)
    assert about is not None
    assert (about.size, about.media_type) == (len(PLAN), "application/pdf")


def test_an_uploaded_file_cannot_be_replaced_by_its_link(
    store: S3Store, key: str, send: Send, signed_put: SignedPut
) -> None:
    send(signed_put(key, PLAN), PLAN)
    assert send(signed_put(key, PLAN), PLAN).status == 412
    assert send(signed_put(key, SCRIPT), SCRIPT).status == 412
    assert b"".join(store.read(key)) == PLAN


def test_the_precondition_cannot_be_left_out(
    store: S3Store, key: str, send: Send, signed_put: SignedPut
) -> None:
    send(signed_put(key, PLAN), PLAN)
    link = signed_put(key, SCRIPT)
    headers = {name: value for name, value in link.headers.items() if name != "if-none-match"}
    assert send(SignedRequest("PUT", link.url, headers), SCRIPT).status == 403
    assert b"".join(store.read(key)) == PLAN


def test_another_content_type_is_refused(
    store: S3Store, key: str, send: Send, signed_put: SignedPut
) -> None:
    assert send(signed_put(key, PLAN), PLAN, content_type="text/html").status == 403
    assert not store.exists(key)


def test_another_length_is_refused(
    store: S3Store, key: str, send: Send, signed_put: SignedPut
) -> None:
    longer = PLAN + b"!"
    lies = {"content_length": str(len(longer)), "x_amz_checksum_sha256": checksum(longer)}
    assert send(signed_put(key, PLAN), longer, **lies).status == 403
    assert not store.exists(key)


def test_other_bytes_are_refused(
    store: S3Store, key: str, send: Send, signed_put: SignedPut
) -> None:
    assert send(signed_put(key, PLAN), SCRIPT).status == 400
    lie = {"x_amz_checksum_sha256": checksum(SCRIPT)}
    assert send(signed_put(key, PLAN), SCRIPT, **lie).status == 403
    assert not store.exists(key)


def test_an_expired_link_is_refused(
    store: S3Store, yesterdays_store: SigningStore, key: str, send: Send
) -> None:
    digest = hashlib.sha256(PLAN).hexdigest()
    link = yesterdays_store.put_link(
        key, size=len(PLAN), media_type="application/pdf", sha256=digest, seconds=3600
    )
    assert send(link, PLAN).status == 403
    assert not store.exists(key)


def test_a_link_is_good_for_its_own_file_only(
    store: S3Store, key: str, send: Send, signed_put: SignedPut
) -> None:
    link = signed_put(key, PLAN)
    moved = SignedRequest("PUT", link.url.replace(key, key + "2"), link.headers)
    assert send(moved, PLAN).status == 403
    assert not store.exists(key + "2")


def test_a_link_to_read_names_the_file_and_its_type(
    store: S3Store, file: Callable[[bytes], str], send: Send
) -> None:
    url = read_link(store, file(PLAN))
    answer = send(SignedRequest("GET", url, {}))
    assert answer.data == PLAN
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == DISPOSITION


def test_a_link_to_read_cannot_be_made_to_serve_a_page(
    store: S3Store, file: Callable[[bytes], str], send: Send
) -> None:
    url = read_link(store, file(SCRIPT)).replace("octet-stream", "xhtml%2Bxml")
    assert send(SignedRequest("GET", url, {})).status == 403


def test_a_player_can_ask_for_a_piece_of_a_recording(
    store: S3Store, file: Callable[[bytes], str], send: Send
) -> None:
    answer = send(SignedRequest("GET", read_link(store, file(PLAN)), {}), range="bytes=5-7")
    assert (answer.status, answer.data) == (206, PLAN[5:8])
    assert answer.headers["content-range"] == f"bytes 5-7/{len(PLAN)}"


def test_an_expired_link_to_read_is_refused(
    yesterdays_store: SigningStore, file: Callable[[bytes], str], send: Send
) -> None:
    url = read_link(yesterdays_store, file(PLAN))
    answer = send(SignedRequest("GET", url, {}))
    assert answer.status == 403
    assert PLAN not in answer.data


def test_without_a_signature_nothing_is_served(
    settings: Settings, file: Callable[[bytes], str], send: Send
) -> None:
    url = f"{settings.s3_endpoint}/{settings.s3_bucket}/{file(PLAN)}"
    answer = send(SignedRequest("GET", url, {}))
    assert answer.status == 403
    assert PLAN not in answer.data


@pytest.mark.parametrize(
    ("origin", "let_in"), [("own", True), ("https://elsewhere.example", False)]
)
def test_only_the_services_own_pages_may_send_files(
    settings: Settings,
    send: Send,
    key: str,
    signed_put: SignedPut,
    origin: str,
    let_in: bool,
) -> None:
    page = settings.public_url if origin == "own" else origin
    answer = send(
        SignedRequest("OPTIONS", signed_put(key, PLAN).url, {}),
        origin=page,
        access_control_request_method="PUT",
        access_control_request_headers="content-type,if-none-match,x-amz-checksum-sha256",
    )
    assert (answer.headers.get("access-control-allow-origin") == page) is let_in


DISPOSITION = "attachment; filename=\"plan.pdf\"; filename*=UTF-8''pl%C3%A4n.pdf"


def read_link(store: SigningStore, key: str) -> str:
    return store.get_link(
        key, media_type="application/octet-stream", disposition=DISPOSITION, seconds=60
    )


def checksum(body: bytes) -> str:
    return base64_of(hashlib.sha256(body).hexdigest())
