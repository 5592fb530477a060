"""The verifier rejects what the IR's rules forbid. That it accepts every record is tested there."""

from __future__ import annotations

import pytest

from simfw.ir.builder import Word, const, field
from simfw.ir.layout import File, Layout
from simfw.ir.ops import I1, I8, I32, I64, Block, Effect, Slot, Value
from simfw.ir.spec import IRError, verify

PC, NEXT = field(I32, "pc", is_signed=False), field(I32, "next", is_signed=False)
X1 = Slot("x", 1)
LAYOUT = Layout({"x": File(0, 32, I32, 32)}, 33)
WORD, BYTE, TRUE = const(I32, 5), const(I8, 5), const(I1, 1)


def get() -> Effect:
    return Effect("get", (), X1, Word("get", I32, (), X1))


def load(size: int = 4, access: str = "read", address: Value = WORD, op: str = "load") -> Effect:
    return Effect("load", (address,), (size, access), Word(op, I32))


def put(value: Value = WORD, slot: object = X1) -> Effect:
    return Effect("put", (value,), slot)


def store(value: Value = WORD, size: object = 4, *condition: Value) -> Effect:
    return Effect("store", (WORD, value, *condition), size)


def check(condition: Value = TRUE, address: Value = WORD) -> Effect:
    return Effect("check", (condition, address), "a cause")


JUMP = Effect("jump", (WORD,))
BRANCH = Effect("branch", (TRUE, WORD, NEXT))
EXIT = Effect("exit", (), "ecall")


def verified(*effects: Effect) -> None:
    verify(Block(effects, PC, NEXT), LAYOUT)


def rejected(message: str, *effects: Effect) -> None:
    with pytest.raises(IRError, match=message):
        verified(*effects)


def test_legal_blocks_are_accepted():
    verified()
    loaded, got = load(), get()
    assert loaded.value is not None and got.value is not None
    verified(got, loaded, check(), store(loaded.value), put(got.value), JUMP)
    verified(store(BYTE, 1, TRUE), put(), BRANCH)
    verified(get(), EXIT)


def test_nothing_follows_an_end():
    for end in (JUMP, BRANCH, EXIT):
        rejected(f"{end.kind} is not the last effect", end, get())


def test_nothing_may_trap_after_a_put():
    for effect in (load(), store(), check()):
        rejected(f"{effect.kind} may trap after a put", put(), effect)


def test_an_exit_changes_nothing():
    rejected("changes nothing before", put(), EXIT)
    rejected("changes nothing before", store(), EXIT)


def test_a_value_is_not_used_before_its_effect():
    loaded = load()
    assert loaded.value is not None
    rejected("before its effect happens", put(loaded.value), JUMP)
    rejected("before its effect happens", put(Word("get", I32, (), X1)))


@pytest.mark.parametrize(
    "effect",
    [
        load(3),
        load(4, "execute"),
        load(2),
        load(address=const(I64, 0)),
        load(op="get"),
        store(BYTE, 4),
        store(WORD, 3),
        store(WORD, None),
        store(WORD, 4, WORD),
        check(WORD),
        check(address=BYTE),
        put(slot="x1"),
        Effect("get", (), X1, Word("get", I32, (), Slot("x", 2))),
        Effect("jump", (BYTE,)),
        Effect("branch", (WORD, WORD, NEXT)),
        Effect("branch", (TRUE, BYTE, NEXT)),
        Effect("exit", (), 3),
    ],
    ids=lambda effect: effect.kind,
)
def test_illegal_details_and_types(effect):
    rejected(f"illegal {effect.kind}", effect)


@pytest.mark.parametrize(
    ("message", "effect"),
    [
        ("unknown effect 'call'", Effect("call")),
        ("jump with 2 operands", Effect("jump", (WORD, WORD))),
        ("store with 1 operands", Effect("store", (WORD,), 4)),
        ("put makes", Effect("put", (WORD,), X1, WORD)),
    ],
)
def test_malformed_effects(message, effect):
    rejected(message, effect)


def test_a_load_without_a_value():
    rejected("illegal load", Effect("load", (WORD,), (4, "read")))


def test_slots_exist_and_have_the_type_of_their_values():
    rejected("does not exist", put(slot=Slot("f", 1)))
    rejected("does not exist", put(slot=Slot("x", 32)))
    rejected("value of type i8", put(BYTE))
    verified(put(slot=Slot("x", "rd")))


@pytest.mark.parametrize(
    ("op", "type", "args"),
    [
        ("add", I32, (WORD, BYTE)),
        ("add", I8, (WORD, WORD)),
        ("eq", I32, (WORD, WORD)),
        ("slt", I1, (WORD, BYTE)),
        ("sext", I8, (WORD,)),
        ("zext", I32, (WORD,)),
        ("trunc", I32, (BYTE,)),
        ("select", I32, (WORD, WORD, WORD)),
        ("select", I32, (TRUE, WORD, BYTE)),
        ("bswap", I1, (TRUE,)),
        ("clz", I32, (BYTE,)),
        ("mul", I32, (WORD,)),
        ("bitcast", I64, (WORD,)),
    ],
)
def test_illegal_operands(op, type, args):
    rejected("illegal operands", put(Word(op, type, args)))


def test_constants_lie_in_the_range_of_their_type():
    for value in (-1, 1 << 32, "5"):
        rejected("illegal operands", put(Word("const", I32, (), value)))


def test_unknown_operations():
    rejected("unknown operation 'rotate'", put(Word("rotate", I32, (WORD, WORD))))
