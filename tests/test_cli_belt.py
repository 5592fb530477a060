"""The command line with belt programs: `asm`, and what the other commands do with conAsm."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from simfw.tools.cli import cli

SOURCE = """\
// The sum of 1 to n.
L("sum") %n; backcall("uint32_t", "math", "sum", "uint32_t");
    con(0, w) %s;
    br("loop", %n, %s);
L("loop") %n %s;
    add(%s, %n) %s2, sub(%n, 1) %n2;
    eql(%n2, 0) %z;
    brtr(%z, "done", %s2), br("loop", %n2, %s2);
L("done") %r;
    retn(%r);
F("main");
    con(4, w) %n;
    call1("sum", %n) %s;
    retn(%s);
F("pair"); con(1, w) %a, con(-2, h) %b, retn(%a, %b);
F("nothing"); retn();
F("broken");
    con(1, w) %one, con(0, w) %zero;
    divu(%one, %zero) %bad;
    nop(); nop(); nop(); nop(); nop(); nop(); nop();
    lea("word") %p;
    store(%p, 0, %bad), retn();
D("word") w(7);
"""
ASKING = """\
F("ask") outcall(1, w, "int32_t", "int32_t");
F("main");
    con(20, w) %a;
    call1("ask", %a) %b;
    retn(%b);
"""
PLUGIN = """
from simfw import outcall

@outcall
def ask(focus, x: int) -> int:
    return x + 1
"""
WRONG = """\
F("main");
    adds(b0, b1);
    con(300, b) %x, br("lop");
L("loop");
    retn(%y);
"""


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch) -> Path:
    """A working directory with belt programs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "sum.cas").write_text(SOURCE)
    (tmp_path / "asking.cas").write_text(ASKING)
    (tmp_path / "wrong.cas").write_text(WRONG)
    (tmp_path / "asked_host.py").write_text(PLUGIN)
    (tmp_path / "spec.cas").write_text('F("ask") outcall(1, w, "int32_t", "int32_t");\n')
    return tmp_path


def simfw(*args: str):
    return CliRunner().invoke(cli, args)


# --- asm


def test_asm_shows_the_belt_around_each_instruction():
    shown = simfw("asm", "sum.cas", "--function", "pair")
    assert shown.exit_code == 0
    assert shown.stdout == (
        "// Silver: a belt of 16, a scratchpad of 256 bytes\n"
        "\n"
        'F("pair")\n'
        "   0  con(1, w) %a, con(-2, h) %b, retn(%a, %b);\n"
        "        before  …\n"
        "        after   b0 %b  b1 %a  …\n"
    )


def test_asm_shows_what_is_in_flight():
    shown = simfw("asm", "sum.cas").stdout
    assert "   1  divu(%one, %zero) %bad;\n" in shown
    assert "        flying  %bad until 8\n" in shown


def test_asm_is_for_a_member():
    assert simfw("asm", "sum.cas", "--member", "Tin").stdout.startswith("// Tin: a belt of 8,")


def test_asm_shows_all_mistakes_with_carets():
    shown = simfw("asm", "wrong.cas")
    assert (shown.exit_code, shown.stdout) == (125, "")
    assert "wrong.cas:2:5: error: unknown operation 'adds'" in shown.stderr
    assert "    adds(b0, b1);\n    ^\n" in shown.stderr
    assert "wrong.cas:3:24: error: undefined label 'lop'; did you mean 'loop'?" in shown.stderr


def test_asm_links_files(place):
    (place / "main.cas").write_text('F("main"); call1("far") %x, retn(%x);')
    (place / "far.cas").write_text('F("far"); con(3, w) %x, retn(%x);')
    shown = simfw("asm", "main.cas", "far.cas")
    assert 'F("main")\n' in shown.stdout and 'F("far")\n' in shown.stdout
    alone = simfw("asm", "main.cas")
    assert (
        alone.exit_code == 125
        and "main.cas:1:18: error: there is no function 'far'" in alone.stderr
    )


def test_asm_reports_the_mistakes_of_every_file():
    shown = simfw("asm", "wrong.cas", "sum.cas", "sum.cas")
    assert "unknown operation 'adds'" in shown.stderr


def test_asm_warns_on_the_error_output(place):
    (place / "widths.cas").write_text(
        'F("main"); con(1, w) %a, con(1, d) %b, con(1, b) %c;'
        ' brtr(%c, "end", %a), br("end", %b); L("end") %x; retn(%x);'
    )
    shown = simfw("asm", "widths.cas")
    assert shown.exit_code == 0
    assert "warning: " in shown.stderr and "warning: " not in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["spec.cas"], "there is no code to assemble, only declarations"),
        (["none.cas"], "there is no file 'none.cas'"),
        (["asked_host.py"], "asked_host.py is Python"),
        (
            ["sum.cas", "--function", "noting"],
            "no code of a function 'noting'; did you mean 'nothing'?",
        ),
        (["sum.cas", "--member", "iron"], "'iron' is not one of 'tin', 'silver', 'gold'"),
        ([], "missing argument"),
    ],
)
def test_what_asm_refuses(arguments, said):
    shown = simfw("asm", *arguments)
    assert shown.exit_code == 125
    assert said in shown.stderr


# --- disasm


def test_disasm_prints_code_that_assembles_to_the_same(place):
    again = simfw("disasm", "sum.cas").stdout
    (place / "again.cas").write_text(again)
    assert simfw("asm", "again.cas").stdout == simfw("asm", "sum.cas").stdout
    assert simfw("disasm", "again.cas").stdout == again


def test_disasm_of_one_function():
    function = "".join(line + "\n" for line in SOURCE.splitlines()[:10])
    assert simfw("disasm", "sum.cas", "sum").stdout == function


def test_disasm_has_no_ir_of_belt_code():
    shown = simfw("disasm", "sum.cas", "--ir")
    assert (shown.exit_code, shown.stdout) == (125, "")
    assert "--ir is for machine code" in shown.stderr


# --- run


def test_run_ends_with_the_status_of_main():
    shown = simfw("run", "sum.cas")
    assert (shown.exit_code, shown.output) == (10, "")


def test_run_traces_instructions_with_their_belts():
    shown = simfw("run", "sum.cas", "--trace")
    assert shown.exit_code == 10
    assert shown.stderr.startswith(
        "  enter main: []\n  main.0 con: [4:w]\n    enter sum: [4:w]\n    sum.0 con: [0:w, 4:w]\n"
    )
    assert shown.stderr.endswith("  main.2 retn: [10:w, 4:w]\n  return [10:w]\n")


def test_run_traces_to_a_file(place):
    shown = simfw("run", "sum.cas", "--trace-to", "trace.txt")
    assert (shown.exit_code, shown.output) == (10, "")
    assert (place / "trace.txt").read_text().startswith("  enter main: []\n")


def test_run_counts_instructions_and_cycles():
    shown = simfw("run", "asking.cas", "--plugin", "./asked_host.py", "--stats")
    assert shown.exit_code == 21
    assert shown.stderr == ("               5 instructions\n               3 cycles\n")


def test_run_needs_plugins_for_outcalls():
    shown = simfw("run", "asking.cas")
    assert shown.exit_code == 125
    assert "asking.cas:1:1: outcall 'ask' is declared, but no plugin" in shown.stderr


def test_run_with_a_spec_that_declares_the_same():
    arguments = ("--spec", "spec.cas", "--plugin", "./asked_host.py")
    assert simfw("run", "asking.cas", *arguments).exit_code == 21


def test_run_with_ready_made_outcalls(place):
    (place / "hello.cas").write_text(
        'include "outcalls/console.cas"; D("text") asciz("hello\\n");'
        'F("main"); lea("text") %t, call0("console_text", %t), retn();'
    )
    shown = simfw("run", "hello.cas", "--plugin", "outcalls.console:Console")
    assert (shown.exit_code, shown.output) == (0, "hello\n")


def test_run_says_where_the_budget_ended():
    shown = simfw("run", "sum.cas", "--budget", "4")
    assert shown.exit_code == 125
    assert "it is in sum.loop.0 (sum.cas:6:5), after 4 instructions" in shown.stderr


def test_run_of_a_spec_says_that_it_is_none():
    shown = simfw("run", "spec.cas")
    assert shown.exit_code == 125
    assert "spec.cas only declares" in shown.stderr


def test_a_member_is_for_conasm_only(build_guest):
    shown = simfw("run", str(build_guest("int main(void) { return 0; }")), "--member", "tin")
    assert shown.exit_code == 125
    assert "--member is for conAsm" in shown.stderr


# --- call


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["sum", "4"], "10 (0xa)\n"),
        (["sum", "4", "--member", "gold"], "10 (0xa)\n"),
        (["pair"], "1 (0x1), -2\n"),
        (["nothing"], ""),
        (["main"], "10 (0xa)\n"),
        (["main", "--result", "uint32_t"], "10 (0xa)\n"),
    ],
)
def test_call(arguments, shown):
    result = simfw("call", "sum.cas", *arguments)
    assert (result.exit_code, result.output) == (0, shown)


def test_call_needs_no_plugins_where_no_outcall_is_reached():
    shown = simfw("call", "asking.cas", "main")
    assert shown.exit_code == 125
    assert 'name a plugin with --plugin that has @outcall("ask")' in shown.stderr


def test_call_traces():
    shown = simfw("call", "sum.cas", "pair", "--trace")
    assert shown.stdout == "1 (0x1), -2\n"
    assert "pair.0 con, con, retn: [65534:h, 1:w]" in shown.stderr


def test_a_nar_that_faults_is_explained():
    shown = simfw("call", "sum.cas", "broken")
    assert shown.exit_code == 125
    assert "NaR(division by zero), made by divu at sum.cas:19:5" in shown.stderr
    assert "broken.10 (sum.cas:22:5)" in shown.stderr


# --- check, symbols, stubs


def test_check_assembles():
    shown = simfw("check", "sum.cas", "--member", "tin")
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert shown.stdout.splitlines() == [
        "sum.cas: no mistakes, it can be loaded on platform 'bare'",
        "  code        for Tin: 5 functions, 7 blocks, 22 instructions of 28 operations, "
        "4 bytes of data",
        "  backcall    uint32_t sum(uint32_t)  as math.sum",
    ]


def test_check_finds_what_only_the_assembler_sees(place):
    (place / "deep.cas").write_text('F("main"); add(b12, b13), retn(b0);')
    assert simfw("check", "deep.cas").exit_code == 0
    shown = simfw("check", "deep.cas", "--member", "tin")
    assert shown.exit_code == 125
    assert "deep.cas:1:16: error: " in shown.stderr


@pytest.mark.parametrize("command", ["asm", "check", "run"])
def test_mistakes_of_every_sort_are_shown_in_one_run(place, command):
    (place / "bad.cas").write_text('F("main"); con(300, b), retn(b31);\nF("f"); ad(b0); retn(;\n')
    shown = simfw(command, "bad.cas")
    assert shown.exit_code == 125
    assert [line.partition(": error: ")[0] for line in shown.stderr.splitlines()[1::3]] == [
        "bad.cas:1:16", "bad.cas:1:30", "bad.cas:2:9", "bad.cas:2:22",
    ]  # fmt: skip


def test_symbols_are_functions_and_data():
    shown = simfw("symbols", "sum.cas").stdout.splitlines()
    assert [line.split()[-1] for line in shown] == [
        "word", "sum", "main", "pair", "nothing", "broken",
    ]  # fmt: skip


def test_stubs_of_a_program_call_it(place, monkeypatch):
    assert simfw("stubs", "sum.cas", "-o", "sum_stubs.py").exit_code == 0
    names: dict[str, object] = {}
    exec((place / "sum_stubs.py").read_text(), names)
    from simfw import Machine

    assert names["math"].sum(Machine("sum.cas"), 4) == 10


def test_a_missing_function_is_looked_for_in_the_includes():
    shown = simfw("call", "sum.cas", "noting")
    assert shown.exit_code == 125
    assert shown.stderr.endswith(
        "no symbol 'noting' in sum.cas; nearest: 'nothing'. "
        "A conAsm program has what it says itself and what it includes\n"
    )
