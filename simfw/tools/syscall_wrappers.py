"""C functions around `ecall`, for outcalls that have a system call number.

Arguments go to a0, a1, …, the number to a7; the result is in a0. What is twice as wide as a
register takes two, the low half first. A function whose types are wider than 32 bits therefore
has two bodies, one for each width of registers.
"""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import indent

from conasm.ctypes import CType, DataModel, Kind
from conasm.errors import TypeSpellingError
from conasm.nodes import OutcallDeclaration
from simfw.tools.c_prototypes import Parameter, Prototype, spelled
from simfw.tools.declared import Complaints

MOST_REGISTERS = 7
"""a0 to a6."""

_BITS = {4: "uint32_t", 8: "uint64_t"}


def wrapper(outcall: OutcallDeclaration, made: Prototype, complaints: Complaints) -> str:
    """Return the definition of an outcall that is a system call, or note why there is none."""
    try:
        widest = max(type_.size(model) for type_ in made.types for model in DataModel)
        registers = max(_count(made.parameters, model) for model in DataModel)
    except TypeSpellingError as error:
        complaints.add(outcall.position, f"{made.name}: {error}; pass a pointer")
        return ""
    if widest > 8:
        complaints.add(outcall.position, f"{made.name}: no register holds {widest} bytes")
    if registers > MOST_REGISTERS:
        why = f"a system call has {MOST_REGISTERS} registers for arguments, {made.name} needs"
        complaints.add(outcall.position, f"{why} {registers}; pass a pointer to a structure")
    number = outcall.syscall or 0
    wide, narrow = _body(made, number, DataModel.LP64), _body(made, number, DataModel.ILP32)
    body = wide
    if wide != narrow:
        body = f"#if __riscv_xlen == 32\n{narrow}#else\n{wide}#endif\n"
    return f"static inline {made}\n{{\n{body}}}\n"


def _count(parameters: Sequence[Parameter], model: DataModel) -> int:
    return sum(len(_images(parameter, model)) for parameter in parameters)


def _body(made: Prototype, number: int, model: DataModel) -> str:
    """Return the statements for one width of registers."""
    images = [image for parameter in made.parameters for image in _images(parameter, model)]
    outputs = 2 if _is_pair(made.result, model) else 1
    images += ["0"] * (outputs - len(images))
    values = {f"a{index}": image for index, image in enumerate(images)} | {"a7": str(number)}
    lines = [line for parameter in made.parameters for line in _bits_of(parameter)]
    lines += [
        f'register intptr_t {name} __asm__("{name}") = {value};' for name, value in values.items()
    ]
    written = ", ".join(f'"+r"(a{index})' for index in range(outputs))
    read = ", ".join([f'"r"(a{index})' for index in range(outputs, len(images))] + ['"r"(a7)'])
    lines.append(f'__asm__ volatile("ecall" : {written} : {read} : "memory");')
    lines += _return(made.result, model)
    return indent("".join(f"{line}\n" for line in lines), "    ")


def _is_pair(type_: CType, model: DataModel) -> bool:
    return type_.size(model) > model.value


def _bits_of(parameter: Parameter) -> list[str]:
    """Return what takes the bits of a floating-point argument."""
    if parameter.type.kind is not Kind.FLOAT:
        return []
    bits = f"{parameter.name}_bits"
    return [
        f"{_BITS[parameter.type.size(DataModel.LP64)]} {bits};",
        f"__builtin_memcpy(&{bits}, &{parameter.name}, sizeof {bits});",
    ]


def _images(parameter: Parameter, model: DataModel) -> list[str]:
    """Return what the registers of one argument are set to."""
    name, type_ = parameter.name, parameter.type
    if type_.kind is Kind.BYTES:
        return [f"(intptr_t){name}_data", f"(intptr_t){name}_size"]
    if type_.kind is Kind.FLOAT:
        name = f"{name}_bits"
    if _is_pair(type_, model):
        return [f"(intptr_t)(uint32_t){name}", f"(intptr_t)(uint32_t)((uint64_t){name} >> 32)"]
    return [f"(intptr_t){name}"]


def _return(type_: CType, model: DataModel) -> list[str]:
    """Return the statements that make the result of a0, or of a0 and a1."""
    if type_.kind is Kind.VOID:
        return []
    value = "a0"
    if _is_pair(type_, model):
        value = "((uint64_t)(uint32_t)a1 << 32 | (uint32_t)a0)"
    if type_.kind is not Kind.FLOAT:
        return [f"return ({spelled(type_)}){value};"]
    bits = _BITS[type_.size(model)]
    return [
        f"{bits} bits = ({bits}){value};",
        f"{spelled(type_)} result;",
        "__builtin_memcpy(&result, &bits, sizeof result);",
        "return result;",
    ]
