"""The lives of an export and of an import, as data."""

from __future__ import annotations

from enum import StrEnum


class ExportState(StrEnum):
    WAITING = "waiting"
    MAKING = "making"
    MADE = "made"
    FAILED = "failed"
    EXPIRED = "expired"


class ImportState(StrEnum):
    ANNOUNCED = "announced"
    RECEIVED = "received"
    IMPORTED = "imported"
    REFUSED = "refused"
    GIVEN_UP = "given_up"


UNDER_WAY = frozenset({ExportState.WAITING, ExportState.MAKING})
"""An export that will still be made; whoever asks again is given this one."""

OPEN = frozenset({ImportState.ANNOUNCED, ImportState.RECEIVED})
"""An import that is not settled; a candidate has one at a time."""
