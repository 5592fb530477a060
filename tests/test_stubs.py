"""The stub writer: what the generated module offers, hands on, and refuses."""

from __future__ import annotations

import ast
import inspect
import re
from types import SimpleNamespace
from typing import Any

import pytest

import conasm
from simfw.backcall import BackcallStub
from simfw.errors import SpecError
from simfw.tools.stubs import stubs_are_current, write_stubs

CRC = 'L("crc16") backcall("uint16_t", "fw", "crc16", "bytes");'


class Target:
    """Stands for a machine: keeps what a stub hands over."""

    def invoke(self, stub: BackcallStub, *args: object) -> object:
        self.stub, self.args = stub, args
        return 42


def write(*texts: str) -> str:
    return write_stubs([conasm.parse(text, f"{index}.cas") for index, text in enumerate(texts)])


def load(*texts: str) -> Any:
    """Return the generated module's names."""
    names: dict[str, object] = {"__name__": "stubs"}
    exec(compile(write(*texts), "stubs.py", "exec"), names)
    return SimpleNamespace(**names)


def annotations(parameters: str, result: str = "void") -> dict[str, str]:
    listed = "".join(f', "{parameter}"' for parameter in parameters.split(";") if parameter)
    stubs = load(f'L("f") backcall("{result}", "n", "f"{listed});')
    return inspect.get_annotations(stubs.n.f)


def refusal(*texts: str) -> str:
    with pytest.raises(SpecError) as caught:
        write(*texts)
    return str(caught.value)


# --- calls


def test_a_stub_hands_its_arguments_to_the_target_and_the_result_back() -> None:
    target = Target()
    assert load(CRC).fw.crc16(target, b"123") == 42
    assert target.args == (b"123",)


def test_a_stub_names_the_function_its_types_and_its_fingerprint() -> None:
    target = Target()
    load(CRC).fw.crc16(target, b"")
    (declaration,) = conasm.parse(CRC).backcalls
    expected = BackcallStub("crc16", "uint16_t", ("bytes",), conasm.fingerprint(declaration))
    assert target.stub == expected


def test_a_stub_of_a_void_function_gives_none() -> None:
    assert load('L("f") backcall("void", "n", "f");').n.f(Target()) is None


def test_a_qualified_name_is_a_static_method_of_a_class() -> None:
    target = Target()
    load('L("peek_w") backcall("uint32_t", "sim", "peek::w", "uint64_t");').sim.peek.w(target, 16)
    assert (target.stub.label, target.args) == ("peek_w", (16,))


def test_namespaces_and_classes_are_shared_by_all_their_members_in_all_files() -> None:
    stubs = load(
        'L("a") backcall("int", "sim", "peek::b"); L("c") backcall("int", "sim", "size");',
        'L("b") backcall("int", "sim", "peek::w"); L("d") backcall("int", "fw", "go");',
    )
    assert stubs.__all__ == ["sim", "fw"]
    assert stubs.sim.peek.b and stubs.sim.peek.w and stubs.sim.size and stubs.fw.go


def test_the_module_has_the_fingerprint_of_all_declarations() -> None:
    assert load(CRC).__fingerprint__ == conasm.fingerprint_all(conasm.parse(CRC).backcalls)


def test_a_declaration_that_repeats_in_another_file_is_written_once() -> None:
    assert write(CRC, CRC).count("BackcallStub(\n") == 1


# --- types


def test_the_first_parameter_is_what_the_call_is_made_in() -> None:
    assert annotations("")["target"] == "Machine | Focus | Process"


@pytest.mark.parametrize(
    ("type_", "annotation"),
    [
        ("uint8_t", "int"),
        ("size_t", "int"),
        ("bool", "bool"),
        ("float", "float"),
        ("double", "float"),
        ("const char*", "str | bytes | bytearray | memoryview | int"),
        ("char*", "str | bytes | bytearray | memoryview | int"),
        ("const void*", "bytes | bytearray | memoryview | int"),
        ("void (*)(int)", "int"),
        ("bytes", "bytes | bytearray | memoryview"),
        ("struct point", "object"),
    ],
)
def test_the_python_type_of_a_parameter(type_: str, annotation: str) -> None:
    assert annotations(type_)["arg0"] == annotation


@pytest.mark.parametrize(
    ("type_", "annotation"),
    [
        ("void", "None"),
        ("bool", "bool"),
        ("int64_t", "int"),
        ("double", "float"),
        ("void*", "int"),
        ("const char*", "int"),
    ],
)
def test_the_python_type_of_a_result(type_: str, annotation: str) -> None:
    assert annotations("", type_)["return"] == annotation


def test_parameters_are_counted() -> None:
    assert list(annotations("int;double;bytes")) == ["target", "arg0", "arg1", "arg2", "return"]


# --- docstrings


def test_the_comment_above_a_declaration_is_the_docstring() -> None:
    stubs = load("// CRC-16 of some bytes.\n//\n// Slow.\n" + CRC)
    assert stubs.fw.crc16.__doc__ == "CRC-16 of some bytes.\n\nSlow."


def test_without_a_comment_the_prototype_is() -> None:
    assert load(CRC).fw.crc16.__doc__ == "uint16_t crc16(bytes)"


@pytest.mark.parametrize(
    "comment", ['"""', "'''", "\\", '\\"""; import os #', "{x} %s", "é \x1b[0m"]
)
def test_a_comment_is_never_code(comment: str) -> None:
    text = write(f"// {comment}\n{CRC}")
    assert text.isascii() or "\x1b" not in text
    assert load(f"// {comment}\n{CRC}").fw.crc16.__doc__ == comment


def test_a_file_name_is_never_code() -> None:
    text = write_stubs([conasm.parse(CRC, 'dir/"""\\\nimport os.cas')])
    assert ast.get_docstring(ast.parse(text)) == (
        'Stubs of the backcalls that """\\\nimport os.cas declares.'
    )


# --- names


@pytest.mark.parametrize(
    ("name", "python"),
    [
        ("class", "class_"),
        ("None", "None_"),
        ("int", "int_"),
        ("object", "object_"),
        ("Machine", "Machine_"),
        ("_stub_f", "_stub_f_"),
        ("match", "match"),
        ("peek", "peek"),
        ("mro", "mro"),
    ],
)
def test_a_name_that_python_needs_gets_an_underscore(name: str, python: str) -> None:
    stubs = load(
        f'L("a") backcall("int", "n", "{name}"); L("b") backcall("int", "{name}", "{name}::x");'
    )
    assert getattr(stubs.n, python)(Target()) == 42
    assert getattr(getattr(stubs, python), python).x(Target()) == 42


@pytest.mark.parametrize("name", ["print", "exit", "abs", "BackcallStub", "list", "property"])
def test_a_builtins_name_gets_one_at_the_top_and_not_within_a_class(name: str) -> None:
    stubs = load(
        f'L("a") backcall("int", "n", "{name}"); L("b") backcall("int", "{name}", "{name}::x");'
    )
    assert getattr(stubs.n, name)(Target()) == 42
    assert getattr(getattr(stubs, f"{name}_"), name).x(Target()) == 42


def test_every_name_in_an_annotation_is_kept_from_members() -> None:
    types = "bool;int;double;void*;const char*;bytes;struct point;void (*)(int)"
    words = {word for each in annotations(types).values() for word in re.findall(r"\w+", each)}
    for word in words - {"None"}:
        stubs = load(f'L("a") backcall("int", "n", "{word}");')
        assert hasattr(stubs.n, f"{word}_")


def test_a_method_may_be_called_as_its_own_module_constant_is() -> None:
    stubs = load('L("f") backcall("int", "n", "_stub_f");')
    assert stubs.n._stub_f_(Target()) == 42


@pytest.mark.parametrize(
    "texts",
    [
        ['L("a") backcall("int", "n", "int"); L("b") backcall("int", "n", "int_");'],
        ['L("a") backcall("int", "n", "peek"); L("b") backcall("int", "n", "peek::w");'],
        ['L("a") backcall("int", "n", "peek::w"); L("b") backcall("int", "n", "peek");'],
        ['L("a") backcall("int", "int", "x"); L("b") backcall("int", "int_", "y");'],
        ['L("a") backcall("int", "n", "x");', 'L("b") backcall("int", "n", "x");'],
    ],
)
def test_names_that_would_be_one_in_python_are_refused(texts: list[str]) -> None:
    assert "in Python; rename one" in refusal(*texts)


@pytest.mark.parametrize(
    "names", ['"n", "__init__"', '"n", "__private"', '"__n", "f"', '"n", "__c::f"']
)
def test_names_that_python_would_mangle_are_refused(names: str) -> None:
    text = refusal(f'L("a") backcall("int", {names});')
    assert text.startswith("0.cas:1:1: error: '__")
    assert "begins with two underscores" in text


def test_two_files_that_disagree_are_refused() -> None:
    text = refusal(CRC, '\nL("crc16") backcall("uint32_t", "fw", "crc16", "bytes");')
    assert text == (
        "1.cas:2:1: error: crc16 is declared otherwise at 0.cas:1:1; keep one of the two"
    )


def test_an_outcall_of_one_file_is_no_backcall_of_another() -> None:
    assert "crc16 is an outcall as well" in refusal(CRC, 'F("crc16") outcall(1);')


def test_all_mistakes_are_reported() -> None:
    text = refusal('L("a") backcall("int", "n", "__a");\nL("b") backcall("int", "n", "__b");')
    assert len(text.splitlines()) == 2


def test_without_a_backcall_there_are_no_stubs() -> None:
    assert "no backcall is declared in 0.cas" in refusal('F("log") outcall(1);')


# --- --check


def test_stubs_are_current_until_a_declaration_changes() -> None:
    text = write(CRC)
    assert stubs_are_current(text, [conasm.parse(CRC, "0.cas")])
    changed = CRC.replace("uint16_t", "uint32_t")
    assert not stubs_are_current(text, [conasm.parse(changed, "0.cas")])


def test_stubs_with_other_line_endings_are_current() -> None:
    text = write(CRC).replace("\n", "\r\n")
    assert stubs_are_current(text, [conasm.parse(CRC, "elsewhere/0.cas")])
