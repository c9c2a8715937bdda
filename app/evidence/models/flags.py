"""What an officer must look at."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Computed
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import TenantRow


class FlagKind(StrEnum):
    DUPLICATE = "duplicate"
    MALWARE = "malware"
    INTEGRITY = "integrity"


class Flag(TenantRow):
    """Something about a file that the service found and an officer settles, with a reason.

    `facts` hold ids, digests and names of rules, never personal values.
    """

    __tablename__ = "flag"

    portfolio_id: Mapped[UUID]
    file_id: Mapped[UUID]
    kind: Mapped[FlagKind]
    facts: Mapped[dict[str, str | int | None]] = mapped_column(JSONB)
    other_portfolio: Mapped[UUID | None] = mapped_column(
        Computed("(facts->>'other_portfolio')::uuid", persisted=True)
    )
    """Where the same bytes are."""
    raised_at: Mapped[datetime]
    settled_at: Mapped[datetime | None] = mapped_column(default=None)
    settled_by: Mapped[UUID | None] = mapped_column(default=None)
    reason: Mapped[str | None] = mapped_column(default=None)

    @property
    def is_open(self) -> bool:
        """Whether nobody has settled it yet."""
        return self.settled_at is None
