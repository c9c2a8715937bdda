"""The doctor's findings about a machine and a folder."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli.checkup import READERS, about_previews, about_readers, checkup
from app.cli.commands import app as command_line
from app.embedded.doctor import Finding, findings
from app.embedded.installation import Installation
from app.embedded.ports import settle
from app.embedded.services import Services


def about(subject: str, var: Path) -> Finding:
    return next(each for each in findings(var) if each.subject == subject)


def test_all_is_well_while_the_services_run(shared: Services, var: Path) -> None:
    assert [each for each in findings(var) if not each.ok] == []
    assert about("Runtime", var).sentence == "The services run."
    assert about("Database", var).sentence.startswith("It answers on port ")


def test_looking_at_a_folder_that_is_not_there_makes_nothing(tmp_path: Path) -> None:
    assert [each for each in findings(tmp_path / "var") if not each.ok] == []
    assert list(tmp_path.iterdir()) == []


def test_secrets_that_others_can_read_are_found_with_the_remedy(tmp_path: Path) -> None:
    place = Installation(tmp_path)
    place.secrets()
    assert about("Secrets", tmp_path).ok
    place.secrets_file.chmod(0o644)
    assert about("Secrets", tmp_path).remedy == f"chmod 600 {place.secrets_file}"


def test_damaged_secrets_are_found(tmp_path: Path) -> None:
    place = Installation(tmp_path)
    place.secrets()
    place.secrets_file.write_text("{")
    assert "is damaged" in about("Secrets", tmp_path).sentence


def test_a_database_of_another_version_is_found(tmp_path: Path) -> None:
    data = tmp_path / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("15\n")
    assert "made by PostgreSQL 15" in about("Database files", tmp_path).sentence


def test_a_web_port_that_another_program_uses_is_found(tmp_path: Path) -> None:
    chosen = settle(Installation(tmp_path).ports_file)
    assert about("Web port", tmp_path).ok
    with socket.create_server(("127.0.0.1", chosen.web)):
        assert not about("Web port", tmp_path).ok


def test_only_the_ports_that_another_program_took_are_chosen_anew(tmp_path: Path) -> None:
    file = Installation(tmp_path).ports_file
    before = settle(file)
    with socket.create_server(("127.0.0.1", before.postgres)):
        after = settle(file)
    assert after.postgres != before.postgres
    assert (after.web, after.s3, after.admin) == (before.web, before.s3, before.admin)
    assert json.loads(file.read_text())["postgres"] == after.postgres


def test_the_web_port_is_kept_even_while_another_program_uses_it(tmp_path: Path) -> None:
    file = Installation(tmp_path).ports_file
    before = settle(file)
    with socket.create_server(("127.0.0.1", before.web)):
        assert settle(file).web == before.web


def test_readers_that_are_cut_off_from_the_network_are_well() -> None:
    found = about_readers(without_network=True, system="linux")
    assert (found.ok, found.remedy) == (True, None)


def test_readers_that_can_reach_the_network_are_told_of_with_the_remedy() -> None:
    found = about_readers(without_network=False, system="linux")
    assert not found.ok
    assert "They can reach the network" in found.sentence
    assert "Allow user namespaces" in str(found.remedy)


def test_where_no_system_could_cut_readers_off_it_is_said_but_is_no_fault() -> None:
    found = about_readers(without_network=False, system="darwin")
    assert found.ok
    assert "They can reach the network" in found.sentence


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has namespaces")
def test_the_doctor_tries_out_how_readers_are_confined(tmp_path: Path) -> None:
    (tried,) = (one for one in checkup(tmp_path / "var") if one.subject == READERS)
    said = CliRunner().invoke(command_line, ["doctor", "--json", "--var", str(tmp_path / "var")])
    lines = {one["subject"]: one for one in map(json.loads, said.stdout.splitlines())}
    assert lines[READERS] == {"ok": tried.ok, "subject": READERS, "says": tried.sentence}
    assert said.exit_code == (0 if all(one["ok"] for one in lines.values()) else 1)
    assert not (tmp_path / "var").exists()


def test_office_previews_are_told_of_and_are_no_fault_where_there_are_none() -> None:
    without, there = about_previews(None), about_previews("soffice")
    assert without.ok
    assert "not installed" in without.sentence
    assert there.ok
    assert "LibreOffice" in there.sentence
