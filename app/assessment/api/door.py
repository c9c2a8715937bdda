"""The doors of assessment: its own, and the portfolio's for what a candidate may read too."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from app.people.door import door
from app.work import Work

CurrentWork = Annotated[Work, Depends(door("assessment"), scope="function")]
Reading = Annotated[Work, Depends(door("portfolio"), scope="function")]
