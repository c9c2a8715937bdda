"""Which jobs follow which recorded acts: the journal is the outbox, and this its address book.

Jobs are named by text, so that an earlier feature never imports a later one. The worker checks at
its start that it knows every job named here.
"""

from __future__ import annotations

from collections.abc import Mapping

SUBSCRIPTIONS: Mapping[str, tuple[str, ...]] = {
    "evidence.file_received": ("evidence.check_file",),
    "evidence.file_removed": ("evidence.discard_upload",),
    "evidence.file_disposed": ("evidence.discard_upload",),
    "evidence.file_quarantined": ("privacy.withdraw_exports",),
    "evidence.file_damaged": ("certification.note_damage",),
    "evidence.file_mended": ("certification.note_damage",),
    "certification.certificate_issued": ("certification.draw_certificate",),
}
