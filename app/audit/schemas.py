"""What people are told of the journal."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field, JsonValue

from app.kit.fields import Out


class EntryOut(Out):
    """One thing that happened."""

    stream_id: UUID = Field(description="The portfolio, or the tenant for everything else.")
    seq: int = Field(description="Its place in the stream, from 1 and without gaps.")
    at: datetime
    actor_id: UUID = Field(
        description="Who did it; all zeros for the service itself, and to a candidate for a"
        " referent who opened a file."
    )
    action: str
    subject_id: UUID
    facts: dict[str, JsonValue] = Field(description="Identifiers, states and figures, no names.")
    hash: str = Field(description="SHA-256 of the hash before and the entry's text, hexadecimal.")
