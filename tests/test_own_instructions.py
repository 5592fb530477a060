"""Instructions of users' own in machines: RISC-V's `Extension` and the belt's `Operations`."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from simfw import (
    ArgumentError,
    IllegalInstruction,
    Machine,
    MemoryFault,
    MisalignedAccess,
    NaRFault,
    NaRKind,
    Outcalls,
    SpecError,
    Stop,
    StopKind,
    open_image,
)
from simfw.belt import Member, Operations, Strict
from simfw.ir.builder import Word, const, helper
from simfw.riscv import Extension, Fields, State
from simfw.riscv.rv_i import I
from simfw.tools.cli import cli

BASE = 0x1_0000
A0, A1, A2 = 10, 11, 12
CUSTOM_0 = "rd rs1 rs2 31..25={} 14..12={} 6..2=0x02 1..0=3"
RET = 0x0000_8067

X = Extension("Xown")


@X.insn("own.avg " + CUSTOM_0.format(0, 0))
def own_avg(s: State, i: Fields) -> None:
    """Average of two registers, unsigned, rounded down."""
    a, b = s.x[i.rs1], s.x[i.rs2]
    s.x[i.rd] = (a & b) + (a ^ b).lshr(1)


@X.insn("own.mac " + CUSTOM_0.format(1, 0))
def own_mac(s: State, i: Fields) -> None:
    """Add a product to the destination."""
    s.x[i.rd] = s.x[i.rd] + s.x[i.rs1] * s.x[i.rs2]


@X.insn("own.lwinc rd rs1 imm12 14..12=1 6..2=0x02 1..0=3", "own.lwinc {rd}, ({rs1}), {imm12}")
def own_lwinc(s: State, i: Fields) -> None:
    """Load a word, and move the pointer on."""
    address = s.x[i.rs1]
    value = s.load(4, address).sext(s.xlen)
    s.x[i.rs1] = address + i.imm12
    s.x[i.rd] = value


@X.insn("own.swap " + CUSTOM_0.format(2, 0))
def own_swap(s: State, i: Fields) -> None:
    """Exchange a register and a word in memory."""
    address = s.x[i.rs1]
    old = s.load(4, address, access="write")
    s.store(4, address, s.x[i.rs2])
    s.x[i.rd] = old.sext(s.xlen)


@X.insn("own.even " + CUSTOM_0.format(3, 0))
def own_even(s: State, i: Fields) -> None:
    """Copy a register that has to be even."""
    value = s.x[i.rs1]
    s.check(value.trunc(1).eq(0), "an odd operand", value)
    s.x[i.rd] = value


@X.insn("own.rot " + CUSTOM_0.format(4, 0), xlens=(64,))
def own_rot(s: State, i: Fields) -> None:
    """Rotate left by a register, on RV64 alone."""
    a, by = s.x[i.rs1], s.x[i.rs2]
    s.x[i.rd] = (a << by) | a.lshr(s.const(64) - by)


own = Operations("own")


@own.op("average value operand", codes=True)
def average(s: Strict, a: Word, b: Word) -> Word:
    """Average, unsigned, rounded down; the carry is what was rounded off."""
    s.codes(carry=(a ^ b).trunc(1), overflow=const((a ^ b).trunc(1).type, 0))
    return (a & b) + (a ^ b).lshr(1)


@own.op("sixteenth value", sizes="hwdq", latency="sixteenth")
def sixteenth(s: Strict, a: Word) -> Word:
    """Divide by 16 where nothing is left over; else the result is NaR(overflow)."""
    s.nar(NaRKind.OVERFLOW, when=(a & 15).ne(0))
    return a.lshr(4)


@own.op("split value", sizes="hwdq", results=2)
def split(s: Strict, a: Word) -> tuple[Word, Word]:
    """The lower half and the upper one, each half as wide."""
    half = a.type.bits // 2
    return a.trunc(half), a.lshr(half).trunc(half)


@own.op("within value integer", sizes="bhwd")
def within(s: Strict, a: Word, limit: Word) -> Word:
    """Whether a value is below a number, as 0 or 1 of width b."""
    return a.ult(limit)


def machine(*words: int, xlen: int = 32, extensions: object = (X,)) -> Machine:
    """A machine whose program is these words, then a return."""
    code = b"".join(word.to_bytes(4, "little") for word in (*words, RET))
    return Machine(open_image(code, xlen=xlen, base=BASE), extensions=extensions)


def belt(code: str, *extensions: object, member: str | Member = "silver") -> Machine:
    """A belt machine for a unit, by default with the operations of this file."""
    return Machine(code.encode(), extensions=extensions or (own,), member=member)


AVERAGE = X["own.avg"].encode(rd=A0, rs1=A0, rs2=A1)
MEAN = 'F("mean") %a %b; average(%a, %b) %m; retn(%m);'


# Where they are given


def test_a_machine_takes_them_for_riscv():
    assert machine(AVERAGE).call(BASE, 10, 21) == 15


def test_a_machine_takes_them_for_the_belt():
    assert belt(MEAN).call("mean", 10, 21) == 15


def test_an_image_keeps_them_for_riscv():
    code = AVERAGE.to_bytes(4, "little") + RET.to_bytes(4, "little")
    image = open_image(code, xlen=32, base=BASE, extensions=[X])
    assert Machine(image).call(BASE, 10, 21) == 15
    assert Machine(image, extensions=[X]).call(BASE, 10, 21) == 15


def test_an_image_is_assembled_with_them_for_the_belt():
    image = open_image(MEAN.encode(), extensions=[own])
    assert Machine(image).call("mean", 10, 21) == 15
    assert Machine(image, extensions=[own]).call("mean", 10, 21) == 15
    with pytest.raises(ArgumentError, match=r"give its extensions to open_image\(\)"):
        Machine(open_image(b'F("f"); retn();'), extensions=[own])


def test_another_process_has_its_own():
    first = machine(AVERAGE)
    code = AVERAGE.to_bytes(4, "little")
    without = first.load(open_image(code, xlen=32, base=BASE))
    with pytest.raises(IllegalInstruction):
        without.call(BASE, 10, 21)
    assert first.call(BASE, 10, 21) == 15


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A directory with a module that has instructions, and a belt unit that uses one."""
    (tmp_path / "averages.py").write_text(
        "from simfw.belt import Operations\n"
        "mine = Operations('mine')\n"
        "@mine.op('average value operand')\n"
        "def average(s, a, b):\n"
        "    'Average.'\n"
        "    return (a & b) + (a ^ b).lshr(1)\n"
    )
    (tmp_path / "mean.cas").write_text(MEAN)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["call", "mean.cas", "mean", "10", "21"], "15"),
        (["disasm", "mean.cas"], "average(%a, %b) %m"),
        (["symbols", "mean.cas"], "mean"),
    ],
)
@pytest.mark.usefixtures("files")
def test_commands_take_them(arguments, shown):
    result = CliRunner().invoke(cli, [*arguments, "--extension", "averages.py:mine"])
    assert result.exit_code == 0, result.output
    assert shown in result.output


@pytest.mark.parametrize(
    ("name", "mistake"),
    [
        ("averages.py", "write MODULE:NAME"),
        ("averages.py:mien", "has no 'mien'; did you mean 'mine'"),
        ("nowhere.py:mine", "there is no extension file 'nowhere.py'"),
        ("nowhere:mine", "there is no extension 'nowhere'"),
    ],
)
@pytest.mark.usefixtures("files")
def test_commands_say_which_they_did_not_find(name, mistake):
    result = CliRunner().invoke(cli, ["call", "mean.cas", "mean", "1", "2", "--extension", name])
    assert result.exit_code == 125
    assert mistake in result.output


# What they do


@given(a=st.integers(0, 2**32 - 1), b=st.integers(0, 2**32 - 1))
def test_both_are_what_they_are_in_python(a, b):
    expected = (a + b) // 2
    assert RISCV.call(BASE, a, b, result="uint32_t") == expected
    assert BELT.call("mean", a, b, result="uint32_t") == expected


RISCV, BELT = machine(AVERAGE, xlen=32), belt(MEAN)


@pytest.mark.parametrize("xlen", [32, 64])
def test_an_instruction_reads_its_own_destination(xlen):
    simulated = machine(X["own.mac"].encode(rd=A0, rs1=A1, rs2=A2), xlen=xlen)
    assert simulated.call(BASE, 5, -3, 7) == -16
    simulated = machine(X["own.mac"].encode(rd=A0, rs1=A0, rs2=A0), xlen=xlen)
    assert simulated.call(BASE, 5) == 30


@pytest.mark.parametrize("xlen", [32, 64])
def test_an_instruction_loads_and_moves_its_pointer(xlen):
    load = X["own.lwinc"].encode(rd=A2, rs1=A0, imm12=-4)
    copy = I["addi"].encode(rd=A0, rs1=A2, imm12=0)
    simulated = machine(load, load, copy, xlen=xlen)
    address = below_stack(simulated)
    simulated.memory.store(address - 4, "u32", 2**32 - 2)
    assert simulated.call(BASE, address) == -2


@pytest.mark.parametrize("xlen", [32, 64])
def test_an_instruction_loads_and_stores(xlen):
    simulated = machine(X["own.swap"].encode(rd=A0, rs1=A0, rs2=A1), xlen=xlen)
    address = below_stack(simulated)
    simulated.memory.store(address, "u32", 77)
    assert simulated.call(BASE, address, 88) == 77
    assert simulated.memory.load(address, "u32") == 88


def below_stack(simulated: Machine) -> int:
    """An address that nobody uses."""
    return simulated.registers["sp"] - 256


def test_an_instruction_may_be_one_widths_alone():
    word = X["own.rot"].encode(rd=A0, rs1=A0, rs2=A1)
    assert machine(word, xlen=64).call(BASE, 1 << 63 | 1, 4, result="uint64_t") == 0x18
    with pytest.raises(IllegalInstruction):
        machine(word, xlen=32).call(BASE, 1, 4)


def test_an_operation_has_several_results():
    simulated = belt('F("f") %a; split(%a) %low %high; retn(%low, %high, b0);')
    assert simulated.call("f", 0x12345678) == (0x5678, 0x1234, 0x5678)


def test_an_operation_takes_numbers_as_wide_as_its_value():
    simulated = belt('F("f") %a; within(%a, 100) %less; retn(%less);')
    assert (simulated.call("f", 99), simulated.call("f", 100), simulated.call("f", -1)) == (1, 0, 0)


def test_an_operation_makes_a_nar():
    """Which goes on as others do, and faults where it would be realised."""
    simulated = belt(
        """
        F("f") %a; sixteenth(%a) %b; add(%b, 1) %c, isNaR(%b) %bad; retn(%bad, %c);
        F("g") %a %p; sixteenth(%a) %b; store(%p, 0, %b), retn();
        """
    )
    assert simulated.call("g", 32, below_stack(simulated)) is None
    with pytest.raises(NaRFault, match=r"NaR\(overflow\).* sixteenth at .*:3:23") as fault:
        simulated.call("g", 33, below_stack(simulated))
    assert fault.value.function is not None and fault.value.function.startswith("g.1 ")
    with pytest.raises(NaRFault, match=r"NaR\(overflow\)"):
        simulated.call("f", 33)


@pytest.mark.parametrize(
    ("operands", "result"),
    [
        ("con(6, w) %a, con(8, w) %b", "7:w"),
        ("con(6, q) %a, con(8, q) %b", "7:q"),
        ("con(6, w) %a, con(8, b) %b", "NaR(mismatched sizes):w"),
        ("con(0, b) %no; pick(%no, %no) %a, con(8, w) %b", "None:w"),
        ("con(8, w) %a, con(0, b) %no; pick(%no, %no) %b", "None:w"),
    ],
)
def test_specials_and_widths_are_no_business_of_the_operation(operands, result):
    seen = []
    look = Outcalls("look")
    look.outcall("look")(lambda focus, operand: seen.append(str(operand.operand)))
    code = f"""
        F("look") outcall(1);
        F("f"); {operands}; call0("g", %a, %b), retn();
        F("g") %a %b; average(%a, %b) %c, call0("look", %c), retn();
        """
    Machine(code.encode(), extensions=[own], plugins=[look]).call("f")
    assert seen == [result]


def test_a_condition_code_reads_what_the_operation_says():
    simulated = belt('F("f") %a %b; average(%a, %b) %m, carry() %half; retn(%m, %half);')
    assert (simulated.call("f", 3, 6), simulated.call("f", 3, 5)) == ((4, 1), (4, 0))


def test_an_operation_takes_the_time_that_the_member_says():
    member = Member("Mine", belt=8, scratchpad=64, latencies={"sixteenth": 3})
    code = 'F("f") %a; sixteenth(%a) %b; retn({});'
    assert belt(code.format("b0")).call("f", 48) == 3
    assert belt(code.format("b0"), member=member).call("f", 48) == 48
    with pytest.raises(SpecError, match="sixteenth takes 3"):
        belt(code.format("%b"), member=member)
    late = code.replace("retn", "nop(); retn")
    assert belt(late.format("%b"), member=member).call("f", 48) == 3


# Budgets and faults


def sums() -> Machine:
    """Ten times own.mac in a loop: 1 + 10 * 3 + 1 instructions."""
    return machine(
        I["addi"].encode(rd=A0, rs1=0, imm12=0),
        X["own.mac"].encode(rd=A0, rs1=A1, rs2=A1),
        I["addi"].encode(rd=A1, rs1=A1, imm12=-1),
        I["bne"].encode(rs1=A1, rs2=0, bimm12=-8),
    )


def halvings() -> Machine:
    """Ten averages with zero in a loop."""
    return belt(
        """
        F("f") %a; con(0, w) %zero, con(10, w) %n; br("again", %a, %n, %zero);
        L("again") %a %n %zero;
            average(%a, %zero) %half, sub(%n, 1) %less; eql(%less, 0) %last;
            brtr(%last, "end", %half), br("again", %half, %less, %zero);
        L("end") %a; retn(%a);
        """
    )


@pytest.mark.parametrize(
    ("make", "function", "arguments", "result", "count"),
    [(sums, BASE, (0, 10), 385, 32), (halvings, "f", (5 << 10,), 5, 33)],
    ids=["riscv", "belt"],
)
def test_budgets_of_any_size_change_nothing(make, function, arguments, result, count):
    for budget in (1, 2, 3, 7, 31, 100):
        simulated = make()
        call = simulated.begin(function, *arguments)
        steps = 1
        while not call.advance(budget):
            assert simulated.instructions == steps * budget
            steps += 1
        assert (call.result, simulated.instructions) == (result, count)


def test_a_faulting_instruction_has_done_nothing():
    simulated = machine(X["own.lwinc"].encode(rd=A0, rs1=A1, imm12=4))
    simulated.processes[0].engine.x[A1] = 0x8000_0000
    before = dict(simulated.registers)
    with pytest.raises(MemoryFault, match="0x80000000") as fault:
        simulated.run()
    assert (fault.value.pc, fault.value.address) == (BASE, 0x8000_0000)
    assert dict(simulated.registers) == before
    simulated.processes[0].engine.x[A1] = below_stack(simulated)
    assert simulated.run(budget=1) == Stop(StopKind.BUDGET)
    assert simulated.registers["a1"] == below_stack(simulated) + 4


def test_a_check_of_ones_own_faults():
    simulated = machine(X["own.even"].encode(rd=A0, rs1=A0))
    assert simulated.call(BASE, 6) == 6
    with pytest.raises(MisalignedAccess, match="an odd operand"):
        simulated.call(BASE, 7)
    assert simulated.call(BASE, 8) == 8


def test_a_division_that_nobody_guards_is_an_error_of_its_author():
    """Of Python's kind; machine and program are as they were."""
    divide = Extension("Xdivide")

    @divide.insn("own.div " + CUSTOM_0.format(0, 0))
    def own_div(s: State, i: Fields) -> None:
        """Divide."""
        s.x[i.rd] = s.x[i.rs1].udiv(s.x[i.rs2])

    group = Operations("divide")

    @group.op("divide value value")
    def divide_op(s: Strict, a: Word, b: Word) -> Word:
        """Divide."""
        return a.udiv(b)

    word = divide["own.div"].encode(rd=A0, rs1=A0, rs2=A1)
    simulated, address = machine(word, extensions=[divide]), BASE
    on_belt = belt('F("f") %a %b; divide(%a, %b) %c; retn(%c);', group)
    for one, function in ((simulated, address), (on_belt, "f")):
        before = dict(one.registers)
        with pytest.raises(ZeroDivisionError):
            one.call(function, 6, 0)
        assert dict(one.registers) == before
        assert one.call(function, 6, 3) == 2


# Side by side


def extension(name: str, factor: int) -> Extension:
    """An extension whose one instruction multiplies by a factor."""
    made = Extension(name)

    @made.insn("own.scale rd rs1 31..20=0 14..12=7 6..2=0x02 1..0=3")
    def scale(s: State, i: Fields) -> None:
        """Multiply by a factor."""
        s.x[i.rd] = s.x[i.rs1] * s.const(factor)

    return made


def operations(name: str, factor: int) -> Operations:
    """A group whose one operation multiplies by a factor."""
    made = Operations(name)

    @made.op("scale value")
    def scale(s: Strict, a: Word) -> Word:
        """Multiply by a factor."""
        return a * factor

    return made


def test_machines_with_other_instructions_of_one_name_do_not_disturb_each_other():
    word = extension("Xa", 2)["own.scale"].encode(rd=A0, rs1=A0)
    machines = [machine(word, extensions=[extension("Xa", factor)]) for factor in (2, 3, 5)]
    without = machine(word, extensions=[])
    for _ in range(2):
        assert [each.call(BASE, 7) for each in machines] == [14, 21, 35]
        with pytest.raises(IllegalInstruction, match="illegal instruction 0x"):
            without.call(BASE, 7)


def test_belts_with_other_operations_of_one_name_do_not_disturb_each_other():
    code = 'F("f") %a; scale(%a) %b; retn(%b);'
    machines = [belt(code, operations("mine", factor)) for factor in (2, 3, 5)]
    for _ in range(2):
        assert [each.call("f", 7) for each in machines] == [14, 21, 35]
    with pytest.raises(SpecError, match="unknown operation 'scale'"):
        Machine(code.encode())


def test_programs_of_one_machine_have_their_own():
    simulated = belt('F("f") %a; scale(%a) %b; retn(%b);', operations("mine", 2))
    word = extension("Xa", 3)["own.scale"].encode(rd=A0, rs1=A0)
    code = word.to_bytes(4, "little") + RET.to_bytes(4, "little")
    other = simulated.load(open_image(code, xlen=32, base=BASE), extensions=[extension("Xa", 3)])
    assert (simulated.call("f", 7), other.call(BASE, 7)) == (14, 21)


# Mistakes


@pytest.mark.parametrize("extensions", [X, own, "own", 7, None])
def test_extensions_come_in_a_list(extensions):
    with pytest.raises(ArgumentError, match="give a list"):
        Machine(b'F("f"); retn();', extensions=extensions)
    with pytest.raises(ArgumentError, match="give a list"):
        open_image(b'F("f"); retn();', extensions=extensions)
    with pytest.raises(ArgumentError, match="give a list"):
        machine(RET, extensions=extensions)


@pytest.mark.parametrize("wrong", [X, "own", own_avg, Operations, None])
def test_a_belt_takes_operations_only(wrong):
    with pytest.raises(ArgumentError, match="does not extend a belt machine; give Operations"):
        Machine(b'F("f"); retn();', extensions=[own, wrong])


@pytest.mark.parametrize("wrong", [own, "Xown", average, Extension, None])
def test_riscv_takes_extensions_only(wrong):
    with pytest.raises(ArgumentError, match="does not extend RISC-V; give an Extension"):
        machine(RET, extensions=[X, wrong])


@pytest.mark.parametrize(
    ("encoding", "other"),
    [
        ("own.new rd rs1 imm12 14..12=0 6..2=0x04 1..0=3", "addi"),
        ("own.new rd rs1 rs2 31..25=1 14..12=4 6..2=0x0C 1..0=3", "div"),
        ("own.new rd rs1 imm12 14..12=0 6..2=0x02 1..0=3", "own.avg"),
    ],
)
def test_words_that_are_taken_are_refused(encoding, other):
    new = Extension("Xnew")

    @new.insn(encoding)
    def own_new(s: State, i: Fields) -> None:
        """Nothing."""

    message = f"'own.new' of 'Xnew' has words that are '{other}' already; .*custom-0"
    with pytest.raises(ArgumentError, match=message):
        machine(RET, extensions=[X, new])


def test_short_words_that_are_taken_are_refused():
    new = Extension("Xnew")
    new.short("own.li c_rd c_imm6 15..13=2 1..0=1", "own.li {c_rd}, {c_imm6}", I["addi"],
              rd="c_rd", rs1=0, imm12="c_imm6")  # fmt: skip
    with pytest.raises(ArgumentError, match="has words that are 'c.li' already"):
        machine(RET, extensions=[new])


def test_names_that_are_taken_are_refused():
    new = Extension("Xnew")

    @new.insn("add " + CUSTOM_0.format(0, 0))
    def new_add(s: State, i: Fields) -> None:
        """Nothing."""

    with pytest.raises(ArgumentError, match="'add' of 'Xnew' exists in 'I' already"):
        machine(RET, extensions=[new])
    with pytest.raises(ArgumentError, match="'scale' of 'b' exists already"):
        belt('F("f"); retn();', operations("a", 2), operations("b", 2))
    more = Operations("more")

    @more.op("add value")
    def more_add(s: Strict, a: Word) -> Word:
        """Nothing."""
        return a

    with pytest.raises(ArgumentError, match="'add' of 'more' exists already"):
        belt('F("f"); retn();', more)
    with pytest.raises(ValueError, match="more has an operation add already"):
        more.op("add value")(more_add)


def put_before_load(s: State, i: Fields) -> None:
    """Would have changed a register when it faults."""
    s.x[i.rd] = s.x[i.rs1]
    s.x[i.rs2] = s.load(4, s.x[i.rs1])


def branch_of_python(s: State, i: Fields) -> None:
    """Asks what nobody knows yet."""
    s.x[i.rd] = s.x[i.rs1] if s.x[i.rs2].ne(0) else s.const(0)


def no_such_field(s: State, i: Fields) -> None:
    """Has no immediate."""
    s.x[i.rd] = i.imm12


def no_such_helper(s: State, i: Fields) -> None:
    """Asks for help."""
    s.x[i.rd] = helper("add_f32", s.type, s.x[i.rs1], s.x[i.rs2])


def other_width(s: State, i: Fields) -> None:
    """Puts half a register."""
    s.x[i.rd] = s.x[i.rs1].trunc(16)


@pytest.mark.parametrize(
    ("semantics", "message"),
    [
        (put_before_load, "IRError: load may trap after a put"),
        (branch_of_python, "TypeError: the truth of ne is not known"),
        (no_such_field, "AttributeError: .* no field imm12"),
        (other_width, "IRError: put of .* type i16"),
        (no_such_helper, "ValueError: there are no helpers"),
    ],
)
def test_semantics_that_is_none_is_refused_when_the_machine_is_made(semantics, message):
    new = Extension("Xnew")
    new.insn("own.new " + CUSTOM_0.format(9, 0))(semantics)
    with pytest.raises(ArgumentError, match=f"'own.new' in 'Xnew' is refused for RV32: {message}"):
        machine(RET, extensions=[new])


@pytest.mark.parametrize(
    ("semantics", "message"),
    [
        (lambda s, a: None, "b: TypeError: it returns None"),
        (lambda s, a: (a, a), "b: ValueError: it gives 2 results, and results=1"),
        (lambda s, a: a if a.eq(0) else -a, "b: TypeError: the truth of eq"),
        (lambda s: 1, "b: TypeError"),
        (lambda s, a: helper("nobody", a.type, a), "b: ValueError: there is no helper 'nobody'"),
        (lambda s, a: a.zext(64), "q: TypeError: zext from i128 to i64"),
        (lambda s, a: s.nar(NaRKind.USER, when=a) or a, "b: TypeError: what makes a NaR is a bit"),
    ],
)
def test_an_operation_that_is_none_is_refused_when_the_machine_is_made(semantics, message):
    new = Operations("new")
    semantics.__doc__ = "Something."
    new.op("thing value")(semantics)
    with pytest.raises(ArgumentError, match=f"'thing' in 'new' is refused for width {message}"):
        belt('F("f"); retn();', new)


def undocumented(*_: object) -> None:
    return None


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (lambda: X.insn("own.x " + CUSTOM_0.format(9, 0))(undocumented), "needs a docstring"),
        (lambda: X.insn("own.x rd 6..2=0x02 1..0=3"), "bits 0x.* belong to nothing"),
        (lambda: X.insn("own.x rd imm11 6..2=0x02 1..0=3"), "unknown field 'imm11'"),
        (lambda: X.insn("own.x rd 15..12=0 11=0 6..2=2 1..0=3"), "overlaps bits"),
        (lambda: X.insn("Own " + CUSTOM_0.format(9, 0)), "a mnemonic is of"),
        (lambda: X.insn("own.x 15..2=0 1..0=1"), r"stands for a long one: short\(\)"),
        (lambda: own.op("thing value")(undocumented), "needs a docstring"),
        (lambda: own.op("thing valeu"), "'valeu' is not a valid Kind; kinds are value"),
        (lambda: own.op("thing value", sizes="wz"), "are not all widths"),
        (lambda: own.op("b7 value"), "'b7' cannot name an operation"),
        (lambda: own.op("outcall value"), "'outcall' cannot name an operation"),
        (lambda: own.op("my.op value"), "'my.op' cannot name an operation"),
    ],
)
def test_a_malformed_declaration_is_refused_at_once(declare, message):
    with pytest.raises(ValueError, match=message):
        declare()
