"""One argument of a backcall: from the host's value to what fills its registers and stack slots.

`plan` makes an `Outgoing` of each parameter. Arguments that are plain numbers in one register
have an `image`, the fast way; every argument has `convert`, which may push data on the way.
"""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral

from attrs import frozen

from conasm.ctypes import CType, Kind
from simfw.border.loans import writable
from simfw.border.places import image_parts, imager
from simfw.border.pushes import Pushes
from simfw.convention import Convention, Part, Register
from simfw.errors import ArgumentError, RangeError
from simfw.signature import Signature
from simfw.types import GuestType, OperandType, is_text, operand_types
from simfw.values import Encoder, Mistakes, is_buffer

Convert = Callable[[object, Pushes], tuple[int, ...]]
"""From a value to the register-wide images of its parts."""


@frozen(eq=False)
class Outgoing:
    """One parameter as the guest expects it; `parts` are those of all its operands in order."""

    parts: tuple[Part, ...]
    convert: Convert
    image: Encoder | None

    @property
    def register(self) -> int | None:
        """The register of an argument that has an `image` and lies in one, if so."""
        if self.image is None or len(self.parts) != 1:
            return None
        (part,) = self.parts
        return part.index if isinstance(part, Register) else None


def plan(signature: Signature, convention: Convention) -> list[Outgoing]:
    """How each parameter of a signature is passed; raises BindError where one cannot be."""
    places = iter(convention.place(signature).arguments)
    planned: list[Outgoing] = []
    for position, parameter in enumerate(signature.parameters, 1):
        operands = operand_types(parameter.type, signature.model)
        parts = [next(places) for _ in operands]
        mistakes = Mistakes(signature.parameter_label(position), ArgumentError, RangeError)
        planned.append(_outgoing(parameter.type, operands, parts, convention, mistakes))
    return planned


def _outgoing(
    declared: GuestType,
    operands: tuple[OperandType, ...],
    parts: list[tuple[Part, ...]],
    convention: Convention,
    mistakes: Mistakes,
) -> Outgoing:
    flat = tuple(part for several in parts for part in several)
    image = imager(operands[0], convention, mistakes)
    if isinstance(declared, CType) and declared.kind is Kind.BYTES:
        return Outgoing(flat, _counted(mistakes), None)
    if operands[0].is_address:
        return Outgoing(flat, _pointer(declared, image, mistakes), None)
    count, xlen = len(flat), convention.xlen
    if count == 1:
        return Outgoing(flat, lambda value, pushes: (image(value),), image)
    return Outgoing(flat, lambda value, pushes: image_parts(image(value), count, xlen), None)


def _counted(mistakes: Mistakes) -> Convert:
    """`bytes`: an address and a length."""

    def convert(value: object, pushes: Pushes) -> tuple[int, ...]:
        if not is_buffer(value):
            advice = "encode() makes bytes of text" if isinstance(value, str) else ""
            raise mistakes.wrong(value, "bytes or another buffer", advice)
        data = _content(value)
        return pushes.push(data), len(data)

    return convert


def _pointer(declared: GuestType, image: Encoder, mistakes: Mistakes) -> Convert:
    """A pointer: to data that is pushed, to a buffer that is lent, or an address."""
    takes_text = is_text(declared)
    kind, lends = Kind.POINTER, False
    if isinstance(declared, CType):
        kind, lends = declared.kind, not declared.to_const

    def convert(value: object, pushes: Pushes) -> tuple[int, ...]:
        if type(value) is int:
            return (image(value),)
        if isinstance(value, str):
            if not takes_text:
                expected = f"{declared.spelling} (an address or a buffer)"
                raise mistakes.wrong(value, expected, "encode() makes bytes of text")
            return (pushes.push(_terminated(_encoded(value, mistakes), mistakes)),)
        if isinstance(value, Integral) or not is_buffer(value):
            return (image(value),)
        if lends and (view := writable(value, mistakes)) is not None:
            return (pushes.lend(value, view),)
        data = _content(value)
        if kind is Kind.TEXT:
            data = _terminated(data, mistakes)
        elif takes_text:
            data += b"\0"  # so that a callee which looks for the end finds one
        return (pushes.push(data),)

    return convert


def _content(value: object) -> bytes:
    """A copy of what a buffer holds."""
    if isinstance(value, bytes):
        return value
    return memoryview(value).tobytes()  # pyright: ignore[reportArgumentType] - it is one


def _encoded(text: str, mistakes: Mistakes) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise mistakes.wrong_type(
            f"{mistakes.subject}: the text has a lone surrogate at {error.start}, which UTF-8 "
            "cannot hold; pass bytes"
        ) from None


def _terminated(text: bytes, mistakes: Mistakes) -> bytes:
    if (end := text.find(0)) >= 0:
        raise mistakes.wrong_type(
            f"{mistakes.subject}: the text has a NUL at byte {end}, where the guest would take it "
            "to end; declare the parameter bytes"
        )
    return text + b"\0"
