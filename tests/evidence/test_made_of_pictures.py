"""Pictures and films are shown without telling where they were made (FAULTS 12)."""

from __future__ import annotations

from io import BytesIO
from uuid import UUID

import av
import pytest
from PIL import Image

from tests import make
from tests.evidence.conftest import problem
from tests.evidence.made import (
    GPS,
    content,
    noted,
    open_film,
    photograph,
    rendition,
    worked,
)
from tests.evidence.samples import SAMPLES
from tests.make import Person


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_the_copy_of_a_photograph_stands_upright_and_tells_nothing(
    amira: Person, item: UUID, form: str
) -> None:
    """FAULTS 12: the derived copy of a photograph with a place has none."""
    original = photograph(form=form)
    assert Image.open(BytesIO(original)).getexif().get_ifd(GPS)
    file = worked(amira, item, original, f"image/{form.lower()}")
    found = rendition(amira, file, "copy")
    copy = Image.open(BytesIO(found))
    assert copy.size == (300, 400)
    assert dict(copy.getexif()) == {}
    assert copy.getexif().get_ifd(GPS) == {}
    assert b"telephone" not in found
    assert b"Exif" not in found


def test_a_large_photograph_is_copied_smaller(amira: Person, item: UUID) -> None:
    out = BytesIO()
    Image.new("RGB", (4000, 1000), "teal").save(out, "JPEG")
    file = worked(amira, item, out.getvalue(), "image/jpeg")
    assert Image.open(BytesIO(rendition(amira, file, "copy"))).size == (2048, 512)


def test_others_get_the_copy_unless_the_candidate_shares_the_place(
    amira: Person, officer: Person, portfolio: UUID, item: UUID
) -> None:
    """FAULTS 12: the original only with the candidate's consent."""
    original = photograph()
    file = worked(amira, item, original, "image/jpeg")
    make.submitted_as_it_is(portfolio, amira)
    address = f"/files/{file}/content"
    copy = rendition(amira, file, "copy")
    assert content(amira, address) == original
    assert content(officer, address) == copy != original

    path = f"/files/{file}/location-sharing"
    assert problem(officer.put(path, {"shared": True})) == (403, "not-the-candidate")
    assert amira.put(path, {"shared": True}).status_code == 200
    assert content(officer, address) == original
    assert amira.put(path, {"shared": False}).status_code == 200
    assert content(officer, address) == copy
    assert noted(amira, portfolio) == ["copy", None, "copy"]


def test_nobody_else_gets_the_original_before_there_is_a_copy(
    amira: Person, officer: Person, portfolio: UUID, item: UUID
) -> None:
    """FAULTS 12: not even for the moment in which the copy is made."""
    file = make.file(amira, item, photograph(), media_type="image/jpeg")
    make.submitted_as_it_is(portfolio, amira)
    assert problem(officer.get(f"/files/{file}/content")) == (409, "rendition-not-made")
    assert content(amira, f"/files/{file}/content") == photograph()


def test_a_film_that_tells_where_it_was_made_is_copied_without(
    amira: Person, officer: Person, portfolio: UUID, item: UUID
) -> None:
    """FAULTS 12, for films: the place stands in their metadata."""
    out = BytesIO()
    with av.open(out, "w", format="mov", options={"movflags": "use_metadata_tags"}) as film:
        film.metadata["com.apple.quicktime.location.ISO6709"] = "+50.8503+004.3517/"
        with open_film(SAMPLES["video/mp4"]()) as source:
            lines = {one.index: film.add_stream_from_template(one) for one in source.streams}
            for packet in source.demux():
                if packet.size:
                    packet.stream = lines[packet.stream.index]
                    film.mux(packet)
    assert b"+50.8503" in out.getvalue()
    file = worked(amira, item, out.getvalue(), "video/quicktime")
    assert amira.get(f"/files/{file}").json()["cautions"] == ["location"]
    make.submitted_as_it_is(portfolio, amira)
    found = content(officer, f"/files/{file}/content")
    assert found == rendition(amira, file, "playable")
    assert b"50.8503" not in found
