"""`simfw new`: what a new user gets, and whether following its README works."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from simfw.tools.cli import cli


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def new(*args: str):
    return CliRunner().invoke(cli, ["new", *args])


def run_pytest(directory: Path) -> subprocess.CompletedProcess[str]:
    """The project's tests, as the user runs them."""
    environment = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    return subprocess.run(
        command, cwd=directory, env=environment, capture_output=True, text=True, check=False
    )


def passed(directory: Path) -> int:
    """How many tests pass; none may fail."""
    done = run_pytest(directory)
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.search(r"(\d+) passed", done.stdout)
    assert found
    return int(found[1])


def test_a_new_project_passes_its_tests(place):
    assert new("sensor").exit_code == 0
    assert passed(place / "sensor") == 8


def test_the_files_are_listed_with_what_to_do_next(place):
    output = new("sensor").stdout
    assert "wrote sensor/src/sensor.c\n" in output
    assert "  cd sensor\n  pytest\n" in output and "README.md" in output


def test_a_name_with_a_hyphen_names_files_with_an_underscore(place):
    assert new("my-board").exit_code == 0
    assert Path("my-board/test_my_board.py").is_file()


def test_no_placeholder_is_left(place):
    new("sensor")
    for path in Path("sensor").rglob("*"):
        assert "NAME" not in path.name
        assert path.is_dir() or "@NAME@" not in path.read_text()


def test_an_empty_directory_may_be_there_already(place):
    Path("sensor").mkdir()
    assert new("sensor").exit_code == 0


def test_the_working_directory_may_be_the_project(place, monkeypatch):
    Path("sensor").mkdir()
    monkeypatch.chdir("sensor")
    result = new(".")
    assert result.exit_code == 0 and "  cd " not in result.stdout
    assert Path("sensor.cas").is_file()


@pytest.mark.parametrize("name", ["3d", "naïve", "class", "a;b", "_x", "x" * 41])
def test_a_name_that_cannot_name_code_is_refused(place, name):
    result = new(name)
    assert result.exit_code == 125
    assert "error: the project cannot be made" in result.stderr and "--name" in result.stderr
    assert not Path(name).exists()


def test_another_name_than_the_directorys_can_be_given(place):
    assert new("3d", "--name", "printer").exit_code == 0
    assert Path("3d/printer.cas").is_file()


def test_a_directory_with_files_in_it_is_left_alone(place):
    Path("sensor").mkdir()
    Path("sensor/mine.c").write_text("int mine;")
    result = new("sensor")
    assert result.exit_code == 125
    assert "'sensor' is not empty: it has mine.c" in result.stderr
    assert [path.name for path in Path("sensor").iterdir()] == ["mine.c"]


def test_a_file_of_that_name_is_left_alone(place):
    Path("sensor").write_text("mine")
    assert "'sensor' is a file" in new("sensor").stderr
    assert Path("sensor").read_text() == "mine"


# Following the README


@pytest.fixture
def project(place) -> Path:
    new("sensor")
    return place / "sensor"


def blocks(project: Path, language: str = "") -> list[str]:
    """The examples of a language in the project's README, without their indentation."""
    text = (project / "README.md").read_text()
    found = re.findall(r"^( *)```(\w*)\n(.*?)^ *```$", text, re.M | re.S)
    return [re.sub(rf"^{indent}", "", block, flags=re.M) for indent, name, block in found
            if name == language]  # fmt: skip


def append(path: Path, text: str) -> None:
    path.write_text(f"{path.read_text()}\n{text}")


def test_the_steps_of_the_readme_lead_to_a_passing_test(project):
    (function,) = blocks(project, "c")
    declarations = [block for block in blocks(project) if "call(" in block]
    body, test = blocks(project, "python")
    (project / "src" / "battery.c").write_text(f'#include "sensor.h"\n{function}')
    for declaration in declarations:
        append(project / "sensor.cas", declaration)
    append(project / "hardware.py", body)
    hardware = (project / "hardware.py").read_text()
    assert hardware.count("        self.fan: ") == 1
    (project / "hardware.py").write_text(
        hardware.replace("        self.fan: ", "        self.beeps = []\n        self.fan: ")
    )
    append(project / "test_sensor.py", f"\n{test}")
    assert passed(project) == 9


def test_a_change_of_the_source_is_compiled(project):
    source = project / "src" / "sensor.c"
    source.write_text(source.read_text().replace("#define SAMPLES 8", "#define SAMPLES 4"))
    done = run_pytest(project)
    assert "1 failed, 7 passed" in done.stdout and "eight_samples" in done.stdout


def test_a_warning_of_the_compiler_is_shown_once(project):
    append(project / "src" / "sensor.c", "int warned(void) { int unused; return 1; }")
    assert "warning: unused variable 'unused'" in run_pytest(project).stderr
    done = run_pytest(project)
    assert "8 passed" in done.stdout and not done.stderr


@pytest.mark.parametrize(
    ("file", "before", "after", "message"),
    [
        ("src/sensor.c", "return on;", "return on", "expected ';' after return"),
        ("sensor.cas", '"int32_t", "fw", "temp', '"int16_t", "fw", "temp', "conflicting types"),
        ("sensor.cas", 'L("crc8")', 'L("crc7")', "no symbol 'crc7'"),
        ("hardware.py", "def fan_set", "def fan_ste", "did you mean 'fan_ste'?"),
    ],
)
def test_a_mistake_is_told_once_before_the_tests(project, file, before, after, message):
    path = project / file
    assert path.read_text().count(before) == 1
    path.write_text(path.read_text().replace(before, after))
    done = run_pytest(project)
    assert done.returncode == 4
    assert message in done.stderr
    assert "Traceback" not in done.stderr and "passed" not in done.stdout


def test_the_commands_of_the_readme_work(project, monkeypatch):
    passed(project)
    monkeypatch.chdir(project)
    monkeypatch.setattr(sys, "path", list(sys.path))
    commands = [
        line
        for block in blocks(project)
        for line in block.splitlines()
        if line.startswith("simfw ")
    ]
    assert len(commands) == 3
    for command in commands:
        result = CliRunner().invoke(cli, command.split()[1:])
        assert result.exit_code == 0, result.stderr
    sys.modules.pop("hardware")
