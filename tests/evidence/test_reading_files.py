"""Opening a file: a link into the store, for those who may, and what the store then answers."""

from __future__ import annotations

import json
from io import BytesIO
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pikepdf
import pytest
import urllib3
from sqlalchemy import text

from tests import make
from tests.evidence.conftest import problem, tree
from tests.make import Person


def link(person: Person, file: UUID) -> str:
    """Ask for a file and return the address that the service sends on to."""
    answer = person.tenant.browser.get(
        f"/api/v1/files/{file}/content",
        headers={"authorization": f"Bearer {person.token}"},
        follow_redirects=False,
    )
    assert answer.status_code == 307, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer.headers["location"]


def fetch(address: str, **headers: str) -> urllib3.BaseHTTPResponse:
    return urllib3.request("GET", address, headers=headers, retries=False, timeout=30)


def readings(person: Person, portfolio: UUID) -> list[str]:
    """Return who has opened files of the portfolio, from its journal."""
    entries = text(
        "SELECT actor_id FROM journal_entry"
        " WHERE stream_id = :id AND action = 'evidence.file_read' ORDER BY seq"
    )
    with person.tenant.at_work() as work:
        return [str(one) for one in work.session.scalars(entries, {"id": portfolio})]


@pytest.fixture
def paper(amira: Person, item: UUID, pdf: bytes) -> UUID:
    return make.file(amira, item, pdf, media_type="application/pdf", name="minutes.pdf")


def test_a_file_is_read_from_the_store_as_what_it_was_found_to_be(
    amira: Person, paper: UUID, pdf: bytes
) -> None:
    found = fetch(link(amira, paper))
    assert (found.status, found.data) == (200, pdf)
    assert found.headers["content-type"] == "application/pdf"
    assert found.headers["content-disposition"] == 'inline; filename="minutes.pdf"'


def test_a_pdf_that_could_start_something_is_saved_and_never_shown_in_place(
    amira: Person, item: UUID
) -> None:
    made = BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page()
        document.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
        document.save(made)
    file = make.file(amira, item, made.getvalue(), media_type="application/pdf", name="start.pdf")
    assert amira.get(f"/files/{file}").json()["cautions"] == ["script"]
    found = fetch(link(amira, file))
    assert (found.status, found.data) == (200, made.getvalue())
    assert found.headers["content-disposition"] == 'attachment; filename="start.pdf"'


def test_a_harmless_file_has_no_cautions(amira: Person, paper: UUID) -> None:
    assert amira.get(f"/files/{paper}").json()["cautions"] == []


def test_a_recording_can_be_listened_to_from_the_middle(
    amira: Person, item: UUID, recording: bytes
) -> None:
    file = make.file(amira, item, recording, media_type="audio/wav", name="first.wav")
    found = fetch(link(amira, file), range="bytes=1000-1999")
    assert (found.status, found.data) == (206, recording[1000:2000])
    assert found.headers["content-range"] == f"bytes 1000-1999/{len(recording)}"
    assert found.headers["content-length"] == "1000"
    assert found.headers["content-disposition"] == 'inline; filename="first.wav"'
    address = link(amira, file)
    whole, tail = fetch(address), fetch(address, range="bytes=-5")
    assert (whole.status, whole.headers["accept-ranges"]) == (200, "bytes")
    assert (tail.status, tail.data) == (206, recording[-5:])
    opened = fetch(address, range="bytes=1000-")
    assert (opened.status, opened.data) == (206, recording[1000:])
    beyond = fetch(address, range=f"bytes={len(recording)}-")
    assert beyond.status == 416


def test_words_are_saved_and_never_shown_in_place(amira: Person, item: UUID) -> None:
    file = make.file(amira, item, name="notes.html")
    found = fetch(link(amira, file))
    assert found.headers["content-type"] == "text/plain"
    assert found.headers["content-disposition"].startswith("attachment; ")


@pytest.mark.parametrize(
    ("name", "shown", "whole"),
    [
        ("../../etc/passwd", "_.._etc_passwd", None),
        ('a";b=c.pdf', "a__b_c.pdf", "a_%3Bb%3Dc.pdf"),
        ("a\\b%0d%0aX: y.pdf", "a_b_0d_0aX_ y.pdf", "a_b%250d%250aX_%20y.pdf"),
        ("\u202efdp.exe", "_fdp.exe", None),
        ("Őszi napló 😀.pdf", "_szi napl_ _.pdf", "%C5%90szi%20napl%C3%B3%20%F0%9F%98%80.pdf"),
        ("=cmd()|x.csv", "_cmd___x.csv", "%3Dcmd%28%29_x.csv"),
        ("con", "_con", None),
        ("x" * 196 + ".pdf", "x" * 196 + ".pdf", None),
    ],
)
def test_a_name_stays_one_harmless_header(
    amira: Person, item: UUID, name: str, shown: str, whole: str | None
) -> None:
    """FAULTS 10: the name is kept as it was given, and the store tells it in one header."""
    file = make.file(amira, item, name=name)
    assert amira.get(f"/files/{file}").json()["name"] == name
    found = fetch(link(amira, file))
    assert (found.status, found.data) == (200, make.WORDS)
    said = f'attachment; filename="{shown}"'
    said += f"; filename*=UTF-8''{whole}" if whole else ""
    assert found.headers.getlist("content-disposition") == [said]


@pytest.mark.parametrize("name", ["a\r\nX: y", "nul\x00l", "x" * 4096, "\ud800", " ", "a\x7f"])
def test_a_name_that_is_no_line_is_refused(
    amira: Person, portfolio: UUID, item: UUID, name: str
) -> None:
    """FAULTS 10: nothing is kept of a file whose name has controls, NUL or no end."""
    body = json.dumps({**make.new_file(make.WORDS), "name": name}).encode()
    headers = {"content-type": "application/json"}
    answer = amira.send("POST", f"/evidence/{item}/files", content=body, headers=headers)
    assert problem(answer) == (422, "not-as-described")
    assert tree(amira, portfolio)["files"] == []


def test_a_link_is_good_for_five_minutes_and_this_file_only(
    amira: Person, paper: UUID, item: UUID
) -> None:
    address = link(amira, paper)
    assert parse_qs(urlsplit(address).query)["X-Amz-Expires"] == ["300"]
    other = make.file(amira, item)
    assert fetch(address.replace(str(paper), str(other))).status == 403
    bare = address.partition("?")[0]
    assert fetch(bare).status == 403
    assert fetch(address.replace("attachment", "inline").replace("pdf", "html")).status == 403


def test_a_reading_by_the_staff_is_entered_in_the_journal(
    amira: Person, officer: Person, vera: Person, diana: Person, portfolio: UUID, paper: UUID
) -> None:
    link(amira, paper)
    assert readings(amira, portfolio) == []
    for person in (vera, diana):
        assert problem(person.get(f"/files/{paper}/content")) == (404, "no-such-file")
    make.submitted_as_it_is(portfolio, amira)
    for person in (officer, vera, diana):
        link(person, paper)
    assert readings(amira, portfolio) == [str(one.id) for one in (officer, vera, diana)]


def test_who_has_no_part_in_the_case_does_not_learn_of_the_file(
    amira: Person, bruno: Person, otto: Person, portfolio: UUID, paper: UUID
) -> None:
    unknown = bruno.get(f"/files/{portfolio}/content")
    for person in (bruno, otto):
        for path in (f"/files/{paper}", f"/files/{paper}/content"):
            answer = person.get(path)
            assert (answer.status_code, answer.content) == (404, unknown.content)
    assert readings(amira, portfolio) == []


def test_a_training_body_opens_no_file(amira: Person) -> None:
    school = make.organisation(amira.tenant)
    milan = make.person(amira.tenant, "Milan", *amira.roles, training_body=school)
    sanne = make.person(amira.tenant, "Sanne", staff_of=school)
    file = make.file(milan, make.item(milan, make.portfolio(milan)))
    for path in (f"/files/{file}", f"/files/{file}/content"):
        assert problem(sanne.get(path)) == (404, "no-such-file")


def test_a_file_that_was_not_accepted_cannot_be_opened(
    amira: Person, officer: Person, portfolio: UUID, item: UUID, pdf: bytes
) -> None:
    waiting = make.received(amira, item)
    rejected = make.file(amira, item, pdf, media_type="text/plain")
    for file, state in ((waiting, "received"), (rejected, "rejected")):
        for person in (amira, officer):
            answer = person.get(f"/files/{file}/content")
            assert problem(answer) == (409, "file-not-readable")
            assert answer.json()["state"] == state
    assert readings(amira, portfolio) == []
