"""The kinds of value that requests are made of: what the database cannot keep stays outside."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import text

from app.kit.db import Sessions
from app.kit.fields import Body, Code, Count, Email, Line, Prose, Sha256, Size

NAMES = TypeAdapter(Line)
WORDS = TypeAdapter(Prose)
KINDS: dict[str, TypeAdapter[str]] = {
    "line": NAMES,
    "prose": WORDS,
    "code": TypeAdapter(Code),
    "email": TypeAdapter(Email),
    "sha256": TypeAdapter(Sha256),
}


class Note(Body):
    title: Line
    count: Count = 0


@pytest.mark.parametrize("bad", ["\x00", "a\x00b", "\ud800", "a\udfff@b"])
@pytest.mark.parametrize("kind", KINDS)
def test_no_text_holds_nul_or_half_a_character(kind: str, bad: str) -> None:
    with pytest.raises(ValidationError):
        KINDS[kind].validate_python(bad)


@pytest.mark.parametrize("code", [*range(1, 32), 127])
def test_a_line_holds_no_control_character(code: int) -> None:
    with pytest.raises(ValidationError):
        NAMES.validate_python(f"a{chr(code)}b")


def test_prose_may_have_several_lines() -> None:
    assert WORDS.validate_python("a\nb\tc") == "a\nb\tc"


@pytest.mark.parametrize(("kind", "longest"), [("line", 200), ("prose", 10_000), ("code", 64)])
def test_texts_have_a_longest_length(kind: str, longest: int) -> None:
    assert KINDS[kind].validate_python("a" * longest) == "a" * longest
    with pytest.raises(ValidationError):
        KINDS[kind].validate_python("a" * (longest + 1))


@pytest.mark.parametrize("kind", KINDS)
def test_no_text_is_empty(kind: str) -> None:
    with pytest.raises(ValidationError):
        KINDS[kind].validate_python("")


@pytest.mark.parametrize("good", ["1a", "MENTORCERT-BM", "2020.1", "people:read", "a" * 64])
def test_codes_are_read(good: str) -> None:
    assert KINDS["code"].validate_python(good) == good


@pytest.mark.parametrize("bad", [".a", "-a", "a b", "a/b", "../a", "a\n", "é"])
def test_what_is_no_code_is_refused(bad: str) -> None:
    with pytest.raises(ValidationError):
        KINDS["code"].validate_python(bad)


def test_addresses_are_kept_in_lower_case() -> None:
    assert KINDS["email"].validate_python("Amira@Example.ORG") == "amira@example.org"


@pytest.mark.parametrize(
    "bad", ["a", "@", "a@", "@b", "a@b@c", "a b@c", "a@b\n", "a" * 251 + "@b.c"]
)
def test_what_is_no_address_is_refused(bad: str) -> None:
    with pytest.raises(ValidationError):
        KINDS["email"].validate_python(bad)


@pytest.mark.parametrize("bad", ["A" * 64, "a" * 63, "a" * 65, "g" * 64, "a" * 64 + "\n"])
def test_a_digest_has_one_way_of_writing(bad: str) -> None:
    with pytest.raises(ValidationError):
        KINDS["sha256"].validate_python(bad)


@pytest.mark.parametrize("bad", [-1, 2**31, 1.5, float("nan"), float("inf"), "one", True, None])
def test_a_count_fits_its_column(bad: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Count).validate_python(bad, strict=True)


@pytest.mark.parametrize("bad", [0, -1, 2**53 + 1, 10**400])
def test_a_size_is_a_number_of_bytes(bad: int) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Size).validate_python(bad)


def test_unknown_members_are_refused() -> None:
    with pytest.raises(ValidationError) as refused:
        Note.model_validate({"title": "a", "tenant_id": "b"})
    assert [error["type"] for error in refused.value.errors()] == ["extra_forbidden"]


def test_spaces_around_a_text_do_not_count() -> None:
    assert Note.model_validate({"title": "  Amira  "}).title == "Amira"
    with pytest.raises(ValidationError):
        Note.model_validate({"title": "   "})


@given(words=st.text(min_size=1, max_size=60))
def test_what_gets_past_the_door_is_kept_as_it_is(sessions: Sessions, words: str) -> None:
    try:
        kept = WORDS.validate_python(words)
    except ValidationError:
        return
    with sessions() as session:
        found = session.execute(text("SELECT CAST(:words AS text)"), {"words": kept})
        assert found.scalar_one() == kept
