"""The tables of evidence, by story; features import them from here."""

from __future__ import annotations

from app.evidence.models.consents import Consent, ConsentForm, ConsentScope
from app.evidence.models.content import (
    CaseSize,
    Claim,
    ClientCase,
    Item,
    SelfAssessment,
    SelfRating,
)
from app.evidence.models.files import File, incoming_key
from app.evidence.models.flags import Flag, FlagKind
from app.evidence.models.snapshots import Snapshot, SnapshotClaim, SnapshotFile

__all__ = [
    "CaseSize",
    "Claim",
    "ClientCase",
    "Consent",
    "ConsentForm",
    "ConsentScope",
    "File",
    "Flag",
    "FlagKind",
    "Item",
    "SelfAssessment",
    "SelfRating",
    "Snapshot",
    "SnapshotClaim",
    "SnapshotFile",
    "incoming_key",
]
