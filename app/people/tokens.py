"""API tokens: `mc_` and 43 random characters and a checksum of 6.

The checksum (CRC-32) tells a mistyped token from an unknown one without asking the database, and
lets scanners for leaked secrets recognise one. Only the SHA-256 of a token is kept: 256 random bits
need no slow hash.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import zlib

PREFIX = "mc_"
_ALPHABET = string.digits + string.ascii_letters
_SHAPE = re.compile(r"mc_([0-9A-Za-z_-]{43})([0-9A-Za-z]{6})", re.ASCII)


def new_token() -> str:
    """Return a token that has never been seen before."""
    secret = secrets.token_urlsafe(32)
    return f"{PREFIX}{secret}{_checksum(secret)}"


def is_well_formed(token: str) -> bool:
    """Tell whether `token` has the shape of ours and its checksum holds."""
    found = _SHAPE.fullmatch(token)
    return found is not None and _checksum(found[1]) == found[2]


def token_hash(token: str) -> bytes:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode()).digest()


def _checksum(secret: str) -> str:
    rest, digits = zlib.crc32(secret.encode()), ""
    for _ in range(6):
        rest, digit = divmod(rest, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits
