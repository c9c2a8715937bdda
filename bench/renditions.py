"""Making a film playable: the worker's whole job beside the bare encoding with the same settings.

Also a program: `python -m bench.renditions` measures without a database, for choosing settings.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from statistics import median
from uuid import UUID

import av
from av.filter import Graph
from av.video.frame import VideoFrame

from app.evidence.derived import plan
from app.evidence.handlers.renditions import make_playable
from app.evidence.lifecycle import State
from app.evidence.media.making.playable import PICTURE
from app.evidence.models import File, Making
from app.evidence.queries import renditions as queries
from app.jobs.shift import Shift
from app.kit.ids import new_id
from bench.seed import PORTFOLIO, row_id
from bench.servers import CannotMeasure

ITEM = 6
SECONDS = 60
RATE = 30
SIZE = (1280, 720)
CLIP_TYPE = "video/x-matroska"


@dataclass(frozen=True, slots=True)
class RenditionMeasured:
    """How long making a film playable took, by the worker's job and bare, in seconds."""

    title: str
    seconds: float
    """Of the film itself."""
    service_seconds: float
    limit_seconds: float
    megabytes: float

    @property
    def ratio(self) -> float:
        return self.limit_seconds / self.service_seconds

    @property
    def share_of_real_time(self) -> float:
        return self.service_seconds / self.seconds


def shoot(path: Path, seconds: int = SECONDS) -> None:
    """Write a film of moving test pictures that browsers do not play."""
    graph = Graph()
    width, height = SIZE
    source = graph.add("testsrc2", f"size={width}x{height}:rate={RATE}:duration={seconds}")
    noise = graph.add("noise", "alls=3:allf=t")
    usual = graph.add("format", "pix_fmts=yuv420p")
    sink = graph.add("buffersink")
    for first, second in ((source, noise), (noise, usual), (usual, sink)):
        first.link_to(second)
    graph.configure()
    with av.open(str(path), "w", format="matroska") as film:
        picture = film.add_stream("mpeg4", rate=RATE, options={"qscale": "4"})
        picture.width, picture.height, picture.pix_fmt = width, height, "yuv420p"
        picture.bit_rate = 6_000_000
        for number in range(seconds * RATE):
            frame = graph.pull()
            if not isinstance(frame, VideoFrame):
                raise CannotMeasure("The test pictures are no pictures.")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            film.mux(picture.encode(frame))
        film.mux(picture.encode(None))


def encode_bare(clip: Path, into: Path, **changes: str) -> None:
    """Decode a film and encode it with the service's settings, and nothing else."""
    width, height = SIZE
    with av.open(str(clip), format="matroska") as source, av.open(str(into), "w") as film:
        shown = source.streams.video[0]
        shown.thread_type = "AUTO"
        made = film.add_stream("libx264", rate=RATE, options={**PICTURE, **changes})
        made.width, made.height, made.pix_fmt = width, height, "yuv420p"
        for frame in source.decode(shown):
            frame.pict_type = 0
            film.mux(made.encode(frame))
        film.mux(made.encode(None))


def measure(shift: Shift, folder: Path, rounds: int, seconds: int = SECONDS) -> RenditionMeasured:
    """Have a film made playable both ways in turn."""
    clip, bare = folder / "clip.mkv", folder / "bare.mp4"
    shoot(clip, seconds)
    by_job, alone = [], []
    for _ in range(rounds):
        file = put_in(shift, clip)
        by_job.append(taken(lambda file=file: make_playable(shift, file)))  # type: ignore[misc]
        made = size_of_playable(shift, file)
        alone.append(taken(lambda: encode_bare(clip, bare)))
    clip.unlink()
    bare.unlink()
    title = f"rendition of {seconds} s of 720p"
    return RenditionMeasured(title, seconds, median(by_job), median(alone), made / 1e6)


def put_in(shift: Shift, clip: Path) -> UUID:
    """Enter a film as if it had just been kept."""
    id_ = new_id()
    with shift.work() as work:
        file = File(
            id=id_,
            tenant_id=shift.tenant_id,
            portfolio_id=row_id(PORTFOLIO, 0),
            item_id=row_id(ITEM, 0),
            name="clip.mkv",
            media_type=CLIP_TYPE,
            kind="video",
            size=clip.stat().st_size,
            sha256=None,
            state=State.ANNOUNCED,
            announced_at=work.now,
        )
        key = file.key
    shift.store.put_file(key, clip, CLIP_TYPE)
    digest = shift.store.fingerprint(key).sha256
    with shift.work() as work:
        file.sha256, file.state, file.received_at = digest, State.AVAILABLE, work.now
        file.settled_at, file.duration_ms = work.now, SECONDS * 1000
        work.session.add(file)
        work.session.flush()
        plan(work, file)
    return id_


def size_of_playable(shift: Shift, file_id: UUID) -> int:
    with shift.work() as work:
        found = queries.rendition(work, file_id, "playable")
        if found is None or found.state != Making.MADE or found.size is None:
            raise CannotMeasure("The film was not made playable.")
        return found.size


def taken(act: Callable[[], None]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def main() -> None:
    """Print what presets take for the same film: seconds of processor time, and megabytes."""
    with tempfile.TemporaryDirectory() as folder:
        clip, into = Path(folder) / "clip.mkv", Path(folder) / "bare.mp4"
        shoot(clip, 10)
        for preset in ("ultrafast", "superfast", "veryfast", "faster", "medium"):
            began = time.process_time()
            encode_bare(clip, into, preset=preset, maxrate="20M", bufsize="40M")
            seconds, megabytes = time.process_time() - began, into.stat().st_size / 1e6
            sys.stdout.write(f"{preset}: {seconds:.1f} s for 10 s, {megabytes:.2f} MB\n")


if __name__ == "__main__":
    main()
