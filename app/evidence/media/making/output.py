"""The one thing a child may write: a descriptor that it was handed, which has no name."""

from __future__ import annotations

import os


class Output:
    """A file on a descriptor, with a place of its own in it, for libraries that want a file.

    The writer of MP4 reads what it wrote once more, to move the index to the front (`again`).
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor, self._at = descriptor, 0
        self.name = "output"

    def again(self, *_: object) -> Output:
        """Open the same file once more, at its start."""
        return Output(self._descriptor)

    def read(self, count: int = -1) -> bytes:
        found = os.pread(self._descriptor, count if count >= 0 else self.size - self._at, self._at)
        self._at += len(found)
        return found

    def write(self, content: bytes) -> int:
        view = memoryview(content).cast("B")
        while view:
            written = os.pwrite(self._descriptor, view, self._at)
            self._at += written
            view = view[written:]
        return len(content)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size}[whence]
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def flush(self) -> None:
        """Do nothing: nothing is held back."""

    def close(self) -> None:
        """Do nothing: the descriptor is closed with the process."""

    @property
    def size(self) -> int:
        return os.fstat(self._descriptor).st_size
