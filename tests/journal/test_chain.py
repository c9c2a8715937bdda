"""The hash chain of a stream: what one altered, added or missing entry breaks."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.journal.chain import Break, Link, beginning, breaks, following

STREAM = UUID(int=7)
BODIES = st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=12)


def chained(bodies: Sequence[str], stream_id: UUID = STREAM) -> list[Link]:
    links, hash_ = [], beginning(stream_id)
    for seq, body in enumerate(bodies, start=1):
        hash_ = following(hash_, body)
        links.append(Link(seq, body, hash_))
    return links


def found(links: Sequence[Link], head: Link | None) -> list[Break]:
    return list(breaks(STREAM, links, head))


def test_a_stream_begins_with_the_hash_of_its_identifier() -> None:
    text = "00000000-0000-0000-0000-000000000007"
    assert beginning(STREAM) == hashlib.sha256(text.encode()).digest()


def test_an_entry_is_hashed_after_the_one_before_it() -> None:
    first, second = chained(["a", "é"])
    assert first.hash == hashlib.sha256(beginning(STREAM) + b"a").digest()
    assert second.hash == hashlib.sha256(first.hash + "é".encode()).digest()


@given(BODIES)
def test_what_was_recorded_holds(bodies: list[str]) -> None:
    links = chained(bodies)
    assert found(links, links[-1]) == []


@given(BODIES, st.data())
def test_one_changed_text_is_found_where_it_was_changed(
    bodies: list[str], data: st.DataObject
) -> None:
    links = chained(bodies)
    place = data.draw(st.integers(0, len(links) - 1))
    head = links[-1]
    links[place] = replace(links[place], body=links[place].body + "!")
    assert [one.seq for one in found(links, head)] == [place + 1]


@given(BODIES, st.data())
def test_one_missing_entry_is_found(bodies: list[str], data: st.DataObject) -> None:
    links = chained(bodies)
    head = links[-1]
    del links[data.draw(st.integers(0, len(links) - 1))]
    assert found(links, head) != []


@given(BODIES, st.data())
def test_one_added_entry_is_found(bodies: list[str], data: st.DataObject) -> None:
    links = chained(bodies)
    head = links[-1]
    place = data.draw(st.integers(0, len(links)))
    links.insert(place, Link(place + 1, "added", following(b"", "added")))
    assert found(links, head) != []


@given(BODIES)
def test_a_stream_rewritten_from_the_start_does_not_lead_to_the_old_head(
    bodies: list[str],
) -> None:
    head = chained(bodies)[-1]
    assert found(chained([*bodies[:-1], bodies[-1] + "!"]), head) != []


def test_entries_of_another_stream_do_not_hold_here() -> None:
    links = chained(["a", "b"], UUID(int=8))
    assert found(links, links[-1]) == [
        Break(STREAM, 1, "the entry was changed, or an entry before it")
    ]


def test_a_stream_without_a_head_is_found() -> None:
    assert found(chained(["a"]), None) == [Break(STREAM, 1, "the stream has no head")]


def test_a_head_without_entries_is_found() -> None:
    assert found([], chained(["a"])[0]) == [
        Break(STREAM, 1, "the head is at 1, the entries end at 0")
    ]
