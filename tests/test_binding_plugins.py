"""What may be a plugin, where plugins come from, and guests and stubs of other versions."""

from __future__ import annotations

import importlib.metadata
import sys
import types
from pathlib import Path

import pytest

from simfw import (
    ArgumentError,
    BackcallStub,
    BindError,
    Focus,
    Machine,
    Outcalls,
    Stop,
    StopKind,
    outcall,
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


# What is no plugin


class Marked:
    @outcall("host")
    def host(self, focus: Focus, n: int) -> int:
        return n


@pytest.mark.parametrize(
    ("plugin", "words"),
    [
        (Marked, "is a class; pass an instance, Marked()"),
        (5, "plugin 5 has no function that is marked with @outcall"),
        (types.ModuleType("empty"), "has no function that is marked"),
        ("no.such.module", "is no entry point of group 'simfw.plugins' and cannot be imported"),
        ("json:nothing", "cannot be imported"),
        ("", "cannot be imported"),
        (Outcalls("empty"), "has no function that is marked"),
    ],
    ids=repr,
)
def test_what_is_no_plugin(load, plugin, words):
    assert words in refusal(load, HOST, plugin)


@pytest.mark.parametrize("plugins", ["name", types.ModuleType("module"), Outcalls("calls")])
def test_a_single_plugin_where_several_belong(elf, plugins):
    with pytest.raises(BindError, match=r"takes a sequence of plugins: write plugins=\["):
        Machine(elf, plugins=plugins)


@pytest.mark.parametrize(
    "options",
    [
        {"plugins": 5},
        {"plugins": None},
        {"spec": 5},
        {"spec": [5]},
        {"args": "text"},
        {"args": [5]},
        {"args": ["\0"]},
        {"memory": 0},
        {"memory": "1M"},
        {"memory": True},
        {"max_depth": 0},
        {"max_depth": True},
        {"engine": "fast"},
        {"platform": "moon"},
        {"platform": 5},
        {"env": 5},
        {"env": [("HOME", "/")]},
    ],
    ids=str,
)
def test_options_of_the_wrong_sort(elf, options):
    (name,) = options
    with pytest.raises(ArgumentError, match=f"{name}=|arguments"):
        Machine(elf, **options)


def test_a_mark_needs_a_function_and_a_number_that_can_be_one():
    for wrong in (5, "text", classmethod(len)):
        with pytest.raises(ArgumentError):
            outcall("name")(wrong)
    with pytest.raises(ArgumentError, match="cannot be marked; wrap it in a def"):
        outcall("name")(len)
    for number in (-1, 1 << 31):
        with pytest.raises(ArgumentError, match="syscall="):
            outcall(syscall=number)


# Where plugins come from


def test_methods_keep_the_state_of_their_object(load):
    class Counter:
        def __init__(self, start: int) -> None:
            self.value = start

        @outcall
        def host(self, focus: Focus, n: int) -> int:
            self.value += n
            return self.value

    first, second = load(HOST, Counter(0)), load(HOST, Counter(100))
    assert [first.call("ask", 5), first.call("ask", 5), second.call("ask", 5)] == [6, 11, 106]


class Base:
    @outcall("host")
    def host(self, focus, n: int) -> int:
        return 1


class Overriding(Base):
    def host(self, focus, n: int) -> int:
        return 2


class Calling(Base):
    def host(self, focus, n: int) -> int:
        return super().host(focus, n) + 10


class Static(Base):
    @staticmethod
    @outcall("host")
    def host(focus, n: int) -> int:
        return 4


class OfClass(Base):
    @classmethod
    @outcall("host")
    def host(cls, focus, n: int) -> int:
        return 5


class StaticAlone:
    @staticmethod
    @outcall("host")
    def host(focus, n: int) -> int:
        return 7


class OfClassAlone:
    @classmethod
    @outcall("host")
    def host(cls, focus, n: int) -> int:
        return 8


class MarkedOutside:
    @outcall("host")
    @staticmethod
    def host(focus, n: int) -> int:
        return 9


class OfInstance:
    def __init__(self) -> None:
        self.anything = outcall("host")(lambda focus, n: 6)


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        (Base, 1),
        (Overriding, 2),
        (Calling, 11),
        (Static, 4),
        (OfClass, 5),
        (OfInstance, 6),
        (StaticAlone, 7),
        (OfClassAlone, 8),
        (MarkedOutside, 9),
    ],
)
def test_methods_of_every_kind_serve(load, kind, answer):
    assert load(HOST, kind()).call("ask", 0) == answer + 1


def test_none_in_place_of_a_method_serves_nothing(load):
    class Without(Base):
        host = None

        @outcall("notify")
        def notify(self, focus) -> None: ...

    assert "outcall 'host' is declared, but no plugin" in refusal(load, HOST + NOTIFY, Without())
    assert load(HOST + NOTIFY, Without(), serving()).call("ask", 4) == 5


@pytest.fixture
def module(monkeypatch):
    """An importable module with an outcall, under two names."""
    made = types.ModuleType("simfw_test_plugin")
    made.host = made.alias = outcall("host")(lambda focus, n: 30)
    made.calls = serving(function=lambda focus, n: 40)
    monkeypatch.setitem(sys.modules, made.__name__, made)
    return made


def test_a_module_is_a_plugin_and_an_alias_in_it_counts_once(load, module):
    assert load(HOST, module).call("ask", 0) == 31


@pytest.mark.parametrize(
    ("name", "answer"), [("simfw_test_plugin", 31), ("simfw_test_plugin:calls", 41)]
)
def test_a_plugin_by_its_dotted_name(load, module, name, answer):
    assert load(HOST, name).call("ask", 0) == answer


def test_a_plugin_by_its_entry_point(load, module, monkeypatch):
    point = importlib.metadata.EntryPoint("my-plugin", "simfw_test_plugin:calls", "simfw.plugins")
    monkeypatch.setattr(
        importlib.metadata,
        "entry_points",
        lambda **wanted: [point] if wanted == {"group": point.group, "name": point.name} else [],
    )
    assert load(HOST, "my-plugin").call("ask", 0) == 41


def test_no_plugin_is_loaded_unasked(load, monkeypatch):
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda **wanted: 1 // 0)
    assert load(HOST, serving()).run().kind is StopKind.EXITED


# Guests and stubs of other versions of the declarations


CHECKSUM = 'L("checksum"); backcall("uint32_t", "fw", "checksum", "bytes");'


def built_with(build_guest, xlen: int, tmp_path: Path, content: str) -> Path:
    """The guest with the section that the assembly file of `simfw headers` adds."""
    assembly = f'.section .simfw.declarations, "", @progbits\n.ascii "{content}"\n'
    path = tmp_path / "declarations.S"
    path.write_text(assembly)
    return build_guest(SOURCE, path, xlen=xlen)


def fingerprint_of(text: str, tmp_path: Path) -> str:
    from simfw.declarations import read

    path = tmp_path / "for_its_fingerprint.cas"
    path.write_text(text)
    ((name, mark),) = read(path).fingerprints.items()
    return f"{name} {mark}"


def test_a_guest_that_was_built_with_other_declarations_is_refused(build_guest, xlen, tmp_path):
    spec = tmp_path / "guest.cas"
    spec.write_text(CHECKSUM)
    same = built_with(build_guest, xlen, tmp_path, fingerprint_of(CHECKSUM, tmp_path) + "\\n")
    assert Machine(same, spec=spec).call("checksum", b"a") == 97
    other = fingerprint_of(CHECKSUM.replace("uint32_t", "uint16_t"), tmp_path)
    stale = built_with(build_guest, xlen, tmp_path, other + "\\n")
    with pytest.raises(BindError) as caught:
        Machine(stale, spec=spec)
    assert "was built when backcall checksum was declared differently" in str(caught.value)
    assert "simfw headers" in str(caught.value)
    assert Machine(stale).run() == Stop(StopKind.EXITED, -999)  # without the file, no matter


def test_a_stub_of_another_declaration_is_refused(load):
    machine = load(CHECKSUM)
    stale = BackcallStub("checksum", "uint32_t", ("bytes", "int"), "0123456789abcdef")
    with pytest.raises(BindError, match=r"stub of checksum\(\) was written for another") as caught:
        machine.invoke(stale, b"a", 1)
    assert "guest.cas:1:1" in str(caught.value) and "simfw stubs" in str(caught.value)


def test_a_stub_of_a_function_that_the_guest_lacks(load):
    with pytest.raises(BindError, match=r"a stub of nope\(\) was called, but no symbol 'nope'"):
        load(None).invoke(BackcallStub("nope", "int", (), "x"))


def test_a_declared_function_takes_no_other_result_type(load):
    with pytest.raises(ArgumentError, match=r"checksum\(\) is declared at .*guest\.cas:1:1"):
        load(CHECKSUM).call("checksum", b"", result="int")


@pytest.mark.parametrize("result", ["nonsense", "struct x", "bytes", 5, ""])
def test_a_result_type_is_a_type_of_c(load, result):
    with pytest.raises(ArgumentError, match="result="):
        load(None).call("add", 1, 2, result=result)
