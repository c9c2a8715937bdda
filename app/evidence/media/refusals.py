"""Why a file cannot be accepted as evidence: one refusal for each thing found wrong with it."""

from __future__ import annotations

from app.kit.errors import Invalid


class TypeNotAccepted(Invalid):
    """The scheme does not accept files of this type as evidence."""


class WrongType(Invalid):
    """The file is not of the type that it was announced as."""


class DamagedFile(Invalid):
    """The file is damaged, incomplete or irregular and cannot be read safely."""


class EncryptedFile(Invalid):
    """The file is protected by a password or by encryption; hand in an unprotected copy."""


class ActiveContent(Invalid):
    """The file carries macros or other program code; hand in a copy without them."""


class FileBomb(Invalid):
    """The file would take far more memory or work to open than a file of its type needs."""


class CouldNotCheck(Invalid):
    """The file could not be checked, so it is not accepted."""
