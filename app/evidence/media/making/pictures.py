"""A copy of a photograph that shows what it shows, and tells nothing of where it was taken."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import BinaryIO, Final

import pillow_heif
from PIL import Image, ImageCms, ImageOps

from app.evidence.media.image import FORMATS
from app.evidence.media.making.child import Facts, Tell
from app.evidence.media.making.output import Output

LONGEST_SIDE: Final = 2048


def copy(file: BinaryIO, out: Output, task: Mapping[str, object], tell: Tell) -> Facts:
    """Write the picture upright, at most 2048 pixels wide or high, without EXIF, XMP or profile.

    What may be see-through stays PNG; everything else becomes JPEG.
    """
    media_type = str(task["media_type"])
    if media_type == "image/heic":
        pillow_heif.register_heif_opener()
    Image.MAX_IMAGE_PIXELS = None  # the check has looked at its size
    with Image.open(file, formats=[FORMATS[media_type]]) as original:
        original.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        profile = original.info.get("icc_profile")
        shown = ImageOps.exif_transpose(original)
    shown.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    clear = shown.mode in ("RGBA", "LA", "PA") or "transparency" in shown.info
    shown = in_usual_colours(shown.convert("RGBA" if clear else "RGB"), profile)
    # A new picture holds the pixels and nothing of what came with them.
    bare = Image.frombytes(shown.mode, shown.size, shown.tobytes())
    as_png = clear or media_type == "image/png"
    made = BytesIO()
    bare.save(made, "PNG" if as_png else "JPEG", quality=88)
    out.write(made.getvalue())
    made_type = "image/png" if as_png else "image/jpeg"
    return {"media_type": made_type, "width": bare.width, "height": bare.height}


def in_usual_colours(picture: Image.Image, profile: object) -> Image.Image:
    """Return the picture in sRGB, which is what everybody takes one without a profile for."""
    if not isinstance(profile, bytes):
        return picture
    try:
        own = ImageCms.ImageCmsProfile(BytesIO(profile))
        usual = ImageCms.createProfile("sRGB")
        turned = ImageCms.profileToProfile(picture, own, usual, outputMode=picture.mode)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture  # a profile for other colours than it has, or none at all
    return turned or picture
