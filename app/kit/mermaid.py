"""Drawing a lifecycle from its table, so that the picture cannot be wrong."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

S = TypeVar("S", bound=StrEnum)
T = TypeVar("T", bound=StrEnum)


def state_diagram(paths: Mapping[tuple[S, T], S]) -> str:
    """Return a Mermaid state diagram of `paths` (state, step → state)."""
    arrows = (f"    {origin} --> {goal}: {step}" for (origin, step), goal in paths.items())
    return "\n".join(["stateDiagram-v2", *arrows])
