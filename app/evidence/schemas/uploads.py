"""What candidates are told of an upload under way."""

from __future__ import annotations

from datetime import datetime

from app.kit.fields import Out


class HeldPartOut(Out):
    """A part that has arrived; `sha256` is null where the store does not tell it."""

    number: int
    size: int
    sha256: str | None


class ProgressOut(Out):
    """Which parts have arrived and which are missing, by number from 1; sizes in bytes.

    At `expires_at` the upload is given up, unless a grant is asked for before.
    """

    count: int
    size: int
    held: list[HeldPartOut]
    missing: list[int]
    expires_at: datetime


class RoomOut(Out):
    """How many bytes files take up and may take up; `limit` is null where there is none."""

    used: int
    limit: int | None
