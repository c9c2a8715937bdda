"""Requests that meet in the same instant: one counts, the others are told, nothing is doubled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from httpx2 import Response
from sqlalchemy import event

from app.evidence.readiness import obstacles
from app.evidence.submission import report
from tests import make
from tests.evidence.conftest import HoldUp, tree
from tests.evidence.test_uploading import jobs
from tests.make import Person

Act = Callable[[], Response]


def meeting(hold_up: HoldUp, portfolio: UUID, acts: Sequence[Act]) -> list[tuple[int, str]]:
    """Let the requests all wait for the portfolio, then go on; return status and problem of each.

    They have then read what they found before they waited, which is where races are lost.
    """
    with ThreadPoolExecutor(len(acts)) as threads:
        with hold_up(portfolio, len(acts)):
            under_way = [threads.submit(act) for act in acts]
        answers = [one.result() for one in under_way]
    return sorted((answer.status_code, kind(answer)) for answer in answers)


def kind(answer: Response) -> str:
    if answer.is_success:
        return ""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return str(answer.json()["type"]).rpartition("/")[2]


def test_a_file_completed_twice_at_once_is_received_once(
    amira: Person, portfolio: UUID, item: UUID, hold_up: HoldUp
) -> None:
    grant = make.granted(amira, item, make.new_file(make.WORDS))
    file = UUID(str(grant["file"]["id"]))  # type: ignore[index]
    assert make.send(grant["request"], make.WORDS) == 200
    version = amira.get(f"/portfolios/{portfolio}").json()["version"]
    act = lambda: amira.post(f"/files/{file}/completion", {})  # noqa: E731
    assert meeting(hold_up, portfolio, [act] * 3) == [(202, "")] * 3
    assert jobs(amira, file) == 1
    assert amira.get(f"/portfolios/{portfolio}").json()["version"] == version + 1


def test_a_claim_taken_back_twice_at_once_is_gone_once(
    amira: Person, portfolio: UUID, item: UUID, hold_up: HoldUp
) -> None:
    claim = make.claim(amira, item, "1a")["id"]
    act = lambda: amira.delete(f"/claims/{claim}", if_match='"1"')  # noqa: E731
    assert meeting(hold_up, portfolio, [act] * 3) == [
        (204, ""),
        (404, "no-such-claim"),
        (404, "no-such-claim"),
    ]
    assert tree(amira, portfolio)["claims"] == []


def test_of_two_changes_to_a_claim_one_counts(
    amira: Person, portfolio: UUID, item: UUID, hold_up: HoldUp
) -> None:
    claim = make.claim(amira, item, "1a")["id"]
    act = lambda: amira.patch(f"/claims/{claim}", {"reason": "So."}, if_match='"1"')  # noqa: E731
    assert meeting(hold_up, portfolio, [act] * 3) == [
        (200, ""),
        (412, "stale-version"),
        (412, "stale-version"),
    ]
    assert tree(amira, portfolio)["claims"][0]["version"] == 2


def test_an_item_removed_while_it_is_claimed_and_changed_leaves_no_loose_end(
    amira: Person, portfolio: UUID, item: UUID, hold_up: HoldUp
) -> None:
    make.file(amira, item)
    acts: list[Act] = [
        lambda: amira.delete(f"/evidence/{item}", if_match='"1"'),
        lambda: amira.delete(f"/evidence/{item}", if_match='"1"'),
        lambda: amira.post(f"/evidence/{item}/claims", {"indicator": "1a", "reason": "x"}),
        lambda: amira.put(f"/evidence/{item}", make.new_item(), if_match='"1"'),
    ]
    answers = meeting(hold_up, portfolio, acts)
    if (200, "") in answers:  # changed first: neither of the two who removed it had read that
        assert answers.count((412, "stale-version")) == 2
        assert amira.delete(f"/evidence/{item}", if_match='"2"').status_code == 204
    else:
        assert answers.count((204, "")) == 1
        assert {problem for _, problem in answers} <= {"", "no-such-evidence"}
    shown = tree(amira, portfolio)
    assert shown["evidence"] == shown["claims"] == shown["files"] == []


def test_of_two_self_assessments_one_counts(
    amira: Person, portfolio: UUID, hold_up: HoldUp
) -> None:
    path, body = f"/portfolios/{portfolio}/self-assessment", {"ratings": {"1a": {"rating": 1}}}
    act = lambda: amira.put(path, body, if_match='"0"')  # noqa: E731
    assert meeting(hold_up, portfolio, [act] * 2) == [(200, ""), (412, "stale-version")]
    assert amira.get(path).json()["version"] == 1


def test_a_client_case_entered_twice_at_once_is_one(
    amira: Person, portfolio: UUID, hold_up: HoldUp
) -> None:
    body = {"pseudonym": "C-01", "sector": "x", "size": "micro", "began_on": "2025-01-01"}
    act = lambda: amira.post(f"/portfolios/{portfolio}/cases", body)  # noqa: E731
    assert meeting(hold_up, portfolio, [act] * 2) == [(201, ""), (409, "pseudonym-taken")]
    assert len(tree(amira, portfolio)["cases"]) == 1


def test_a_portfolio_submitted_twice_at_once_is_sealed_once(
    amira: Person, officer: Person, hold_up: HoldUp
) -> None:
    id_ = make.ready(amira, officer)
    act = lambda: amira.post(f"/portfolios/{id_}/submission")  # noqa: E731
    assert meeting(hold_up, id_, [act] * 2) == [(200, ""), (409, "step-not-open")]
    assert amira.get(f"/portfolios/{id_}/snapshot").json()["number"] == 1


def test_who_reads_does_not_wait_for_who_changes(
    amira: Person, officer: Person, hold_up: HoldUp
) -> None:
    id_ = make.submitted(amira, officer)
    shown = tree(amira, id_)
    pages = ("", "/history", "/application", "/readiness", "/self-assessment", "/snapshot")
    paths = [
        *(f"/portfolios/{id_}{page}" for page in (*pages, "/snapshot/manifest")),
        f"/evidence/{shown['evidence'][0]['id']}",
        f"/files/{shown['files'][0]['id']}",
    ]
    with ThreadPoolExecutor(1) as thread, hold_up(id_, 0):
        for path in paths:
            answer = thread.submit(amira.get, path).result(timeout=20)
            assert answer.status_code == 200, path


def report_while(amira: Person, portfolio: UUID, read: str, act: Callable[[], object]) -> set[str]:
    """Have `act` done between what a report reads; return the rules that it finds in the way."""
    done: list[object] = []

    def do_once(_: object, __: object, statement: str, *___: object) -> None:
        if f"FROM {read} " in " ".join(statement.split()) and not done:
            done.append(act)
            act()

    engine = amira.tenant.sessions.engine
    event.listen(engine, "after_cursor_execute", do_once)
    try:
        with amira.at_work() as work:
            found = report(work, portfolio)
    finally:
        event.remove(engine, "after_cursor_execute", do_once)
    assert done == [act]
    return {line.rule for line in obstacles(found)}


@pytest.mark.parametrize("read", ["evidence_item", "claim", "evidence_file"])
def test_a_report_made_while_evidence_comes_in_is_of_what_there_was(
    amira: Person, officer: Person, read: str
) -> None:
    id_ = make.ready(amira, officer)

    def hand_in() -> None:
        item = make.item(amira, id_)
        make.claim(amira, item, "1a", file_id=str(make.file(amira, item)))

    assert report_while(amira, id_, read, hand_in) == set()
    assert len(tree(amira, id_)["evidence"]) == 4


@pytest.mark.parametrize("read", ["evidence_item", "claim", "evidence_file"])
def test_a_report_is_made_while_a_file_is_taken_out(
    amira: Person, officer: Person, read: str
) -> None:
    id_ = make.ready(amira, officer)
    file = tree(amira, id_)["files"][0]["id"]
    found = report_while(amira, id_, read, lambda: amira.delete(f"/files/{file}"))
    # The file that goes was named by a referent's validation.
    lost = {"files_available", "referent_validation"}
    assert found == (set() if read == "evidence_file" else lost)
    assert len(tree(amira, id_)["files"]) == 2


def test_what_comes_in_during_the_submission_is_in_the_snapshot_or_after_it(
    amira: Person, officer: Person, hold_up: HoldUp
) -> None:
    id_ = make.ready(amira, officer)
    item = tree(amira, id_)["evidence"][0]["id"]
    acts: list[Act] = [
        lambda: amira.post(f"/portfolios/{id_}/submission"),
        lambda: amira.delete(f"/evidence/{item}", if_match='"1"'),
    ]
    answers = meeting(hold_up, id_, acts)
    # Either the item was sealed first, or its removal leaves the portfolio unready.
    assert answers in (
        [(200, ""), (409, "evidence-sealed")],
        [(204, ""), (409, "not-ready")],
    )
