"""Anchoring: every hour the heads that moved are put under one hash."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import select

from app.audit import service
from app.audit.chain import (
    StoredAnchor,
    StoredHead,
    StreamHead,
    Written,
    anchor_breaks,
    anchor_root,
    disagreement,
    first_previous,
)
from app.audit.handlers import anchor_heads
from app.journal.models import Anchor, AnchoredHead, Head
from app.journal.service import body, record
from app.kit.ids import new_id
from tests import make
from tests.make import Tenant
from tests.racing import at_once

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
TENANT, STREAM = UUID(int=1), UUID(int=2)


def anchored(tenant: Tenant) -> list[tuple[int, UUID, int]]:
    with tenant.at_work() as work:
        rows = select(AnchoredHead.number, AnchoredHead.stream_id, AnchoredHead.seq)
        ordered = rows.order_by(AnchoredHead.number, AnchoredHead.stream_id)
        return [(number, stream, seq) for number, stream, seq in work.session.execute(ordered)]


def anchor(tenant: Tenant) -> int | None:
    with tenant.at_work() as work:
        made = service.anchor(work)
        return None if made is None else made.number


def test_the_first_anchor_holds_every_head(tenant: Tenant) -> None:
    stream = new_id()
    with tenant.at_work() as work:
        record(work, stream, "a.b", stream)
    assert anchor(tenant) == 1
    assert {(one, seq) for _, one, seq in anchored(tenant)} == {(tenant.id, 3), (stream, 1)}


def test_the_next_anchor_holds_only_what_moved_since(tenant: Tenant) -> None:
    stream = new_id()
    anchor(tenant)
    with tenant.at_work() as work:
        record(work, stream, "a.b", stream)
        record(work, stream, "c.d", stream)
    assert anchor(tenant) == 2
    assert anchored(tenant) == [(1, tenant.id, 3), (2, stream, 2)]


def test_anchoring_when_nothing_moved_does_nothing(tenant: Tenant) -> None:
    assert anchor(tenant) == 1
    assert anchor(tenant) is None
    assert len(anchored(tenant)) == 1


def test_an_anchor_covers_the_one_before_it(tenant: Tenant) -> None:
    anchor(tenant)
    with tenant.at_work() as work:
        record(work, tenant.id, "a.b", tenant.id)
    anchor(tenant)
    with tenant.at_work() as work:
        first, second = work.session.scalars(select(Anchor).order_by(Anchor.number)).all()
        head = work.session.get_one(Head, (tenant.id, tenant.id))
    assert first.previous == first_previous(tenant.id)
    assert second.previous == first.root
    moved = [StreamHead(tenant.id, head.seq, head.hash)]
    assert second.root == anchor_root(tenant.id, 2, second.at, first.root, moved)


def test_several_workers_at_once_write_one_anchor(tenant: Tenant) -> None:
    assert sorted(at_once([partial(anchor, tenant)] * 4), key=str) == [1, None, None, None]


def test_the_hourly_job_anchors_its_tenant_and_no_other(
    tenant: Tenant, other_tenant: Tenant
) -> None:
    anchor_heads(make.shift(tenant))
    assert len(anchored(tenant)) == 1
    assert anchored(other_tenant) == []


def test_the_order_in_which_heads_are_given_does_not_matter() -> None:
    heads = [StreamHead(UUID(int=n), n, bytes(32)) for n in (3, 1, 2)]
    one = anchor_root(TENANT, 1, NOON, b"", heads)
    assert anchor_root(TENANT, 1, NOON, b"", heads[::-1]) == one


def stored(number: int, previous: bytes) -> StoredAnchor:
    head = StoredHead(STREAM, number, bytes(32), bytes(32))
    root = anchor_root(TENANT, number, NOON, previous, [head])
    return StoredAnchor(number, NOON, previous, root, [head])


def test_a_missing_anchor_is_named() -> None:
    first = stored(1, first_previous(TENANT))
    second = stored(2, first.root or b"")
    third = stored(3, second.root or b"")
    assert list(anchor_breaks(TENANT, [first, second, third])) == []
    found = [one.reason for one in anchor_breaks(TENANT, [first, third])]
    assert found == ["anchor 2 is missing", "anchor 3 does not follow the one before it"]


WRITTEN = Written(NOON, UUID(int=3), "a.b", UUID(int=4))
TEXT = body(WRITTEN.at, WRITTEN.actor_id, WRITTEN.action, WRITTEN.subject_id, {"n": 1})


def test_a_row_that_says_what_its_text_says_agrees() -> None:
    assert disagreement(TEXT, WRITTEN) is None


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", '"a"', "[" * 100_000, TEXT.replace("2026", "year")]
)
def test_a_text_that_cannot_be_read_is_named(text: str) -> None:
    assert disagreement(text, WRITTEN) == "the entry's text cannot be read"
