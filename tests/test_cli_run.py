"""`simfw run`, and what all commands have in common: errors, statuses, interruptions."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from simfw.tools.cli import COMMANDS, cli

SOURCE = r"""
#include <simfw/guest.h>
#include <stdint.h>
#include <string.h>

__attribute__((weak)) int host(int x) { return x; }
__attribute__((noinline)) static void spin(void) { for (;;) __asm__ volatile(""); }

static const unsigned char bytes[] = {0, 255, 128, '\r', '\n', 0xc3};

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (!strcmp(what, "echo"))
        for (int i = 1; i < argc; i++)
            write(1, argv[i], strlen(argv[i])), write(1, "\n", 1);
    if (!strcmp(what, "bytes"))
        write(1, bytes, sizeof bytes);
    if (!strcmp(what, "fault"))
        *(volatile int *)(uintptr_t)16 = 1;
    if (!strcmp(what, "spin"))
        spin();
    if (!strcmp(what, "flood"))
        for (;;)
            write(1, "flood\n", 6);
    if (!strcmp(what, "host"))
        return host(7) + 1;
    return 300;
}
"""
SPEC = 'F("host") outcall(1, "int", "int");\n'
PLUGIN = """
from simfw import outcall

@outcall
def host(focus, x: int) -> int:
    {body}
"""


@pytest.fixture(scope="module")
def guest(build_guest) -> str:
    return str(build_guest(SOURCE))


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    """A working directory with the guest's spec."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "guest.cas").write_text(SPEC)
    return tmp_path


def write_plugin(name: str, body: str) -> None:
    Path(f"{name}.py").write_text(PLUGIN.format(body=body))


def simfw(*args: str):
    return CliRunner().invoke(cli, args)


def process(*args: str, **options):
    """The command in a process of its own; its output is never text."""
    command = [sys.executable, "-m", "simfw", *args]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


# The program


def test_the_exit_status_is_the_guests_modulo_256(guest):
    assert simfw("run", guest).exit_code == 300 % 256


def test_what_follows_the_image_are_the_guests_arguments(guest):
    assert simfw("run", guest, "echo", "--", "-x", "--spec").stdout == "echo\n-x\n--spec\n"


def test_the_guests_output_is_byte_exact(guest):
    output, _ = process("run", guest, "bytes").communicate()
    assert output == b"\0\xff\x80\r\n\xc3"


def test_a_budget_that_is_used_up_is_an_error_that_says_where_the_guest_is(guest):
    result = simfw("run", guest, "spin", "--budget", "10k")
    assert result.exit_code == 125
    assert "error: instruction budget used up" in result.stderr
    assert "within 10,000 instructions" in result.stderr and "in spin" in result.stderr
    assert "--budget" in result.stderr


def test_a_time_limit_that_passes_is_an_error(guest):
    result = simfw("run", guest, "spin", "--timeout", "0.05")
    assert result.exit_code == 125
    assert "error: time limit passed" in result.stderr


def test_a_fault_of_the_guest_names_function_and_address(guest):
    result = simfw("run", guest, "fault")
    assert result.exit_code == 125
    assert "error: memory fault in the guest" in result.stderr
    assert "0x10" in result.stderr and "main+" in result.stderr
    assert "Traceback" not in result.stderr


# Plugins


@pytest.mark.parametrize("name", ["board", "./board.py", "board:host_board", "board:Board"])
def test_a_plugin_is_a_module_a_file_an_object_or_a_class(guest, place, name, monkeypatch):
    monkeypatch.delitem(sys.modules, "board", raising=False)
    (place / "board.py").write_text(
        "from simfw import outcall\n"
        "class Board:\n    @outcall\n    def host(self, focus, x: int): return 2 * x\n"
        "host_board = Board()\n" + ("host = host_board.host\n" if ":" not in name else "")
    )
    assert simfw("run", guest, "host", "--spec", "guest.cas", "--plugin", name).exit_code == 15
    monkeypatch.delitem(sys.modules, "board", raising=False)


def test_a_module_whose_outcalls_are_methods_is_told_how_to_be_named(guest, place):
    (place / "methods.py").write_text(
        "from simfw import outcall\n"
        "class Board:\n    @outcall\n    def host(self, focus, x: int): return 2 * x\n"
    )
    result = simfw("run", guest, "--spec", "guest.cas", "--plugin", "methods")
    assert result.exit_code == 125
    assert "--plugin methods:Board" in result.stderr


def test_an_exception_of_a_plugin_shows_its_own_lines_only(guest, place):
    write_plugin("raising", "raise ValueError('too hot')")
    result = simfw("run", guest, "host", "--spec", "guest.cas", "--plugin", "./raising.py")
    assert result.exit_code == 125
    lines = result.stderr.splitlines()
    assert lines[:2] == [
        "error: a plugin raised ValueError",
        "Traceback (most recent call last):",
    ]
    assert sum(line.startswith("  File ") for line in lines) == 1
    assert 'raising.py", line 6, in host' in result.stderr
    assert "ValueError: too hot" in result.stderr
    assert "called from the guest: main+" in result.stderr


def test_an_exception_while_a_plugin_is_imported_shows_its_line(guest, place):
    (place / "broken_plugin.py").write_text("import simfw\nsimfw.nothing\n")
    result = simfw("run", guest, "--plugin", "broken_plugin")
    assert result.exit_code == 125
    assert 'broken_plugin.py", line 2' in result.stderr and "importlib" not in result.stderr


def test_a_plugin_with_a_syntax_error_shows_its_line(guest, place):
    (place / "unreadable.py").write_text("import simfw\ndef f(:\n")
    result = simfw("run", guest, "--plugin", "unreadable")
    assert result.exit_code == 125
    assert "a plugin raised SyntaxError" in result.stderr
    assert 'unreadable.py", line 2' in result.stderr and "importlib" not in result.stderr


def test_a_class_that_needs_arguments_is_told(guest, place):
    (place / "needing.py").write_text("class Board:\n    def __init__(self, pins): ...\n")
    result = simfw("run", guest, "--plugin", "needing:Board")
    assert "cannot be made without arguments (missing a required argument: 'pins')" in result.stderr


def test_an_error_of_simfw_that_passes_a_plugin_names_its_line(guest, place):
    write_plugin("calling", "return focus.call('hist', x)")
    result = simfw("run", guest, "host", "--spec", "guest.cas", "--plugin", "./calling.py")
    assert "error: no such name in the guest" in result.stderr
    assert "nearest: 'host'" in result.stderr
    assert "through calling.py:6, in host" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_plugin_that_does_not_exist_is_told_with_near_names(guest, place):
    write_plugin("hardware", "return x")
    result = simfw("run", guest, "--plugin", "hardwre")
    assert result.exit_code == 125
    assert "there is no plugin 'hardwre'" in result.stderr
    assert "did you mean 'hardware'?" in result.stderr


def test_a_plugin_that_imports_what_is_not_there_says_so(guest, place):
    (place / "importing.py").write_text("import no_such_module_at_all\n")
    result = simfw("run", guest, "--plugin", "importing")
    assert "plugin 'importing' imports 'no_such_module_at_all'" in result.stderr


def test_a_host_function_that_stops_the_machine_without_a_status_ends_with_0(guest, place):
    write_plugin("stopping", "focus.stop(); return x")
    result = simfw("run", guest, "host", "--spec", "guest.cas", "--plugin", "./stopping.py")
    assert result.exit_code == 0


# Mistakes on the command line


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["chekc"], "there is no command 'chekc'; did you mean 'check'?"),
        (["run"], "missing argument 'IMAGE'"),
        (["run", "guest.efl"], "there is no file 'guest.efl'; did you mean 'guest.elf'"),
        (["run", "no/guest.elf"], "there is no directory 'no'"),
        (["run", "."], "is a directory"),
        (["run", "guest.c"], "build it first: simfw build guest.c -o guest.elf"),
        (["run", "guest.cas"], "give it with --spec"),
        (["run", "guest.elf", "--spec", "guest.csa"], "did you mean 'guest.cas'"),
        (["run", "guest.elf", "--spec", "guest.c"], "declarations are in a .cas file"),
        (["run", "guest.elf", "--budgt", "1"], "--budget"),
        (["run", "guest.elf", "--budget", "many"], "'many' is no number; write it as 10000"),
        (["run", "guest.elf", "--budget", "-1"], "'-1' is no number"),
        (["run", "guest.elf", "--budget", "9" * 5000], "is no number"),
        (["run", "guest.elf", "--budget", "9" * 400 + ".5"], "is no number"),
        (["run", "guest.elf", "--memory", "12X"], "'12X' is no size"),
        (["run", "guest.elf", "--timeout", "soon"], "'soon' is no time in seconds"),
        (["run", "guest.elf", "--timeout", "nan"], "'nan' is no time in seconds"),
        (["run", "guest.elf", "--platform", "bear"], "'bear' is not one of 'auto'"),
        (["run", "guest.elf", "--engine", "jit"], "--engine jit is none of 'auto'"),
    ],
)
def test_a_mistake_is_one_block_with_what_to_do(guest, place, args, message):
    (place / "guest.elf").symlink_to(guest)
    (place / "guest.c").touch()
    result = simfw(*args)
    assert result.exit_code == 125
    assert result.stdout == ""
    assert result.stderr.startswith("error: ") and "Traceback" not in result.stderr
    assert message in result.stderr


def test_a_file_that_is_no_image_is_told_what_it_is(place):
    (place / "empty.elf").touch()
    result = simfw("run", "empty.elf")
    assert result.exit_code == 125
    assert "error: this image cannot be loaded" in result.stderr


def test_names_from_an_image_cannot_control_the_terminal(place):
    result = simfw("run", "a\x1b[31mb.elf")
    assert "\x1b" not in result.stderr


@pytest.mark.parametrize(
    ("text", "number"), [("5", 5), ("1_000", 1000), ("10k", 10_000), ("2.5M", 2_500_000),
                         ("1e3", 1000), ("0x10", 16), ("1G", 10**9)]
)  # fmt: skip
def test_counts_have_units_of_thousands(text, number):
    from simfw.tools.quantities import count

    assert count(text) == number


@pytest.mark.parametrize(
    ("text", "number"), [("4096", 4096), ("64K", 65536), ("64KiB", 65536), ("1.5M", 1572864),
                         ("2gb", 2 << 30)]
)  # fmt: skip
def test_sizes_have_units_of_1024(text, number):
    from simfw.tools.quantities import size

    assert size(text) == number


# The command itself


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_each_command_has_an_example(name):
    result = simfw(name, "--help")
    assert result.exit_code == 0
    assert "Example" in result.stdout and f"  simfw {name} " in result.stdout


def test_the_help_lists_all_commands():
    result = simfw("--help")
    assert all(f"\n  {name} " in result.stdout for name in COMMANDS)


def test_without_arguments_there_is_help():
    result = simfw()
    assert result.exit_code == 0 and result.stdout.startswith("Usage:")


def test_the_help_imports_nothing_slow():
    code = (
        "import sys; from simfw.tools.cli import cli\n"
        "try: cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'rich', 'lark', 'elftools', 'unittest.mock'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n")


def test_python_m_simfw_is_the_same_command():
    output, _ = process("--version").communicate()
    assert output == b"simfw 0.1.0\n"


@pytest.mark.parametrize("command", ["run", "symbols", "check"])
def test_a_closed_output_is_nobodys_mistake(guest, command):
    line = [sys.executable, "-m", "simfw", command, guest]
    shell = ["sh", "-c", '"$@" >&-', "sh", *line]
    done = subprocess.run(shell, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (44 if command == "run" else 0, "")


def test_progress_that_is_asked_for_is_told_on_the_error_output(guest):
    result = simfw("run", guest, "echo", "--progress")
    assert result.stdout == "echo\n"
    assert "instructions · " in result.stderr and " MIPS · " in result.stderr


def test_progress_on_a_terminal_is_one_line_that_is_renewed(guest):
    terminal, side = os.openpty()
    environment = {**os.environ, "TERM": "xterm"}
    command = [sys.executable, "-m", "simfw", "run", guest, "spin", "--budget", "5M", "--progress"]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=side, env=environment)
    os.close(side)
    shown = b""
    while b"error: instruction budget" not in shown:
        shown += os.read(terminal, 4096)
    running.communicate()
    os.close(terminal)
    assert shown.count(b"\x1b[2K") >= 2  # the line is erased and written again
    assert b"5,000,000 instructions" in shown


def test_without_asking_there_is_no_progress(guest):
    assert simfw("run", guest, "echo").stderr == ""


def test_ctrl_c_says_where_the_guest_was(guest):
    running = process("run", guest, "flood")
    running.stdout.read(6)
    running.send_signal(signal.SIGINT)
    running.stdout.close()
    error = running.stderr.read().decode()
    # the pipe was closed as well, and the signal may come while the interpreter ends
    assert running.wait() in (130, 141, -signal.SIGINT)
    assert "Traceback" not in error


def test_ctrl_c_in_a_silent_guest_ends_with_130(guest):
    running = process("run", guest, "spin")
    time.sleep(4)  # a start takes a fraction of it, or most of it where others share the cores
    running.send_signal(signal.SIGINT)
    _, error = running.communicate(timeout=20)
    assert running.returncode == 130
    assert b"interrupted\nthe guest was at pc" in error and b"in spin" in error


def test_a_reader_who_goes_away_ends_the_run_quietly(guest):
    running = process("run", guest, "flood")
    running.stdout.read(6)
    running.stdout.close()
    error = running.stderr.read()
    assert running.wait() == 141
    assert error == b""


def test_a_broken_pipe_of_a_plugins_own_is_the_plugins(guest, place):
    write_plugin("piping", "raise BrokenPipeError('mine')")
    result = simfw("run", guest, "host", "--spec", "guest.cas", "--plugin", "./piping.py")
    assert result.exit_code == 125
    assert "a plugin raised BrokenPipeError" in result.stderr


def test_errors_are_coloured_on_terminals_alone(guest):
    environment = {**os.environ, "FORCE_COLOR": "1"}
    _, error = process("run", "nothing.elf", env=environment).communicate()
    assert b"\x1b[1;31merror: " in error
    _, plain = process("run", "nothing.elf").communicate()
    assert b"\x1b" not in plain
