"""Identities: public, ordered by time, and never secret."""

from __future__ import annotations

from uuid import UUID

import uuid_utils


def new_id() -> UUID:
    """Return a UUIDv7 (RFC 9562); PostgreSQL 15 has none of its own, so ids are made here."""
    return UUID(int=uuid_utils.uuid7().int)
