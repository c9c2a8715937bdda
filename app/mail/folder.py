"""Letters as files, where there is no mail server: each can be opened with any mail program."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from app.kit.ids import new_id
from app.mail import Letter, message


@dataclass(frozen=True, slots=True)
class FolderPost:
    """Puts each letter into a folder that nobody else on the machine can read."""

    folder: Path
    sender: str

    def send(self, letter: Letter, at: datetime) -> None:
        content = bytes(message(letter, self.sender, at))
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = f"{at:%Y%m%dT%H%M%S}-{new_id()}"
        unfinished = self.folder / f".{name}.part"
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(content)
        unfinished.rename(self.folder / f"{name}.eml")
