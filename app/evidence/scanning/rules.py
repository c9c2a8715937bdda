"""The built-in rules: their text, and the digest by which a scan says with which it was made."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import metadata, resources


def texts() -> dict[str, str]:
    """Return the rules by file, in the order of their names."""
    folder = resources.files("app.evidence.scanning") / "yara"
    files = sorted(
        (one for one in folder.iterdir() if one.name.endswith(".yar")), key=lambda one: one.name
    )
    return {one.name: one.read_text("utf-8") for one in files}


@cache
def digest() -> str:
    """Return what changes when a rule does."""
    return hashlib.sha256("\0".join(texts().values()).encode()).hexdigest()


@cache
def version() -> str:
    """Return the version of the scanner that applies the rules."""
    return metadata.version("yara-x")
