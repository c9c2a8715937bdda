"""Who scanned a file for malware, and what was found."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import TenantRow


class Scan(TenantRow):
    """The last word of one scanner on one file, and with which rules it was said."""

    __tablename__ = "malware_scan"

    portfolio_id: Mapped[UUID]
    file_id: Mapped[UUID]
    scanner: Mapped[str]
    version: Mapped[str]
    # A digest of the built-in rules; for clamd its signatures' number and date.
    rules: Mapped[str]
    # clean, malware, too_large or failed
    verdict: Mapped[str]
    found: Mapped[str | None] = mapped_column(default=None)
    scanned_at: Mapped[datetime]
