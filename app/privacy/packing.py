"""What of the database goes along with a portfolio, and what stays: every table has its line here.

A table that is named nowhere is not exported, and a test fails until somebody has decided. What a
candidate must not see has no way out: it stands among those that stay, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

WORKING: Final[tuple[str, ...]] = (
    "client_case",
    "evidence_item",
    "evidence_file",
    "captions",
    "consent",
    "claim",
    "claim_version",
    "self_assessment",
    "self_rating",
)
"""Exported, and working content again where it is imported; in the order of their references."""

RECORD: Final[tuple[str, ...]] = (
    "portfolio",
    "application",
    "prerequisite",
    "portfolio_transition",
    "snapshot",
    "snapshot_claim",
    "snapshot_file",
    "receipt",
    "testimony",
    "validation",
    "disposal",
)
"""Exported; where it is imported it is kept as a record and counts for nothing."""

RELEASED: Final[Mapping[str, str]] = {
    "assessment": "a referent's; its result stands in results.json once decided",
    "rating": "a referent's; its result stands in results.json once decided",
    "judgement": "a referent's; never shown to candidates",
    "interview": "in results.json once decided",
    "interview_answer": "in results.json once decided",
    "decision": "in results.json once it stands; drafts never",
    "certificate": "in results.json, its PDF beside it",
    "certificate_status_change": "in results.json; the reasons never",
}
"""Told as the candidate is told it by the API, once it was decided, and not row by row."""

STAYS: Final[Mapping[str, str]] = {
    "duty": "who has which part in a case: it would name the referents",
    "storage_use": "how much is stored, which follows from the files",
    "storage_limit": "the certification body's",
    "store_comparison": "between database and store",
    "evidence_upload": "how the store was asked",
    "malware_scan": "the scanners' word on this installation",
    "rendition": "made anew from the originals",
    "passage": "the originals' words, for the search; made anew",
    "invitation": "addresses of others, and what the secrets of their links are checked with",
    "retention_schedule": "the certification body's",
    "retention_hold": "between the certification body and whoever asked for it",
    "flag": "between the service and its officers",
    "verification": "the work of verifiers",
    "decision_signature": "who signed is told by the certification body, not by rows",
    "declared_conflict": "a referent's word about themself",
    "portfolio_export": "the exports themselves",
    "portfolio_import": "the imports themselves",
    "imported_record": "goes along as `imported`, not as rows",
    "tenant": "the certification body's",
    "organisation": "the certification body's",
    "person": "the candidate's own name, address and language go along as `candidate`",
    "role_holding": "who holds which role is the certification body's",
    "api_token": "secrets",
    "idempotent_answer": "answers kept for repeated requests",
    "journal_entry": "what the candidate may read of it goes along as `journal`",
    "journal_head": "the service's proof",
    "journal_anchor": "the service's proof",
    "journal_anchored_head": "the service's proof",
    "reference_version": "public; named by code, version and SHA-256",
    "indicator": "public; part of the framework",
}
"""What never goes along, and why."""

LEFT_OUT: Final[Mapping[str, frozenset[str]]] = {
    "evidence_file": frozenset(
        {
            *("upload_id", "part_size", "cleared_at", "locked_until"),
            *("last_verified_at", "damaged_at", "damage", "tried_at", "waiting_for"),
            *("failing", "failing_since", "failed_at"),
        }
    ),
    "prerequisite": frozenset({"checked_by"}),
    "portfolio_transition": frozenset({"actor_id"}),
    "claim_version": frozenset({"replaced_by"}),
    "receipt": frozenset({"key"}),
    "validation": frozenset({"referent_id", "taken_as", "taken_at"}),
}
"""Columns that stay: where and how the store keeps things, and which of the staff it was."""
