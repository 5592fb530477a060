"""Signatures drawn at random, compiled by clang, called in both directions with random values."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable

import pytest
from attrs import frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from simfw import Machine, Outcalls
from tests.guests.signatures import ANSWER, KINDS, PROTOTYPES, SOURCE, SPEC, Prototype


class Answers:
    """Serves every `host_N`: keeps what it got, gives `answer`."""

    def __init__(self) -> None:
        self.operands: tuple[object, ...] = ()
        self.answer: object = 0

    def plugin(self) -> Outcalls:
        calls = Outcalls("random")
        for prototype in PROTOTYPES:
            calls.outcall(f"host_{prototype.number}")(self._function(prototype))
        return calls

    def _function(self, prototype: Prototype):
        names = [f"p{n}" for n in range(len(prototype.parameters))]
        scope: dict[str, Callable[..., object]] = {"keep": self._keep}
        parameters = "".join(f", {name}" for name in names)
        exec(f"def function(focus{parameters}): return keep({', '.join(names)})", scope)
        function = scope["function"]
        function.__annotations__ = {
            name: KINDS[kind].receiver
            for name, kind in zip(names, prototype.parameters, strict=True)
        }
        return function

    def _keep(self, *operands: object) -> object:
        self.operands = operands
        return self.answer


@frozen
class Guest:
    machine: Machine
    answers: Answers
    xlen: int

    def give(self, slot: int, kind: str, value: object) -> None:
        """Put a value where the guest finds it as operand `slot`."""
        memory = self.machine.memory
        start = self.machine.address_of("given")
        if kind == "text":
            text = self.machine.address_of("texts") + 200 * slot
            memory.write(text, value.encode() + b"\0")
            kind, value = "pointer", text
        memory.write(start + 8 * slot, bits(kind, value).to_bytes(8, "little"))

    def got(self, slot: int) -> int:
        return self.machine.memory.load(self.machine.address_of("got") + 8 * slot, "u64")


def bits(kind: str, value) -> int:
    """What 64 bits the guest's C makes of a value, or reads it from."""
    if kind in ("f32", "f64"):
        return int.from_bytes(struct.pack("<f" if kind == "f32" else "<d", value), "little")
    if kind == "text":
        return _hash(value.encode())
    return int(value) & (1 << 64) - 1


def _hash(data: bytes) -> int:
    sum_ = 5381
    for byte in data:
        sum_ = (sum_ * 33 + byte) & (1 << 64) - 1
    return sum_


def same(left, right) -> bool:
    nan = isinstance(left, float) and math.isnan(left)
    return (nan and math.isnan(right)) or (left == right and type(left) is type(right))


@pytest.fixture(params=(32, 64), ids="rv{}".format, scope="module")
def guest(request, build_guest, tmp_path_factory) -> Guest:
    elf = build_guest(SOURCE, xlen=request.param, flags=("-Wno-everything",))
    spec = tmp_path_factory.mktemp("random") / "random.cas"
    spec.write_text(SPEC)
    answers = Answers()
    machine = Machine(elf, spec=spec, plugins=[answers.plugin()])
    return Guest(machine, answers, request.param)


def check(guest: Guest, data: st.DataObject) -> None:
    prototype = data.draw(st.sampled_from(PROTOTYPES))
    values = [data.draw(KINDS[name].values(guest.xlen)) for name in prototype.parameters]
    answer = data.draw(KINDS[prototype.result].values(guest.xlen))
    before = dict(guest.machine.registers)
    guest.give(ANSWER, prototype.result, answer)
    assert same(guest.machine.call(f"into_{prototype.number}", *values), answer)
    for slot, (kind, value) in enumerate(zip(prototype.parameters, values, strict=True)):
        assert guest.got(slot) == bits(kind, value)
        guest.give(slot, kind, value)
    guest.answers.answer = answer
    guest.machine.call(f"out_{prototype.number}")
    assert all(map(same, guest.answers.operands, values))
    assert len(guest.answers.operands) == len(values)
    assert guest.got(ANSWER) == bits(prototype.result, answer)
    assert dict(guest.machine.registers) == before


@settings(max_examples=200)
@given(data=st.data())
def test_random_signatures_cross_in_both_directions(guest, data):
    check(guest, data)


@pytest.mark.slow
@settings(max_examples=5000)
@given(data=st.data())
def test_many_random_signatures_cross_in_both_directions(guest, data):
    check(guest, data)
