"""The files that pages load, under names that change with their content and so may be kept."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "static"
STYLE, MARK = "pages.css", "mark.svg"
MEDIA_TYPES = {STYLE: "text/css; charset=utf-8", MARK: "image/svg+xml"}


@cache
def assets() -> Mapping[str, tuple[bytes, str]]:
    """Return every file by its public name (`pages.0123456789abcdef.css`): bytes and media type."""
    return {
        public_name(name): ((FOLDER / name).read_bytes(), media_type)
        for name, media_type in MEDIA_TYPES.items()
    }


@cache
def public_name(name: str) -> str:
    """Return the file's name with the beginning of its SHA-256 before the ending."""
    digest = hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()[:16]
    stem, ending = name.rsplit(".", 1)
    return f"{stem}.{digest}.{ending}"


def address(name: str) -> str:
    """Return the path under which a page loads the file."""
    return f"/static/{public_name(name)}"
