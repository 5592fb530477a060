"""What a belt program does wrong, and how it is told: what, where, and who made it."""

from __future__ import annotations

import pytest

from simfw import (
    BindError,
    BudgetExhausted,
    GuestFault,
    IllegalInstruction,
    LoadError,
    Machine,
    MemoryFault,
    NaRFault,
    Outcalls,
)
from simfw.belt import plan, versions


def fault_of(text: str, *args: object) -> GuestFault:
    with pytest.raises(GuestFault) as caught:
        Machine(text.encode()).call("f", *args)
    return caught.value


# --- NaRs that are realised; the NaR is made in line 2, and realised in line 3

MAKERS = {
    "addx(%a, 0x7fffffff) %x": ("overflow", "addx"),
    "divu(%a, 0) %x": ("division by zero", "divu"),
    "shiftl(%a, 32) %x": ("bit number too big", "shiftl"),
    "widens(%a) %y; add(%a, %y) %x": ("mismatched sizes", "add"),
    "pick(b9, %a) %x": ("invalid operand", "pick"),
    "scratchf(8), fill(0, w) %x": ("invalid operand", "fill"),
    "rescue(b9) %x": ("invalid operand", "rescue"),
    "pickup(tag) %x, load(%p, 0, w, tag)": ("invalid operand", "pickup"),
    'lea("none"); call1(b0) %x': ("invalid operand", "call1"),
}
REALISED = [
    "store(%p, 0, %x), retn();",
    "store(%x, 0, %p), retn();",
    "store(%p, %x, %a), retn();",
    'brtr(%x, "f2"), retn();',
    'brfl(%x, "f2"), retn();',
    "retntr(%x), retn();",
    "retnfl(%x), retn();",
    "call0(%x), retn();",
    'calltr0(%x, "none"), retn();',
    'callfl0(%x, "none"), retn();',
]
UNIT = (
    'F("none"); retn();\nF("f") %a %p;\n{maker}; nop(); nop(); nop(); nop(); nop(); nop(); nop();'
)
UNIT += '\n    {use}\nL("f2"); retn();'


@pytest.mark.parametrize("maker", MAKERS)
def test_a_fault_names_the_nar_and_who_made_it(maker):
    kind, name = MAKERS[maker]
    fault = fault_of(UNIT.format(maker=maker, use="store(%p, 0, %x), retn();"), 5, 0)
    assert isinstance(fault, NaRFault)
    assert f"a NaR is realised: NaR({kind}), made by {name} at <bytes>:3:" in str(fault)


@pytest.mark.parametrize("use", REALISED)
def test_a_fault_names_the_operation_that_realises(use):
    maker = "addx(%a, 0x7fffffff) %x"
    fault = fault_of(UNIT.format(maker=maker, use=use), 5, 0)
    assert isinstance(fault, NaRFault)
    assert "made by addx at <bytes>:3:1 in f.8 (<bytes>:4:5)" in str(fault)
    assert fault.function == "f.8 (<bytes>:4:5)"


def test_a_nar_keeps_who_made_it_on_its_way():
    text = """
    D("cell") d(0);
    F("g") %x; narrow(%x) %y; add(%y, 1) %z; retn(%z);
    F("f") %a; addx(%a, %a) %n, scratchf(8), lea("cell") %p; spill(0, %n); fill(0, w) %m;
        widens(%m) %w; pick(b0, %w) %v; conform(%p, %v); call1("g", %v) %r; br("on", %r, %p);
    L("on") %x %p; store(%p, 0, %x), retn();
    """
    fault = fault_of(text, 2**31 - 1)
    assert "NaR(overflow), made by addx at <bytes>:4:16 in f.on.0 (<bytes>:6:20)" in str(fault)


def test_a_none_is_never_a_fault():
    text = """
    F("f") %p; rd(noned) %none, rd(zerob) %no; addx(b0, 1) %x, calltr0(%none, "f", %p);
        store(%none, 0, %x), store(%p, 0, %none), call1(%none) %r;
        brtr(%none, "on"), brfl(%none, "on"), retntr(%none), isNone(%r), retn(b0);
    L("on"); con(5, b); retn(b0);
    """
    assert Machine(text.encode()).call("f", 0) == 1


# --- memory


BAD = {
    "load(%p, 0, w, 0); retn();": "f.0 (<bytes>:2:12)",
    "load(%p, 0, b, 2); nop(); nop(); retn();": "f.0 (<bytes>:2:12)",
    "load(%p, 0, w, tag); nop(); pickup(tag); retn();": "f.0 (<bytes>:2:12)",
    "nop(); store(%p, 4, %p), retn();": "f.1 (<bytes>:2:19)",
    "nop(); add(%p, 1), store(%p, 4, b0), retn();": "f.1 (<bytes>:2:31)",
}


@pytest.mark.parametrize("code", BAD)
def test_a_memory_fault_tells_the_operation(code):
    fault = fault_of(f'\nF("f") %p; {code}', 0x20)
    assert isinstance(fault, MemoryFault)
    assert fault.address in (0x20, 0x24)
    assert fault.function == BAD[code]


def test_a_load_that_is_given_up_does_not_fault():
    text = 'F("f") %p; load(%p, 0, w, tag), load(%p, 0, w, 3); refuse(tag), retn();'
    assert Machine(text.encode()).call("f", 0x20) is None


def test_an_address_of_more_than_64_bits_is_a_fault():
    for code in ("load(b0, 0, b, 0); retn();", "store(b0, 0, %p); retn();"):
        fault = fault_of(f'F("f") %p; con(0x10000000000000000, q); {code}', 0)
        assert isinstance(fault, MemoryFault)
        assert "an address of more than 64 bits: 0x10000000000000000 in f.1" in str(fault)
    fault = fault_of('F("f"); con(-1, q); load(b0, 0, b, tag); pickup(tag), retn();')
    assert isinstance(fault, MemoryFault)
    assert fault.function == "f.1 (<bytes>:1:21)"


def test_addresses_wrap_at_64_bits():
    text = 'D("cell") b(7); F("f") %o; lea("cell") %p; sub(%p, 1) %q; load(%q, %o, b, 0); retn(b0);'
    assert Machine(text.encode()).call("f", 1) == 7
    text = """
    D("cell") b(7);
    F("f"); lea("cell") %p, con(-1, d) %m; add(%p, 1) %o; load(%m, %o, b, 0); retn(b0);
    """
    assert Machine(text.encode()).call("f") == 7


def test_what_lies_behind_the_data_is_not_there():
    fault = fault_of('D("cell") b(1); F("f"); lea("cell"); load(b0, 4096, b, 0); retn();')
    assert isinstance(fault, MemoryFault)


# --- calls


def test_a_call_of_what_is_no_function():
    fault = fault_of('F("f") %p; nop(); con(1, b), call0(%p), retn();', 0x1234)
    assert str(fault).startswith("call of 0x1234, where no function is in f.1 (<bytes>:1:30)")
    fault = fault_of('F("f") %p; con(0x10000000040000000, q); call0(b0), retn();', 0)
    assert "call of 0x10000000040000000" in str(fault)


@pytest.mark.parametrize(
    "address", [0, 0x4000_0008, (1 << 48) - 4, (1 << 48) - 2, (1 << 64) - 4096]
)
def test_addresses_of_the_simulators_own_cannot_be_called(address):
    fault = fault_of(f'F("f"); con({address}, d); call0(b0), retn();')
    assert "where no function is" in str(fault)


def test_a_function_that_does_not_exist_is_found_when_loading():
    calls = Outcalls("host")
    calls.outcall("here")(lambda focus: None)
    with pytest.raises(BindError, match="outcall 'there' is declared, but no plugin"):
        Machine(b'F("there") outcall(0); F("here") outcall(0); F("f"); retn();', plugins=[calls])


def test_the_data_stack_is_bounded():
    text = 'F("f") %n; stackf(4096), lea(fp, 0) %p, sub(%n, 1) %m, eql(%n, 0) %z;'
    text += 'store(%p, 0, %n), retntr(%z, %n), br("on", %m); L("on") %m; call1("f", %m), retn(b0);'
    assert Machine(text.encode()).call("f", 200) == 0
    fault = fault_of(text, 300)
    assert "data stack full: no room for 4096 bytes in f.0 (<bytes>:1:12)" in str(fault)
    assert "is there a recursion that does not end?" in str(fault)
    assert len(fault.backtrace) > 250


def test_a_stack_frame_larger_than_all_of_the_stack():
    assert "no room for 2147483647 bytes" in str(fault_of('F("f"); stackf(2147483647); retn();'))


def test_there_may_be_no_main():
    with pytest.raises(IllegalInstruction, match=r'there is no F\("main"\) to run'):
        Machine(b'F("f"); retn();').run()


# --- faults leave everything in order


def test_after_a_fault_the_machine_goes_on():
    text = 'F("f") %p; store(%p, 0, %p), retn(%p); F("g"); con(3, b), retn(b0);'
    guest = Machine(text.encode())
    for _ in range(3):
        with pytest.raises(MemoryFault):
            guest.call("f", 1)
        assert guest.call("g") == 3


def test_a_program_stands_at_the_operation_that_faulted():
    """What came before it in its instruction has happened, and is not repeated."""
    text = """
    D("cells") w(0), w(0);
    F("main"); lea("cells") %p, con(1, w) %one, con(1, d) %bad;
        load(%p, 0, w, 0) %old, load(%p, 4, w, 0) %x;
        add(%old, 1) %new;
        store(%p, 0, %new), store(%bad, 0, %one), br("end", %p);
    L("end") %p; load(%p, 0, w, 0) %r; retn(%r);
    """
    guest = Machine(text.encode())
    counts: list[int] = []
    for _ in range(2):
        with pytest.raises(MemoryFault, match=r"in main\.3 \(<bytes>:6:29\)"):
            guest.run()
        counts.append(guest.instructions)
    assert counts == [4, 4]
    assert guest.memory.load(guest.address_of("cells"), "u32") == 1


@pytest.mark.parametrize("first", ["store(%bad, 0, %bad)", 'brtr(%nar, "end")', "call0(%bad)"])
def test_an_instruction_that_faults_at_its_first_operation_counts_once(first):
    text = f'F("main") %bad; addx(%bad, 0x7fffffff) %nar; {first}, br("end"); L("end"); retn();'
    guest = Machine(text.encode())
    for _ in range(3):
        with pytest.raises(GuestFault):
            guest.run()
        assert guest.instructions == 2


def test_a_budget_that_ends_before_the_instruction_at_fault_ends_first():
    guest = Machine(b'F("f") %p; nop(); nop(); store(%p, 0, %p), retn();')
    with pytest.raises(BudgetExhausted):
        guest.call("f", 1, budget=2)
    with pytest.raises(MemoryFault):
        guest.call("f", 1, budget=3)


# --- limits of the implementation


def test_too_many_versions_are_a_fault(monkeypatch):
    monkeypatch.setattr(versions, "MOST_VERSIONS", 8)
    names = " ".join(f"%a{n}" for n in range(8))
    text = f"""
    F("f") %n; con(0, b), con(0, b), con(0, b), con(0, b), con(0, b), con(0, b), con(0, b),
        con(1, h); br("loop", %n, b0, b1, b2, b3, b4, b5, b6, b7);
    L("loop") %n {names}; sub(%n, 1) %m, eql(%n, 0) %z; brtr(%z, "end"), br("loop", %m, %a7, %a0,
        %a1, %a2, %a3, %a4, %a5, %a6);
    L("end"); retn();
    """
    assert "meets its blocks in more than 8 ways" in str(fault_of(text, 100))


def test_code_that_was_dropped_is_made_again(monkeypatch):
    monkeypatch.setattr(versions, "MOST_KEPT", 10)
    text = b"""
    F("f") %n; con(0, w) %s; br("loop", %n, %s);
    L("loop") %n %s; add(%s, %n) %t, sub(%n, 1) %m, eql() %z; call1("g", %t) %u;
        brtr(%z, "end", %u), br("loop", %m, %u);
    L("end") %s; retn(%s);
    F("g") %a; addx(%a, 1) %b, con(1, b) %c; pick(%c, %b, %a) %d; retn(%d);
    """
    assert Machine(text).call("f", 100) == 5150


def test_too_many_operands_at_a_time_are_refused_when_loading(monkeypatch):
    monkeypatch.setattr(plan, "MOST_LIVE", 20)
    text = b'F("f") %p; load(%p, 0, b, 9), load(%p, 0, b, 9), load(%p, 0, b, 9); nop(); retn();'
    assert Machine(text).call("f", 1) is None  # a load keeps nothing but its address
    sums = ", ".join(["mul(%p, 1)"] * 30)
    with pytest.raises(LoadError, match="more than 20 operands are on the belt or on their way"):
        Machine(f'F("f") %p; {sums}; nop(); nop(); nop(); retn();'.encode())


def test_long_blocks_go_on_in_several_versions():
    adds = "add(b0, 1); " * 5000
    assert Machine(f'F("f"); con(0, w); {adds} retn(b0);'.encode()).call("f") == 5000
