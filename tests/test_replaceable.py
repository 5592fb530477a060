"""Functions marked SIMFW_REPLACEABLE are really called, whatever a compiler knows of them."""

from __future__ import annotations

from pathlib import Path

import pytest

import conasm
from simfw import Machine, outcall
from simfw.tools.build import build
from simfw.tools.headers import write_header

SPEC = 'F("adc") outcall(1, "int", "int"); L("measure") backcall("int", "fw", "measure", "int");'

# Bodies of which a compiler can tell everything: a constant, the argument, nothing.
SOURCE = """
    #include {header}
    #ifdef __cplusplus
    extern "C" {{
    #endif
    SIMFW_REPLACEABLE int adc(int channel) {{ return 0; }}
    SIMFW_REPLACEABLE int same(int value) {{ return value; }}
    SIMFW_REPLACEABLE void reset(void) {{}}
    __attribute__((used, retain)) int measure(int channel) {{
        reset();
        return adc(channel) * 100 + same(7);
    }}
    #ifdef __cplusplus
    }}
    #endif
"""


@pytest.mark.parametrize("optimize", ["-O1", "-O3"])
@pytest.mark.parametrize("header", ["<simfw/guest.h>", '"fw.h"'])
@pytest.mark.parametrize("suffix", ["c", "cpp"])
def test_a_marked_function_is_called_however_little_it_does(tmp_path, optimize, header, suffix):
    (tmp_path / "fw.h").write_text(write_header([conasm.parse(SPEC, "fw.cas")], "fw"))
    source = tmp_path / f"fw.{suffix}"
    source.write_text(SOURCE.format(header=header))
    machine = Machine(build([source], tmp_path / "fw.elf", optimize=optimize))
    assert machine.call("measure", 3) == 7
    calls: list[str] = []
    with (
        machine.replace("adc", lambda focus, channel: int(channel) + 1),
        machine.replace("same", lambda focus, value: -int(value)),
        machine.replace("reset", lambda focus: calls.append("reset")),
    ):
        assert machine.call("measure", 3) == 393
    assert calls == ["reset"]


def test_an_outcall_may_have_a_body_in_the_file_that_calls_it(tmp_path: Path) -> None:
    class Board:
        @outcall
        def adc(self, focus, channel: int) -> int:
            return 5

    (tmp_path / "fw.h").write_text(write_header([conasm.parse(SPEC, "fw.cas")], "fw"))
    (tmp_path / "fw.cas").write_text(SPEC)
    (tmp_path / "fw.c").write_text(SOURCE.format(header='"fw.h"'))
    elf = build([tmp_path / "fw.c"], tmp_path / "fw.elf", optimize="-O3")
    machine = Machine(elf, spec=tmp_path / "fw.cas", plugins=[Board()])
    assert machine.call("measure", 3) == 507


def test_both_headers_may_be_included_in_any_order(tmp_path):
    (tmp_path / "fw.h").write_text(write_header([conasm.parse(SPEC, "fw.cas")], "fw"))
    for name, order in (("a", ('"fw.h"', "<simfw/guest.h>")), ("b", ("<simfw/guest.h>", '"fw.h"'))):
        text = "".join(f"#include {each}\n" for each in order)
        (tmp_path / f"{name}.c").write_text(text + "int main(void) { return 0; }\n")
        build([tmp_path / f"{name}.c"], tmp_path / f"{name}.elf", flags=["-Werror", "-Wall"])
