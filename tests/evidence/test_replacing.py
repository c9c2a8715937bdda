"""Versions of a file: a new one takes the old one's place, and what was assessed stays."""

from __future__ import annotations

from io import BytesIO
from typing import cast
from uuid import UUID

import pikepdf
import pytest
from httpx2 import Response

from app.evidence.handlers import arrival
from tests import make
from tests.evidence.conftest import problem, tree
from tests.make import Json, Person

PDF = "application/pdf"


def paper(pages: int) -> bytes:
    made = BytesIO()
    with pikepdf.new() as document:
        for _ in range(pages):
            document.add_blank_page()
        document.save(made)
    return made.getvalue()


def announced(person: Person, item: UUID, old: UUID, content: bytes) -> Response:
    body = {**make.new_file(content, media_type=PDF, name="v2.pdf"), "replaces": str(old)}
    return person.post(f"/evidence/{item}/files", body)


def sent(person: Person, item: UUID, old: UUID, content: bytes) -> UUID:
    """Send a new version; it waits to be checked."""
    answer = announced(person, item, old, content)
    assert answer.status_code == 201, answer.text
    grant = cast(Json, answer.json())
    assert make.send(grant["request"], content) == 200
    id_ = UUID(str(cast(Json, grant["file"])["id"]))
    assert person.post(f"/files/{id_}/completion", {}).status_code == 202
    return id_


def replaced(person: Person, item: UUID, old: UUID, content: bytes) -> UUID:
    """Have a new version take an old file's place."""
    id_ = sent(person, item, old, content)
    arrival.check_file(make.shift(person.tenant), id_)
    return id_


def state(person: Person, file: UUID) -> str:
    return str(person.get(f"/files/{file}").json()["state"])


def chain(person: Person, file: UUID) -> list[tuple[str, str]]:
    return [(one["id"], one["state"]) for one in person.get(f"/files/{file}/versions").json()]


def claims(person: Person, portfolio: UUID) -> dict[str, Json]:
    return {str(one["indicator"]): one for one in tree(person, portfolio)["claims"]}


@pytest.fixture
def old(amira: Person, item: UUID) -> UUID:
    """A paper of three pages."""
    return make.file(amira, item, paper(3), media_type=PDF, name="v1.pdf")


def test_a_new_version_takes_the_old_files_place_once_it_was_kept(
    amira: Person, item: UUID, old: UUID
) -> None:
    new = sent(amira, item, old, paper(4))
    assert (state(amira, old), state(amira, new)) == ("available", "received")

    arrival.check_file(make.shift(amira.tenant), new)

    assert (state(amira, old), state(amira, new)) == ("superseded", "available")
    expected = [(str(old), "superseded"), (str(new), "available")]
    assert chain(amira, old) == chain(amira, new) == expected
    assert amira.get(f"/files/{new}").json()["replaces"] == str(old)


def test_a_superseded_file_can_still_be_read(amira: Person, item: UUID, old: UUID) -> None:
    replaced(amira, item, old, paper(4))
    answer = amira.tenant.browser.get(
        f"/api/v1/files/{old}/content",
        headers={"authorization": f"Bearer {amira.token}"},
        follow_redirects=False,
    )
    assert answer.status_code == 307


def test_a_version_that_is_rejected_leaves_all_as_it_was(
    amira: Person, item: UUID, old: UUID
) -> None:
    new = replaced(amira, item, old, b"%PDF-1.7 but nothing of one")
    assert (state(amira, old), state(amira, new)) == ("available", "rejected")
    assert state(amira, replaced(amira, item, old, paper(2))) == "available"


def test_claims_go_over_to_the_new_version_where_their_place_is_there_too(
    amira: Person, portfolio: UUID, item: UUID, old: UUID
) -> None:
    make.claim(amira, item, "1a", file_id=str(old), page=1)
    make.claim(amira, item, "1b", file_id=str(old), page=3)
    make.claim(amira, item, "1c", file_id=str(old))

    new = replaced(amira, item, old, paper(2))

    found = claims(amira, portfolio)
    assert [found[code]["file_id"] for code in ("1a", "1b", "1c")] == [
        str(new),
        str(old),
        str(new),
    ]
    assert [found[code]["version"] for code in ("1a", "1b", "1c")] == [2, 1, 2]
    unmet = amira.get(f"/portfolios/{portfolio}/readiness").json()["unmet"]
    lines = [one for one in unmet if one["rule"] == "claim_in_replaced_file"]
    assert [(one["evidence_id"], one["advice"]) for one in lines] == [(str(item), False)]


def test_removing_the_new_version_brings_the_old_one_back_with_its_claims(
    amira: Person, portfolio: UUID, item: UUID, old: UUID
) -> None:
    make.claim(amira, item, "1a", file_id=str(old), page=2)
    new = replaced(amira, item, old, paper(4))
    assert amira.delete(f"/files/{new}").status_code == 204
    assert state(amira, old) == "available"
    claim = claims(amira, portfolio)["1a"]
    assert (claim["file_id"], claim["page"], claim["version"]) == (str(old), 2, 3)


def test_removing_the_newest_passes_over_versions_that_are_gone(
    amira: Person, item: UUID, old: UUID
) -> None:
    second = replaced(amira, item, old, paper(4))
    third = replaced(amira, item, second, paper(5))
    assert amira.delete(f"/files/{second}").status_code == 204
    assert (state(amira, old), state(amira, third)) == ("superseded", "available")
    assert amira.delete(f"/files/{third}").status_code == 204
    assert state(amira, old) == "available"


def test_removing_a_version_that_was_rejected_leaves_the_one_before_it_alone_in_use(
    amira: Person, item: UUID, old: UUID
) -> None:
    second = replaced(amira, item, old, paper(4))
    third = replaced(amira, item, second, b"%PDF-1.7 but nothing of one")
    assert state(amira, third) == "rejected"
    assert amira.delete(f"/files/{third}").status_code == 204
    assert (state(amira, old), state(amira, second)) == ("superseded", "available")


def test_only_the_newest_version_can_be_replaced_and_by_one_at_a_time(
    amira: Person, item: UUID, old: UUID
) -> None:
    new = sent(amira, item, old, paper(4))
    for _ in range(2):
        refused = announced(amira, item, old, paper(5))
        assert problem(refused) == (409, "not-replaceable")
        assert refused.json()["replaced_by"] == str(new)
        arrival.check_file(make.shift(amira.tenant), new)
    assert announced(amira, item, new, paper(5)).status_code == 201


def test_a_file_is_replaced_within_its_item_only(
    amira: Person, otto: Person, portfolio: UUID, item: UUID, old: UUID
) -> None:
    elsewhere = make.item(amira, portfolio)
    assert problem(announced(amira, elsewhere, old, paper(1))) == (404, "no-such-file")
    other = make.item(otto, make.portfolio(otto))
    assert problem(announced(otto, other, old, paper(1))) == (404, "no-such-file")
    assert problem(otto.get(f"/files/{old}/versions")) == (404, "no-such-file")


def test_what_was_submitted_stays_in_its_snapshot_when_it_is_replaced(
    amira: Person, officer: Person
) -> None:
    portfolio = make.submitted(amira, officer)
    receipt = amira.get(f"/portfolios/{portfolio}/snapshots/1/receipt").json()
    one = receipt["files"][0]
    old, item = UUID(one["id"]), UUID(one["evidence_id"])

    body = {**make.new_file(b"Better words.\n"), "replaces": str(old)}
    grant = make.granted(amira, item, body)
    assert make.send(grant["request"], b"Better words.\n") == 200
    new = UUID(str(cast(Json, grant["file"])["id"]))
    amira.post(f"/files/{new}/completion", {})
    arrival.check_file(make.shift(amira.tenant), new)

    assert (state(amira, old), state(amira, new)) == ("superseded", "available")
    assert amira.get(f"/portfolios/{portfolio}/snapshots/1/receipt").json() == receipt
    assert problem(amira.delete(f"/files/{old}")) == (409, "evidence-sealed")
    assert amira.delete(f"/files/{new}").status_code == 204
    assert state(amira, old) == "available"
