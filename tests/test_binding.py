"""Binding at load: every way in which declarations, plugins and image do not fit, and its words."""

from __future__ import annotations

from pathlib import Path

import pytest

from simfw import (
    BindError,
    Machine,
    Outcalls,
    SpecError,
)
from tests.guests.core import SOURCE

HOST = 'F("host") outcall(1, "int32_t", "int32_t");'
NOTIFY = 'F("notify") outcall(0, "void");'
HERE_FILE = Path(__file__).name


@pytest.fixture(params=(32, 64), ids="rv{}".format, scope="module")
def xlen(request) -> int:
    return request.param


@pytest.fixture(scope="module")
def elf(build_guest, xlen) -> Path:
    return build_guest(SOURCE, xlen=xlen)


@pytest.fixture
def load(elf, tmp_path):
    """Load the guest with the text of a declaration file and with plugins."""

    def make(text: str | None, *plugins: object) -> Machine:
        spec = tmp_path / "guest.cas"
        spec.write_text(text or "")
        return Machine(elf, spec=spec if text else None, plugins=plugins)

    return make


def serving(name: str | None = "host", syscall: int | None = None, function=None) -> Outcalls:
    """A plugin with one function."""
    calls = Outcalls("test")
    calls.outcall(name, syscall=syscall)(function or (lambda focus, n: n))
    return calls


def refusal(load, text: str | None, *plugins: object) -> str:
    with pytest.raises(BindError) as caught:
        load(text, *plugins)
    return str(caught.value)


# Declarations that nothing serves, and functions that nothing declares


def test_a_declaration_that_no_plugin_serves(load):
    text = refusal(load, f"{NOTIFY}\n\n{HOST}", serving("notify", function=lambda focus: None))
    assert "guest.cas:3:1: outcall 'host' is declared, but no plugin has a function" in text
    assert 'add one marked @outcall("host")' in text


def test_a_name_that_is_nearly_that_of_a_plugins_function(load):
    assert "'hosts'" in refusal(load, HOST, serving("hosts"))


def test_a_function_that_no_spec_declares(load):
    text = refusal(load, HOST, serving(), serving("nothing_declares_me"))
    assert "serves outcall 'nothing_declares_me', which no spec declares" in text
    assert f"{HERE_FILE}:" in text
    assert 'F("nothing_declares_me") outcall(' in text


def test_a_function_of_an_optional_collection_may_be_undeclared(load):
    calls = Outcalls("library", optional=True)
    for name in ("host", "other", "more"):
        calls.outcall(name)(lambda focus, n: 40)
    assert load(HOST, calls).call("ask", 1) == 41
    assert load(None, calls).call("ask", 1) == -998


def test_an_optional_collection_does_not_make_a_declaration_optional(load):
    calls = Outcalls("library", optional=True)
    assert "no plugin has a function for it" in refusal(load, HOST, calls)


def test_two_functions_with_one_name(load):
    text = refusal(load, HOST, serving(), serving())
    assert "outcall 'host' is served twice: by" in text
    assert text.count(f"{HERE_FILE}:") == 2
    assert "remove one" in text


def test_two_functions_for_one_system_call(load):
    text = refusal(load, None, serving(None, syscall=404), serving(None, syscall=404))
    assert "system call 404 is served twice" in text


def test_a_system_call_served_by_its_name_and_by_its_number(load):
    text = refusal(
        load, 'F("now"); syscall(404), outcall(1, w);', serving("now"), serving(None, syscall=404)
    )
    assert "system call 404 is served twice" in text and "guest.cas:1:1" in text


def test_one_system_call_declared_in_two_files(elf, tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.cas").write_text(f'F("{name}"); syscall(404), outcall(1, w);')
    specs = [tmp_path / "a.cas", tmp_path / "b.cas"]
    with pytest.raises(BindError) as caught:
        Machine(elf, spec=specs, plugins=[serving("a"), serving("b")])
    assert "b.cas:1:1: system call 404 is declared twice, as 'a' and as 'b'" in str(caught.value)


def test_two_names_of_one_function(load):
    text = 'F("exit") outcall(1, "void", "int");\nF("_exit") outcall(1, "void", "int");'
    text = refusal(load, text, serving("exit"), serving("_exit"))
    assert "is declared twice, as 'exit' and as '_exit'" in text


def test_a_declaration_that_two_files_make_differently(elf, tmp_path):
    first, second = tmp_path / "a.cas", tmp_path / "b.cas"
    first.write_text(HOST)
    second.write_text('\nF("host") outcall(1, "int32_t", "uint32_t");')
    with pytest.raises(BindError, match=r"b\.cas:2:1: 'host' is declared otherwise at .*a\.cas:1"):
        Machine(elf, spec=[first, second], plugins=[serving()])
    second.write_text(HOST)
    assert Machine(elf, spec=[first, second], plugins=[serving()]).call("ask", 1) == 2


# What the image does not have


def test_an_outcall_that_the_guest_does_not_have(load):
    text = refusal(load, 'F("hots") outcall(0, "void");', serving("hots", function=lambda f: None))
    assert "guest.cas:1:1: outcall 'hots' is declared, but no symbol 'hots'" in text
    assert "'host'" in text and "simfw headers" in text


def test_a_backcall_that_the_guest_does_not_have(load):
    text = refusal(load, 'L("ad"); backcall("int", "fw", "ad", "int");')
    assert "guest.cas:1:1: backcall 'ad' is declared, but no symbol 'ad'" in text
    assert "'add'" in text and "used, retain" in text


def test_an_outcall_that_is_a_variable(load):
    text = 'F("counter") outcall(0, "void");'
    text = refusal(load, text, serving("counter", function=lambda focus: None))
    assert "guest.cas:1:1: 'counter' is a variable of" in text
    assert "can only replace a function" in text


def test_a_backcall_that_is_a_variable(load):
    text = refusal(load, 'L("counter"); backcall("int", "fw", "counter");')
    assert "guest.cas:1:1" in text and "'counter' is a variable" in text


def test_a_stripped_image_says_so(build_guest, xlen, tmp_path):
    spec = tmp_path / "guest.cas"
    spec.write_text(HOST)
    stripped = build_guest(SOURCE, xlen=xlen, flags=("-Wl,--strip-all",))
    with pytest.raises(BindError, match="stripped"):
        Machine(stripped, spec=spec, plugins=[serving()])


# Functions that do not fit their declaration


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda focus: 0, "declared with 1 parameters, but the function takes 0"),
        (lambda focus, a, b: 0, "declared with 1 parameters, but the function takes 2"),
        (lambda: 0, "an outcall's first parameter is the Focus; it has none"),
        (lambda focus, *, n: 0, "parameter 'n' can only be given by keyword"),
    ],
)
def test_a_function_with_the_wrong_parameters(load, function, words):
    text = refusal(load, HOST, serving(function=function))
    assert words in text
    assert f"{HERE_FILE}:" in text


def test_a_function_that_takes_anything_fits(load):
    assert load(HOST, serving(function=lambda focus, *args: 7)).call("ask", 1) == 8


def test_an_async_function_cannot_serve_a_call_that_waits(load):
    async def host(focus, n):
        return n

    text = refusal(load, HOST, serving(function=host))
    assert "async def" in text and f"{HERE_FILE}:" in text


@pytest.mark.parametrize("annotation", [str, bytes, memoryview, float, list, 5, [1], "int | None"])
def test_an_annotation_that_cannot_receive_the_operand(load, annotation):
    def host(focus, n):
        return n

    host.__annotations__["n"] = annotation
    text = refusal(load, HOST, serving(function=host))
    assert "guest.cas:1:1: host(): argument 1" in text
    assert "is declared int32_t, which cannot be received as" in text
    assert "annotate the parameter with OutcallArg or int" in text
    assert "it is bound to test_an_annotation" in text


def test_an_annotation_that_cannot_be_evaluated(load):
    def host(focus, n: Missing):  # noqa: F821
        return n

    text = refusal(load, HOST, serving(function=host))
    assert "the annotation 'Missing' of parameter 'n' cannot be evaluated (NameError" in text


def test_a_system_call_of_unknown_operands(load):
    text = refusal(load, None, serving(None, syscall=404, function=lambda focus, *args: 0))
    assert "cannot be told from *args; name them, or declare it in a spec" in text


# Declarations that no guest can have


@pytest.mark.parametrize(
    ("declaration", "words"),
    [
        ('F("host") outcall(1, "int", "struct point");', "struct point"),
        ('F("host") outcall(2, d, d);', "2 results are for belt guests"),
        ('F("host"); syscall(5), outcall(8, w);', "has 7 registers for arguments"),
    ],
)
def test_a_declaration_that_this_guest_cannot_have(load, declaration, words):
    text = refusal(load, declaration, serving(function=lambda focus, *args: 0))
    assert "guest.cas:1:1" in text
    assert words in text


def test_a_backcall_that_this_guest_cannot_have(load):
    text = refusal(load, 'L("add"); backcall("int", "fw", "add", "enum color");')
    assert "guest.cas:1:1: add(): enum color cannot cross the border yet" in text


def test_a_128_bit_operand_is_for_guests_of_64_bits(load, xlen):
    declaration = 'F("host") outcall(1, q);'
    if xlen == 32:
        assert "wider than two registers" in refusal(load, declaration, serving())
    else:
        load(declaration, serving())


def test_mistakes_of_a_declaration_file_come_together(load):
    with pytest.raises(SpecError) as caught:
        load('F("host") outcall(1, "nonsense type");\nF("x") outcal(1);\nL("y"); backcall();\n')
    text = str(caught.value)
    assert "guest.cas:1:" in text and "guest.cas:2:" in text and "guest.cas:3:" in text
    assert "^" in text
