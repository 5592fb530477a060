"""`simfw call`: arguments from text, with a declaration and without, and results as text."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from simfw.tools.cli import cli

SOURCE = r"""
#include <simfw/guest.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

int counter = 5;
const char greeting[] = "hello";

int add(int a, int b) { return a + b; }
int64_t wide(int64_t x) { return x + 1; }
uint64_t bits(double x) { uint64_t u; memcpy(&u, &x, sizeof u); return u; }
double half(double x) { return x / 2; }
bool negative(int x) { return x < 0; }
bool invert(bool x) { return !x; }
void nothing(void) {}
uint32_t sum(const uint8_t *data, size_t size)
{
    uint32_t result = 0;
    while (size--)
        result += *data++;
    return result;
}
size_t length(const char *text) { return strlen(text); }
const char *greet(void) { return greeting; }
const char *wild(void) { return (const char *)16; }
int load(const int *place) { return *place; }
int count(void) { return counter; }
void leave(int status) { exit(status); }
void spin(void) { for (;;) __asm__ volatile(""); }
__attribute__((weak)) int host(int x) { return x; }
int ask(int x) { int got = host(x); return got + 1; }
int main(void) { counter = 100; return 3; }
"""
SPEC = """
F("host")     outcall(1, "int", "int");
L("add")      backcall("int8_t", "fw", "add", "int", "int");
L("wide")     backcall("int64_t", "fw", "wide", "int64_t");
L("half")     backcall("double", "fw", "half", "double");
L("negative") backcall("bool", "fw", "negative", "int");
L("invert")   backcall("bool", "fw", "invert", "bool");
L("nothing")  backcall("void", "fw", "nothing");
L("sum")      backcall("uint32_t", "fw", "sum", "bytes");
L("length")   backcall("size_t", "fw", "length", "const char*");
L("greet")    backcall("const char*", "fw", "greet");
L("wild")     backcall("const char*", "fw", "wild");
L("load")     backcall("int", "fw", "load", "const int*");
L("ask")      backcall("int", "fw", "ask", "int");
"""


@pytest.fixture(scope="module")
def guest(build_guest) -> str:
    return str(build_guest(SOURCE))


@pytest.fixture(scope="module")
def spec(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("spec") / "guest.cas"
    path.write_text(SPEC)
    return str(path)


def call(guest, *args: str):
    return CliRunner().invoke(cli, ["call", guest, *args])


def printed(guest, *args: str) -> str:
    result = call(guest, *args)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def refused(guest, *args: str) -> str:
    result = call(guest, *args)
    assert result.exit_code == 125 and result.stdout == ""
    assert "Traceback" not in result.stderr
    return result.stderr


# Without a declaration


@pytest.mark.parametrize(
    ("args", "output"),
    [
        (["40", "2"], "42 (0x2a)\n"),
        (["-2", "-3"], "-5 (0xfffffffb)\n"),
        (["0x10", "0b11"], "19 (0x13)\n"),
        (["1_000", "007"], "1007 (0x3ef)\n"),
        (["1", "-2", "--result", "uint8_t"], "255 (0xff)\n"),
        (["1", "2", "--result", "void"], ""),
    ],
)
def test_integers_are_added(guest, args, output):
    assert printed(guest, "add", *args) == output


def test_a_result_may_be_wider_than_a_register(guest):
    assert printed(guest, "wide", "-1", "-1", "--result", "int64_t") == "0 (0x0)\n"


def test_a_number_with_a_point_is_a_double(guest):
    assert printed(guest, "bits", "-1.5", "--result", "uint64_t").endswith("(0xbff8000000000000)\n")


def test_other_arguments_are_text(guest):
    assert printed(guest, "length", "four") == "4 (0x4)\n"


def test_text_that_looks_like_a_number_can_be_marked(guest):
    assert printed(guest, "length", "text:12345") == "5 (0x5)\n"


def test_bytes_are_written_in_hexadecimal(guest):
    assert printed(guest, "sum", "hex:01ff02", "3") == "258 (0x102)\n"


def test_bytes_are_read_from_a_file(guest, tmp_path):
    (tmp_path / "data").write_bytes(bytes(range(5)))
    assert printed(guest, "sum", f"file:{tmp_path / 'data'}", "5") == "10 (0xa)\n"


def test_an_address_is_written_by_a_name(guest):
    assert printed(guest, "load", "&counter") == "5 (0x5)\n"


def test_an_address_may_have_an_offset(guest):
    assert printed(guest, "length", "&greeting+3") == "2 (0x2)\n"


def test_text_that_a_result_points_to_is_shown(guest):
    assert printed(guest, "greet", "--result", "const char*").endswith(" 'hello'\n")


def test_a_function_may_be_given_by_its_address(guest):
    symbols = CliRunner().invoke(cli, ["symbols", guest, "add"]).stdout
    address = next(line for line in symbols.splitlines() if line.endswith(" add")).split()[0]
    assert printed(guest, f"0x{address}", "1", "2") == "3 (0x3)\n"


# With a declaration


@pytest.mark.parametrize(
    ("args", "output"),
    [
        (["add", "100", "100"], "-56 (0xc8)\n"),
        (["wide", "0x7fffffff"], "2147483648 (0x80000000)\n"),
        (["half", "5"], "2.5\n"),
        (["half", "-1e3"], "-500.0\n"),
        (["negative", "-1"], "true\n"),
        (["invert", "true"], "false\n"),
        (["nothing"], ""),
        (["sum", "12"], "99 (0x63)\n"),
        (["sum", "hex:0102"], "3 (0x3)\n"),
        (["length", "12345"], "5 (0x5)\n"),
    ],
)
def test_arguments_are_read_as_the_types_ask(guest, spec, args, output):
    assert printed(guest, *args, "--spec", spec) == output


def test_a_pointer_takes_data(guest, spec):
    assert printed(guest, "load", "hex:2a000000", "--spec", spec) == "42 (0x2a)\n"


def test_the_text_that_a_result_points_to_is_shown(guest, spec):
    assert printed(guest, "greet", "--spec", spec).endswith(" 'hello'\n")


def test_a_result_that_points_nowhere_is_shown_without_text(guest, spec):
    assert printed(guest, "wild", "--spec", spec).startswith("16 (0x10) (no text: ")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["add", "1.5", "2"], "argument 1 of add() is '1.5'; int takes an integer such as 42"),
        (["add", "9" * 5000, "2"], "int takes an integer"),
        (["add", "1"], "takes 2 arguments, not 1"),
        (["add", "1", "2", "3"], "takes 2 arguments, not 3"),
        (["add", "1", "5000000000"], "5000000000 does not fit int"),
        (["half", "two"], "double takes a number such as 1.5"),
        (["invert", "maybe"], "bool takes true or false"),
        (["load", "counter"], "takes an address such as 0x1000 or &name"),
        (["load", "&countr"], "no symbol 'countr'"),
        (["load", "&counter+x"], "'x' is no number of bytes"),
        (["sum", "hex:0"], "write bytes as pairs of hexadecimal digits"),
        (["sum", "file:nowhere"], "No such file or directory"),
        (["add", "1", "2", "--result", "int"], "--result is for functions that nothing declares"),
        (["ad", "1", "2"], "no symbol 'ad'"),
        (["counter"], "'counter' is a variable"),
        (["add", "1", "2", "--reslt", "int"], "--result"),
        (["0xzz"], "'0xzz' is no address"),
    ],
)
def test_a_mistake_is_told(guest, spec, args, message):
    assert message in refused(guest, *args, "--spec", spec)


def test_a_type_that_is_none_is_told_with_near_names(guest):
    error = refused(guest, "add", "1", "2", "--result", "uint61_t")
    assert "unknown type 'uint61_t'; did you mean 'uint64_t', 'uint16_t'" in error


# The program around the call


def test_a_function_sees_the_data_as_loaded(guest):
    assert printed(guest, "count") == "5 (0x5)\n"


def test_the_program_can_be_run_first(guest):
    result = call(guest, "count", "--after-main")
    assert result.stdout == "100 (0x64)\n"
    assert result.stderr == "note: main ended with status 3\n"


def test_an_outcall_without_a_host_function_is_an_error_when_it_is_reached(guest, spec):
    error = refused(guest, "ask", "1", "--spec", spec)
    assert "error: no host function for an outcall" in error
    assert "ask+" in error and '@outcall("host")' in error


def test_a_plugin_serves_the_outcalls(guest, spec, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    plugin = Path(tmp_path, "asked.py")
    plugin.write_text(
        "from simfw import outcall\n@outcall\ndef host(focus, x: int): return 7 * x\n"
    )
    assert printed(guest, "ask", "6", "--spec", spec, "--plugin", str(plugin)) == "43 (0x2b)\n"


def test_a_function_that_ends_the_guest_has_no_result(guest):
    assert "leave() ended the guest program with status 7" in refused(guest, "leave", "7")


def test_a_call_has_a_budget(guest):
    text = refused(guest, "spin", "--budget", "1k")
    assert text.startswith("error: instruction budget used up\n")
    assert "in the call of spin(); give it a larger --budget\n" in text
    assert "begin()" not in text
