"""The demo's input: one candidate's evidence, as real files of every sort that people hand in.

Everything is invented, and the same on every machine: a mentor's file of one client, a mentee's
testimony, a journal, a survey, the recording of a conversation (a synthetic voice without words),
a film, the photograph of a flip chart, and a recording long enough to be uploaded in parts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.cli.material import film, flip_chart, papers, voice

SEED: Final = 2020
SHORT: Final = 24_000
"""Milliseconds of the recordings that a referent can listen through."""

LONG: Final = 396_000
"""Milliseconds of the recording that is larger than 64 MiB."""


@dataclass(frozen=True, slots=True)
class Material:
    """One file to hand in: what it is, the kind of evidence it counts as, and what it shows."""

    path: Path
    media_type: str
    kind: str
    """A code of the framework's kinds of evidence."""
    title: str
    note: str
    pages: int | None = None
    milliseconds: int | None = None
    authorship: str = "own"
    """Who made it: own, shared or by_others."""
    contribution: str | None = None
    """The mentor's part in it, where it is not theirs alone."""


def make_material(folder: Path, progress: Callable[[str], None]) -> list[Material]:
    """Write all files into the folder, telling the title of each, and describe them."""
    folder.mkdir(parents=True, exist_ok=True)
    return [*make_papers(folder, progress), *make_recordings(folder, progress)]


def make_papers(folder: Path, progress: Callable[[str], None]) -> list[Material]:
    """Write the documents and the photograph."""
    made = [
        Material(
            folder / "client-file-c01.pdf",
            "application/pdf",
            "documentation",
            "Mentoring file of client case C-01",
            "Market analysis, needs, roadmap, contract, minutes and closing of one mentoring.",
            pages=papers.PAGES,
        ),
        Material(
            folder / "testimony-c01.docx",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "testimony",
            "Testimony of the mentee of client case C-01",
            "How the mentee saw the mentoring, in her own words.",
            authorship="by_others",
        ),
        Material(
            folder / "journal.md",
            "text/markdown",
            "testimony",
            "Reflective journal of the mentor",
            "What the mentor did, felt, learnt and changed, meeting by meeting.",
        ),
        Material(
            folder / "survey-c01.csv",
            "text/csv",
            "evaluation",
            "Closing survey of client case C-01",
            "Both parties' answers at mid-term and at the end, on a scale of 1 to 5.",
            authorship="shared",
            contribution="I put the questions and answered the mentor's part.",
        ),
        Material(
            folder / "flip-chart-c01.jpg",
            "image/jpeg",
            "documentation",
            "Flip chart of the third meeting",
            "The value creation model that mentor and mentee drew together.",
            authorship="shared",
            contribution="I drew the axes and asked; the mentee placed the products.",
        ),
    ]
    write = (papers.client_file, papers.testimony, papers.journal, papers.survey, flip_chart.draw)
    for material, make in zip(made, write, strict=True):
        progress(material.title)
        make(material.path)
    return made


def make_recordings(folder: Path, progress: Callable[[str], None]) -> list[Material]:
    """Write the recordings and the film."""
    short = voice.conversation(SHORT, SEED)
    made = [
        recorded(folder / name, media_type, title, SHORT)
        for name, media_type, title in (
            ("first-meeting.wav", "audio/wav", "First meeting with the client"),
            ("first-meeting.m4a", "audio/mp4", "First meeting, as a telephone records it"),
            ("first-meeting.ogg", "audio/ogg", "First meeting, as a browser records it"),
        )
    ]
    for material in made:
        progress(material.title)
        voice.write(material.path, short)

    simulation = Material(
        folder / "simulation.mp4",
        "video/mp4",
        "live",
        "Simulated mentoring meeting",
        "A meeting held before a peer: opening, listening, agreeing on the next step.",
        milliseconds=film.LENGTH,
    )
    progress(simulation.title)
    film.shoot(simulation.path, voice.conversation(film.LENGTH, SEED + 1))

    whole = recorded(folder / "whole-session.wav", "audio/wav", "A whole session, unedited", LONG)
    progress(whole.title)
    voice.write(whole.path, voice.conversation(LONG, SEED + 2), studio=True)
    return [*made, simulation, whole]


def recorded(path: Path, media_type: str, title: str, milliseconds: int) -> Material:
    note = "Mentor and mentee in turn: greeting, questions, silence, summing up."
    return Material(path, media_type, "recording", title, note, milliseconds=milliseconds)
