"""What officers are told of flags, and what they say."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from app.evidence.models import FlagKind
from app.kit.fields import Body, Out, Prose


class Settlement(Body):
    """Why the flag is settled: what you found, and what came of it."""

    reason: Prose


class FlagOut(Out):
    """Something about a file that the service found; `facts` hold ids, digests and names of rules.

    A duplicate's `facts` name the other file and portfolio with the same bytes.
    """

    id: UUID
    kind: FlagKind
    portfolio_id: UUID
    file_id: UUID
    facts: dict[str, str | int | None]
    is_open: bool
    raised_at: datetime
    settled_at: datetime | None
    settled_by: UUID | None
    reason: str | None
