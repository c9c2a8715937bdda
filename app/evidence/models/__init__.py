"""The tables of evidence, by story; features import them from here."""

from __future__ import annotations

from app.evidence.models.consents import Consent, ConsentForm, ConsentScope, WithdrawnBy
from app.evidence.models.content import (
    Authorship,
    CaseSize,
    Claim,
    ClaimVersion,
    ClientCase,
    Declaration,
    Item,
    SelfAssessment,
    SelfRating,
)
from app.evidence.models.files import Damage, File, incoming_key, kept_key
from app.evidence.models.flags import Flag, FlagKind
from app.evidence.models.invitations import (
    Answer,
    Invitation,
    InvitationKind,
    InvitationState,
    Relation,
    TestimonyForm,
)
from app.evidence.models.keeping import Disposal, Hold, Receipt, RetentionSchedule
from app.evidence.models.renditions import Captions, Making, Passage, Rendition
from app.evidence.models.scans import Scan
from app.evidence.models.snapshots import Snapshot, SnapshotClaim, SnapshotFile
from app.evidence.models.testimonies import Testimony
from app.evidence.models.validations import Evidence, Named, Validation, ValidationState

__all__ = [
    "Answer",
    "Authorship",
    "Captions",
    "CaseSize",
    "Claim",
    "ClaimVersion",
    "ClientCase",
    "Consent",
    "ConsentForm",
    "ConsentScope",
    "Damage",
    "Declaration",
    "Disposal",
    "Evidence",
    "File",
    "Flag",
    "FlagKind",
    "Hold",
    "Invitation",
    "InvitationKind",
    "InvitationState",
    "Item",
    "Making",
    "Named",
    "Passage",
    "Receipt",
    "Relation",
    "Rendition",
    "RetentionSchedule",
    "Scan",
    "SelfAssessment",
    "SelfRating",
    "Snapshot",
    "SnapshotClaim",
    "SnapshotFile",
    "Testimony",
    "TestimonyForm",
    "Validation",
    "ValidationState",
    "WithdrawnBy",
    "incoming_key",
    "kept_key",
]
