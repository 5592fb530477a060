"""From a template to Python: the source of a closure factory.

A factory takes the environment of a process (registers, memory ports) and gives a maker; that
takes the operands of one instruction and gives a function to be called without arguments. What
the function needs it has as defaults: they are made in half the time of a closure's cells.

    def addi(env):
        x = env.x
        def make(pc, next, rd, rs1, imm12):
            rd_ = rd or 32
            def step(rd_=rd_, rs1=rs1, imm12=imm12, x=x):
                x[rd_] = x[rs1] + imm12 & 0xffffffff
            return step
        return make

An instruction that ends a block returns the next pc, or `~pc` when it leaves to the run loop.
What depends on operands alone is computed once, in the maker. Registers hold unsigned ints;
an expression is *clean* when it is known to lie in its type's range, and masked where it must
be. Addresses are offsets into the arena: the arena's base is subtracted with the constants.

A signal may interrupt a step wherever Python calls something, and the step is then run again
from its start. So nothing is called once the first of its effects is done: a store that is
served by a call writes last thing, and what remains after it is written in line.
"""

from __future__ import annotations

import re
from typing import cast

from attrs import evolve, frozen

from simfw.engine.uses import count_uses, gets_that_cross_a_put, hold_a_division
from simfw.ir.layout import Layout
from simfw.ir.ops import Block, Effect, Slot, Type, Value

_ATOM, _PRODUCT, _SUM, _SHIFT, _AND, _XOR, _OR, _COMPARE, _TERNARY = 12, 10, 9, 8, 7, 6, 5, 4, 0

_WRAPPING = {"add": ("+", _SUM), "sub": ("-", _SUM), "mul": ("*", _PRODUCT)}
_BITWISE = {"and": ("&", _AND), "or": ("|", _OR), "xor": ("^", _XOR)}
_UNSIGNED = {"eq": "==", "ne": "!=", "ult": "<", "uge": ">="}
_SIGNED = {"slt": "<", "sge": ">="}
_DIVISION = {"udiv": "//", "urem": "%"}
_TRUNCATING = {"sdiv": "quotient", "srem": "remainder"}


@frozen(eq=False)
class Code:
    """An expression: its text, how tightly it binds, and what is known of its value."""

    text: str
    level: int
    clean: bool
    static: bool = False  # depends on the operands of the instruction alone

    def at(self, level: int) -> str:
        """The text, in parentheses unless it binds at least as tightly as `level`."""
        return self.text if self.level >= level else f"({self.text})"


@frozen(eq=False)
class Factory:
    """The source of a factory, and its name."""

    name: str
    source: str


def factory(
    name: str, block: Block, fields: tuple[str, ...], layout: Layout, *, based: bool
) -> Factory:
    """Write the factory for a template.

    `based` says that the arena may begin elsewhere than at 0 and may end below the highest
    address (RV64); without it every address is an offset into the arena as it stands (RV32).
    """
    return Factory(name, _Writer(block, layout, based=based).write(name, fields))


class _Writer:
    def __init__(self, block: Block, layout: Layout, *, based: bool) -> None:
        self.block = block
        self.layout = layout
        self.based = based
        self.needs: dict[str, str] = {}  # name → expression, bound first in the factory
        self.sinks: dict[str, str] = {}  # destination fields, with register 0 sent to the sink
        self.hoisted: dict[str, str] = {}  # text → name, computed in the factory
        self.body: list[str] = []
        self.known: dict[int, Code] = {}  # values that have a local name
        self.uses = count_uses(block)
        self.crossing = gets_that_cross_a_put(block)
        self.guarded = hold_a_division(block)

    def write(self, name: str, fields: tuple[str, ...]) -> str:
        for effect in self.block.effects:
            self._effect(effect)
        if self._goes_on_after_a_store():
            self.body.append(f"if {self._need('engine')}.code_changed:")
            self.body.append(f"    raise {self._need('CodeChanged')}")
        lines = [f"def {name}(env):"]
        lines += [f"    {local} = {text}" for local, text in self.needs.items()]
        lines += [f"    def make({', '.join(('pc', 'next', *fields))}):"]
        lines += [f"        {local} = {text}" for local, text in self.sinks.items()]
        lines += [f"        {local} = {text}" for text, local in self.hoisted.items()]
        defaults = [f"{local}={local}" for local in self._mentioned(fields)]
        lines += [f"        def step({', '.join(defaults)}):"]
        lines += [f"            {line}" for line in self.body or ["pass"]]
        return "\n".join([*lines, "        return step", "    return make", ""])

    def _mentioned(self, fields: tuple[str, ...]) -> list[str]:
        """The names from around the step that its body uses."""
        words = set(re.findall(r"\w+", " ".join(self.body)))
        around = (*self.sinks, *self.hoisted.values(), "pc", "next", *fields, *self.needs)
        return [local for local in around if local in words]

    def _goes_on_after_a_store(self) -> bool:
        """Whether an instruction that falls through stores and then does more."""
        kinds = [effect.kind for effect in self.block.effects]
        return "store" in kinds[:-1] and self.block.end is None

    # Names bound in the factory

    def _need(self, name: str, expression: str | None = None) -> str:
        self.needs.setdefault(name, expression or f"env.{name}")
        return name

    def _hoist(self, code: Code) -> Code:
        if not code.static or code.level == _ATOM:
            return code
        local = self.hoisted.setdefault(code.text, f"k{len(self.hoisted)}")
        return Code(local, _ATOM, code.clean, static=True)

    def _local(self, code: Code) -> Code:
        local = f"v{len(self.known)}"
        self.body.append(f"{local} = {code.text}")
        return evolve(code, text=local, level=_ATOM, static=False)

    # Values

    def _clean(self, value: Value) -> Code:
        return self._masked(self._code(value), value.type)

    def _masked(self, code: Code, type: Type) -> Code:
        if code.clean:
            return code
        return self._hoist_operand(
            Code(f"{code.at(_AND)} & {type.mask:#x}", _AND, clean=True, static=code.static)
        )

    def _hoist_operand(self, code: Code) -> Code:
        return code if not code.static else self._hoist(code)

    def _code(self, value: Value) -> Code:
        known = self.known.get(id(value))
        if known is not None:
            return known
        if value.op == "const":
            return Code(_literal(value), _ATOM, clean=True, static=True)
        if value.op == "field":
            return self._field(value)
        code = self._get(value) if value.op == "get" else self._operation(value)
        if id(value) in self.guarded:  # stays where the select that guards it decides
            return evolve(code, static=False)
        if self.uses[id(value)] > 1 and not code.static:
            code = self.known[id(value)] = self._local(self._masked(code, value.type))
        return code

    def _field(self, value: Value) -> Code:
        name, is_signed = cast(tuple[str, bool], value.attr)
        return Code(name, _ATOM, clean=not is_signed, static=True)

    def _get(self, value: Value) -> Code:
        assert isinstance(value.attr, Slot)
        return Code(self._slot(value.attr), _ATOM, clean=True)

    def _slot(self, slot: Slot, *, written: bool = False) -> str:
        self._need("x")
        file = self.layout.files[slot.file]
        if isinstance(slot.index, int):
            index = file.sink if written and file.sink and slot.index == 0 else None
            return f"x[{index or file.offset + slot.index}]"
        if written and file.sink is not None:
            shifted = f"{slot.index} + {file.offset}" if file.offset else f"{slot.index}"
            other = f"{shifted} if {slot.index} else" if file.offset else f"{shifted} or"
            self.sinks[f"{slot.index}_"] = f"{other} {file.sink}"
            return f"x[{slot.index}_]"
        if file.offset:
            shifted = self._hoist(Code(f"{slot.index} + {file.offset}", _SUM, True, static=True))
            return f"x[{shifted.text}]"
        return f"x[{slot.index}]"

    def _operation(self, value: Value) -> Code:
        op, args, type = value.op, value.args, value.type
        if op in _WRAPPING:
            return self._wrapping(op, self._code(args[0]), self._code(args[1]))
        if op in _BITWISE:
            return self._bitwise(op, self._code(args[0]), self._code(args[1]))
        if op in ("shl", "lshr", "ashr"):
            return self._shift(op, args[0], args[1])
        if op in _UNSIGNED:
            a, b = (self._clean(arg) for arg in args)
            return self._join(f" {_UNSIGNED[op]} ", a, b, _COMPARE, clean=True)
        if op in _SIGNED:
            a, b = (self._biased(arg) for arg in args)
            return self._join(f" {_SIGNED[op]} ", a, b, _COMPARE, clean=True)
        if op in _DIVISION:
            a, b = (self._clean(arg) for arg in args)
            return self._join(f" {_DIVISION[op]} ", a, b, _PRODUCT, clean=True)
        if op in _TRUNCATING:
            a, b = (self._signed(arg) for arg in args)
            name = self._need(_TRUNCATING[op])
            return Code(f"{name}({a.text}, {b.text})", _ATOM, clean=False)
        if op == "select":
            return self._select(*args)
        if op == "sext":
            return self._signed(args[0])
        if op == "zext":
            return self._widened(args[0])
        if op == "trunc":
            return evolve(self._code(args[0]), clean=False)
        if op == "helper":
            name = self._need(str(value.attr))
            cleaned = ", ".join(self._hoist(self._clean(arg)).text for arg in args)
            return Code(f"{name}({cleaned})", _ATOM, clean=True)
        name = self._need(op)
        a = self._clean(args[0])
        return Code(f"{name}({a.text}, {type.bits})", _ATOM, clean=True)

    def _join(self, sign: str, a: Code, b: Code, level: int, *, clean: bool) -> Code:
        static = a.static and b.static
        if not static:
            a, b = self._hoist(a), self._hoist(b)
        # comparisons do not associate, the others do to the left
        left = level + 1 if level == _COMPARE else level
        return Code(f"{a.at(left)}{sign}{b.at(level + 1)}", level, clean, static)

    def _wrapping(self, op: str, a: Code, b: Code) -> Code:
        sign, level = _WRAPPING[op]
        return self._join(f" {sign} ", a, b, level, clean=False)

    def _bitwise(self, op: str, a: Code, b: Code) -> Code:
        sign, level = _BITWISE[op]
        # `and` with one operand in range gives a result in range, whatever the other is
        clean = a.clean or b.clean if op == "and" else a.clean and b.clean
        return self._join(f" {sign} ", a, b, level, clean=clean)

    def _shift(self, op: str, a: Value, amount: Value) -> Code:
        bits = a.type.bits
        by = self._code(amount)
        if amount.constant is not None:
            by = Code(str(amount.constant % bits), _ATOM, clean=True, static=True)
        else:
            by = self._join(
                " & ", by, Code(str(bits - 1), _ATOM, True, static=True), _AND, clean=True
            )
        if op == "shl":
            return self._join(" << ", self._code(a), by, _SHIFT, clean=False)
        if op == "lshr":
            return self._join(" >> ", self._clean(a), by, _SHIFT, clean=True)
        return self._join(" >> ", self._signed(a), by, _SHIFT, clean=False)

    def _biased(self, value: Value) -> Code:
        """The operand with its sign bit flipped: unsigned order of these is signed order."""
        sign = Code(f"{value.type.sign:#x}", _ATOM, clean=True, static=True)
        return self._join(" ^ ", self._clean(value), sign, _XOR, clean=True)

    def _signed(self, value: Value) -> Code:
        sign = Code(f"{value.type.sign:#x}", _ATOM, clean=True, static=True)
        return self._join(" - ", self._biased(value), sign, _SUM, clean=False)

    def _select(self, condition: Value, yes: Value, no: Value) -> Code:
        a, b, c = self._code(yes), self._code(no), self._clean(condition)
        clean = a.clean and b.clean
        if not (a.static and b.static and c.static):
            a, b, c = self._hoist(a), self._hoist(b), self._hoist(c)
        text = f"{a.at(_OR)} if {c.at(_COMPARE)} else {b.at(_OR)}"
        return Code(text, _TERNARY, clean, a.static and b.static and c.static)

    def _widened(self, value: Value) -> Code:
        code = self._clean(value)
        if value.type.bits > 1:
            return code
        return Code(f"1 if {code.at(_COMPARE)} else 0", _TERNARY, True, code.static)

    # Effects

    def _effect(self, effect: Effect) -> None:
        match effect.kind:
            case "get":
                assert effect.value is not None
                if id(effect.value) in self.crossing:
                    self.known[id(effect.value)] = self._local(self._get(effect.value))
            case "load":
                self._load(effect)
            case "store":
                self._store(effect)
            case "put":
                assert isinstance(effect.detail, Slot)
                code = self._hoist(self._clean(effect.args[0]))
                self.body.append(f"{self._slot(effect.detail, written=True)} = {code.text}")
            case "check":
                condition, address = (self._clean(arg) for arg in effect.args)
                self.body.append(f"if not {condition.at(_COMPARE)}:")
                trap = self._need("trap")
                self.body.append(f"    {trap}({effect.detail!r}, {self._hoist(address).text})")
            case _:
                self._end(effect)

    def _end(self, effect: Effect) -> None:
        match effect.kind:
            case "jump":
                self.body.append(f"return {self._hoist(self._clean(effect.args[0])).text}")
            case "branch":
                condition, taken, other = effect.args
                test = self._clean(condition)
                a, b = (self._hoist(self._clean(target)) for target in (taken, other))
                arms = a.at(_COMPARE), b.at(_COMPARE)
                self.body.append(f"return {arms[0]} if {test.at(_COMPARE)} else {arms[1]}")
            case "dispatch":
                values = [self._hoist(self._clean(arg)).text for arg in effect.args]
                function = self._need(str(effect.detail))
                self.body.append(f"return {function}({', '.join(['site', *values])})")
            case _:
                self.body.append(f"return {self._hoist(Code('~pc', _SUM, True, True)).text}")

    def _offset(self, address: Value) -> str:
        """Assign the arena offset of `address` to a local and name it."""
        code = self._code(address)
        if self.based:
            base = Code(self._need("base"), _ATOM, clean=True, static=True)
            code = self._less_base(address, code, base)
        local = f"a{len(self.body)}"
        self.body.append(f"{local} = {self._masked(code, address.type).text}")
        return local

    def _less_base(self, address: Value, code: Code, base: Code) -> Code:
        if address.op == "add" and id(address) not in self.known:
            left, right = (self._code(arg) for arg in address.args)
            if right.static:
                displacement = self._join(" - ", right, base, _SUM, clean=False)
                return self._join(" + ", left, displacement, _SUM, clean=False)
        return self._join(" - ", code, base, _SUM, clean=False)

    def _fast(self, offset: str, size: int, bit: int) -> str:
        """The condition under which an access may go straight to the arena."""
        inside = f"{offset} < {self._need('span')} and " if self.based else ""
        aligned = f" and not {offset} & {size - 1}" if size > 1 else ""
        return f"{inside}{self._need('pages')}[{offset} >> 12] & {bit}{aligned}"

    def _cell(self, offset: str, size: int) -> str:
        port = self._need(f"u{8 * size}")
        return f"{port}[{offset} >> {size.bit_length() - 1}]" if size > 1 else f"{port}[{offset}]"

    def _load(self, effect: Effect) -> None:
        assert effect.value is not None
        size, access = cast(tuple[int, str], effect.detail)
        offset = self._offset(effect.args[0])
        if access == "write":  # an atomic's load: rare, always checked in full
            text = f"{self._need('load_for_update')}({offset}, {size})"
        else:
            slow = f"{self._need('load')}({offset}, {size})"
            text = f"{self._cell(offset, size)} if {self._fast(offset, size, 1)} else {slow}"
        self.known[id(effect.value)] = self._local(Code(text, _TERNARY, clean=True))

    def _store(self, effect: Effect) -> None:
        size = effect.detail
        assert isinstance(size, int)
        when = self._clean(effect.args[2]).at(_COMPARE) if len(effect.args) == 3 else ""
        offset = self._offset(effect.args[0])
        value = self._hoist(self._clean(effect.args[1])).text
        serve = "store" if effect is self.block.effects[-1] else "store_and_go_on"
        lines = [
            f"if {self._fast(offset, size, 2)}:",
            f"    {self._cell(offset, size)} = {value}",
            "else:",
            f"    {self._need(serve)}({offset}, {size}, {value})",
        ]
        self.body += [f"if {when}:", *(f"    {line}" for line in lines)] if when else lines


def _literal(value: Value) -> str:
    number = value.constant or 0
    return str(number) if number < 10 else f"{number:#x}"
