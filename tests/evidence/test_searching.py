"""A portfolio can be searched: documents page by page, titles and claims; never another's."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

import pytest

from app.evidence.handlers import arrival, renditions
from app.evidence.lifecycle import Step
from app.evidence.models import File
from app.evidence.service import move
from tests import make
from tests.evidence.conftest import problem
from tests.evidence.made import printed
from tests.make import Json, Person


def search(person: Person, portfolio: UUID, words: str, **more: object) -> list[Json]:
    asked = "".join(f"&{name}={value}" for name, value in more.items())
    answer = person.get(f"/portfolios/{portfolio}/search?q={quote(words)}{asked}")
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json()
    return found


def read(candidate: Person, item: UUID, content: bytes, media_type: str = "text/plain") -> UUID:
    file = make.file(candidate, item, content, media_type=media_type)
    renditions.make_renditions(make.shift(candidate.tenant), file)
    return file


@pytest.fixture
def paper(amira: Person, item: UUID) -> UUID:
    """A document of two pages."""
    pages = ("The vineyard wants to sell abroad", "A roadmap for the vineyard and its heirs")
    return read(amira, item, printed(*pages), "application/pdf")


def test_words_are_found_page_by_page(
    amira: Person, portfolio: UUID, item: UUID, paper: UUID
) -> None:
    (row,) = search(amira, portfolio, "ROADMAP heirs")
    assert row == {
        "kind": "text",
        "evidence_id": str(item),
        "file_id": str(paper),
        "page": 2,
        "from_ms": None,
        "to_ms": None,
        "indicator": None,
        "snippet": "roadmap for the vineyard and its heirs",
    }
    assert [one["page"] for one in search(amira, portfolio, "vineyard")] == [1, 2]


def test_a_phrase_and_a_word_left_out_are_understood(
    amira: Person, portfolio: UUID, paper: UUID
) -> None:
    assert len(search(amira, portfolio, '"sell abroad"')) == 1
    assert search(amira, portfolio, '"abroad sell"') == []
    assert [one["page"] for one in search(amira, portfolio, "vineyard -roadmap")] == [1]


@pytest.mark.parametrize(
    "words", ["'; DROP TABLE passage; --", "((", "mill & | !", ":*", "%", "\\"]
)
def test_any_words_are_only_words(amira: Person, portfolio: UUID, paper: UUID, words: str) -> None:
    assert search(amira, portfolio, words) == []


def test_words_with_accents_and_of_other_scripts_are_found(
    amira: Person, portfolio: UUID, item: UUID
) -> None:
    read(amira, item, "Réunion d'été à Győr, Σκοπός της συνάντησης".encode())
    for words in ("réunion", "RÉUNION", "győr", "σκοπός"):
        assert len(search(amira, portfolio, words)) == 1, words


def test_titles_and_claims_are_found_before_pages(
    amira: Person, portfolio: UUID, paper: UUID
) -> None:
    other = make.item(amira, portfolio, title="Photographs of the vineyard")
    claim = make.claim(amira, other, "1a", reason="The vineyard shows it.")
    rows = search(amira, portfolio, "vineyard")
    assert [one["kind"] for one in rows] == ["evidence", "claim", "text", "text"]
    assert rows[0]["evidence_id"] == str(other)
    assert rows[1]["indicator"] == claim["indicator"]


def test_the_snippet_is_plain_text(amira: Person, portfolio: UUID, item: UUID) -> None:
    read(amira, item, b"before <b>bold</b> vineyard <script>alert(1)</script> after")
    (row,) = search(amira, portfolio, "vineyard")
    assert "StartSel" not in str(row["snippet"])
    assert "vineyard" in str(row["snippet"])
    assert "<b>vineyard" not in str(row["snippet"])


def test_a_long_list_comes_in_pages_without_gaps(
    amira: Person, portfolio: UUID, item: UUID
) -> None:
    for number in range(7):
        make.item(amira, portfolio, title=f"Meeting {number} at the mill")
    read(amira, item, printed("The mill", "The mill again", "Still the mill"), "application/pdf")
    whole = search(amira, portfolio, "mill")
    assert len(whole) == 10
    path: str | None = f"/portfolios/{portfolio}/search?q=mill&limit=3"
    gathered: list[Json] = []
    while path:
        answer = amira.get(path)
        gathered += answer.json()
        link = answer.headers.get("link")
        path = link and link.partition("<")[2].partition(">")[0]
    assert gathered == whole
    assert problem(amira.get(f"/portfolios/{portfolio}/search?q=mill&cursor=x")) == (
        400,
        "malformed-cursor",
    )


def test_only_who_may_read_a_portfolio_searches_it(
    amira: Person, bruno: Person, otto: Person, vera: Person, portfolio: UUID, paper: UUID
) -> None:
    path = f"/portfolios/{portfolio}/search?q=vineyard"
    for person in (bruno, otto):
        assert person.get(path).status_code in (403, 404)
    assert otto.get(path).status_code == 404
    make.submitted_as_it_is(portfolio, amira)
    assert len(vera.get(path).json()) == 2


def test_one_portfolio_s_words_are_not_found_in_another(
    amira: Person, otto: Person, paper: UUID, portfolio: UUID
) -> None:
    milan = make.person(amira.tenant, "Milan", *amira.roles)
    for person in (milan, otto):
        other = make.portfolio(person)
        read(person, make.item(person, other), b"The vineyard")
        assert len(search(person, other, "vineyard")) == 1
    assert len(search(amira, portfolio, "vineyard")) == 2


def test_what_was_removed_or_quarantined_is_not_found(
    amira: Person, portfolio: UUID, item: UUID, paper: UUID
) -> None:
    shut = read(amira, item, b"The vineyard by night")
    with amira.tenant.at_work() as work:
        move(work, work.session.get_one(File, shut), Step.QUARANTINE)
    assert {one["file_id"] for one in search(amira, portfolio, "vineyard")} == {str(paper)}
    assert amira.delete(f"/files/{paper}").status_code == 204
    assert search(amira, portfolio, "vineyard") == []
    arrival.discard_upload(make.shift(amira.tenant), paper)
    assert search(amira, portfolio, "vineyard") == []


def test_words_to_search_for_are_needed(amira: Person, portfolio: UUID) -> None:
    for query in ("", "?q=", "?q=" + "x" * 201, "?q=%00", "?q=mill&limit=0"):
        assert amira.get(f"/portfolios/{portfolio}/search{query}").status_code == 422
