"""A portfolio with all that is in it: its version moves with everything its candidate can see."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from httpx2 import Response

from app.evidence.handlers import arrival
from tests import make
from tests.make import Json, Person


def page(person: Person, portfolio: UUID, known: str | None = None) -> Response:
    headers = {} if known is None else {"if_none_match": known}
    return person.send("GET", f"/portfolios/{portfolio}", headers=headers)


def test_a_page_that_is_known_already_is_not_sent_again(
    amira: Person, officer: Person, portfolio: UUID
) -> None:
    first = page(amira, portfolio)
    tag = first.headers["etag"]
    assert (first.status_code, tag) == (200, '"1"')
    assert first.headers["cache-control"] == "private, no-cache"
    for known in (tag, f"W/{tag}"):
        again = page(amira, portfolio, known)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert page(officer, portfolio, tag).status_code == 304
    for unknown in ('"2"', '"0"', "nonsense", '"99999999999999999999"'):
        assert page(amira, portfolio, unknown).status_code == 200


def test_knowing_the_version_opens_nothing(bruno: Person, otto: Person, portfolio: UUID) -> None:
    for person in (bruno, otto):
        assert page(person, portfolio, '"1"').status_code == 404


def test_every_change_that_the_candidate_can_see_gives_a_new_version(
    amira: Person, officer: Person, portfolio: UUID, pdf: bytes
) -> None:
    path = f"/portfolios/{portfolio}"
    made: dict[str, UUID] = {}

    def ok(answer: Response) -> None:
        assert answer.status_code < 300, answer.text

    def file_announced() -> None:
        grant = make.granted(amira, made["item"], make.new_file(pdf, media_type="application/pdf"))
        assert make.send(grant["request"], pdf) == 200
        file: Json = grant["file"]  # type: ignore[assignment]
        made["file"] = UUID(str(file["id"]))

    def large_file_announced() -> None:
        body = {**make.new_file(pdf, media_type="application/pdf"), "size": 65 * 2**20}
        file: Json = make.granted(amira, made["item"], body)["file"]  # type: ignore[assignment]
        made["large"] = UUID(str(file["id"]))

    part = {"number": 1, "size": 8 * 2**20, "sha256": "0" * 64}
    rejected = make.new_file(b"%PDF-", media_type="application/pdf")
    findings = {code: {"met": True} for code in make.DECLARED}
    changes: list[tuple[str, Callable[[], object]]] = [
        ("a case", lambda: made.update(case=make.case(amira, portfolio))),
        ("an item", lambda: made.update(item=make.item(amira, portfolio))),
        (
            "the item described anew",
            lambda: ok(
                amira.put(f"/evidence/{made['item']}", make.new_item(title="x"), if_match='"1"')
            ),
        ),
        ("a file announced", file_announced),
        ("a file received", lambda: ok(amira.post(f"/files/{made['file']}/completion", {}))),
        (
            "a file kept",
            lambda: arrival.check_file(make.shift(amira.tenant), made["file"]),
        ),
        ("a large file announced", large_file_announced),
        (
            "a large file under way",
            lambda: ok(amira.post(f"/files/{made['large']}/parts", {"parts": [part]})),
        ),
        ("a file given up", lambda: ok(amira.delete(f"/files/{made['large']}"))),
        (
            "a file announced that will not do",
            lambda: made.update(
                bad=UUID(str(make.granted(amira, made["item"], rejected)["file"]["id"]))  # type: ignore[index]
            ),
        ),
        ("said to be sent", lambda: ok(amira.post(f"/files/{made['bad']}/completion", {}))),
        ("rejected", lambda: arrival.check_file(make.shift(amira.tenant), made["bad"])),
        (
            "a claim",
            lambda: made.update(claim=UUID(str(make.claim(amira, made["item"], "1a")["id"]))),
        ),
        (
            "a claim changed",
            lambda: ok(amira.patch(f"/claims/{made['claim']}", {"reason": "y"}, if_match='"1"')),
        ),
        (
            "a claim taken back",
            lambda: ok(amira.delete(f"/claims/{made['claim']}", if_match='"2"')),
        ),
        (
            "a consent",
            lambda: make.consent(amira, made["item"]),
        ),
        (
            "own ratings",
            lambda: ok(
                amira.put(
                    f"{path}/self-assessment", {"ratings": {"1a": {"rating": 2}}}, if_match='"0"'
                )
            ),
        ),
        ("an application", lambda: ok(amira.post(f"{path}/application", make.application()))),
        (
            "an admission",
            lambda: ok(
                officer.post(f"{path}/admission", {"outcome": "admitted", "findings": findings})
            ),
        ),
        ("an item removed", lambda: ok(amira.delete(f"/evidence/{made['item']}", if_match='"2"'))),
        ("a case removed", lambda: ok(amira.delete(f"{path}/cases/{made['case']}"))),
        ("a withdrawal", lambda: ok(amira.post(f"{path}/withdrawal"))),
    ]
    for name, change in changes:
        before = page(amira, portfolio)
        change()
        after = page(amira, portfolio, before.headers["etag"])
        assert after.status_code == 200, name
        assert int(after.headers["etag"].strip('"')) > before.json()["version"], name


def test_what_changes_nothing_keeps_the_version(
    amira: Person, officer: Person, portfolio: UUID, item: UUID
) -> None:
    file = make.file(amira, item)
    tag = page(amira, portfolio).headers["etag"]
    amira.get(f"/portfolios/{portfolio}/readiness")
    amira.post(f"/portfolios/{portfolio}/submission")
    amira.post(f"/files/{file}/completion", {})
    amira.delete(f"/claims/{file}", if_match='"1"')
    officer.get(f"/files/{file}/content", follow="no")
    assert page(amira, portfolio, tag).status_code == 304


def test_the_page_shows_indicators_in_their_order_and_what_belongs_to_each(
    amira: Person, portfolio: UUID, item: UUID
) -> None:
    make.claim(amira, item, "1b")
    make.claim(amira, item, "1b")
    shown = page(amira, portfolio).json()
    assert [one["code"] for one in shown["indicators"]][:3] == ["1a", "1b", "1c"]
    assert len(shown["indicators"]) == 75
    assert [one["claims"] for one in shown["indicators"]][:3] == [0, 2, 0]
    assert shown["open_steps"] == ["apply", "withdraw"]
    assert [one["id"] for one in shown["evidence"]] == [str(item)]
