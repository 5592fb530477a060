"""The fields of instruction words, by name: where their bits lie and what they mean.

A field's layout is written as the manual draws it: `imm@word` pieces, most significant first.
`11:5@31:25 4:0@11:7` says that bits 11 to 5 of the value are bits 31 to 25 of the word, and so
on. Registers of the compressed formats with three bits count from x8.
"""

from __future__ import annotations

from attrs import field, frozen


@frozen(eq=False)
class Piece:
    """`count` bits of the word from `low`, which become bits from `position` of the value."""

    low: int
    count: int
    position: int


def _pieces(layout: str) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    for text in layout.split():
        value, word = text.split("@")
        high, _, low = word.partition(":")
        piece = Piece(int(low or high), int(high) - int(low or high) + 1, int(value.split(":")[-1]))
        pieces.append(piece)
    return tuple(pieces)


@frozen(eq=False)
class Field:
    """One field: `role` is `register`, `immediate` or `special` (it shapes the semantics)."""

    name: str
    pieces: tuple[Piece, ...] = field(converter=_pieces)
    role: str = "immediate"
    is_signed: bool = False
    bias: int = 0

    @property
    def width(self) -> int:
        """Bits of the value, from bit 0."""
        return max(piece.position + piece.count for piece in self.pieces)

    @property
    def bits(self) -> int:
        """The bits of the word that belong to the field, as a mask."""
        return sum(((1 << p.count) - 1) << p.low for p in self.pieces)

    def extract(self, word: int) -> int:
        """The field's value in `word`; signed fields may be negative."""
        value = self.bias
        for piece in self.pieces:
            value += (word >> piece.low & (1 << piece.count) - 1) << piece.position
        if self.is_signed and value >> (self.width - 1):
            value -= 1 << self.width
        return value

    def insert(self, value: int) -> int:
        """The word that has `value` in this field and zeros elsewhere."""
        word = 0
        for piece in self.pieces:
            word |= (value - self.bias >> piece.position & (1 << piece.count) - 1) << piece.low
        return word

    @property
    def expression(self) -> str:
        """`extract` as Python text over `w`, for the decoders made from it."""
        terms = [self._term(piece) for piece in self.pieces]
        text = " | ".join(terms)
        if self.bias:
            text = f"({text}) + {self.bias}"
        if self.is_signed:
            sign = 1 << (self.width - 1)
            text = f"(({text}) ^ {sign}) - {sign}"
        return text

    def _term(self, piece: Piece) -> str:
        mask = ((1 << piece.count) - 1) << piece.position
        shift = piece.low - piece.position
        moved = f"w >> {shift}" if shift > 0 else f"w << {-shift}" if shift else "w"
        return f"({moved} & {mask})"


def _register(name: str, layout: str, bias: int = 0) -> Field:
    return Field(name, layout, role="register", bias=bias)


def _signed(name: str, layout: str) -> Field:
    return Field(name, layout, is_signed=True)


FIELDS = {
    one.name: one
    for one in (
        _register("rd", "4:0@11:7"),
        _register("rs1", "4:0@19:15"),
        _register("rs2", "4:0@24:20"),
        _signed("imm12", "11:0@31:20"),
        _signed("simm12", "11:5@31:25 4:0@11:7"),
        _signed("bimm12", "12@31 11@7 10:5@30:25 4:1@11:8"),
        _signed("imm20", "31:12@31:12"),
        _signed("jimm20", "20@31 19:12@19:12 11@20 10:1@30:21"),
        Field("shamtw", "4:0@24:20"),
        Field("shamtd", "5:0@25:20"),
        Field("zimm5", "4:0@19:15"),
        Field("csr", "11:0@31:20"),
        Field("aq", "0@26", role="order"),
        Field("rl", "0@25", role="order"),
        Field("fm", "3:0@31:28", role="order"),
        Field("pred", "3:0@27:24", role="order"),
        Field("succ", "3:0@23:20", role="order"),
        # compressed formats
        _register("c_rd", "4:0@11:7"),
        _register("c_rs1", "4:0@11:7"),
        _register("c_rs2", "4:0@6:2"),
        _register("c_rd_p", "2:0@4:2", bias=8),
        _register("c_rs2_p", "2:0@4:2", bias=8),
        _register("c_rs1_p", "2:0@9:7", bias=8),
        Field("c_uimm10", "5:4@12:11 9:6@10:7 2@6 3@5"),
        Field("c_uimm7", "5:3@12:10 2@6 6@5"),
        Field("c_uimm8", "5:3@12:10 7:6@6:5"),
        Field("c_uimm8sp", "5@12 4:2@6:4 7:6@3:2"),
        Field("c_uimm9sp", "5@12 4:3@6:5 8:6@4:2"),
        Field("c_uimm8sp_s", "5:2@12:9 7:6@8:7"),
        Field("c_uimm9sp_s", "5:3@12:10 8:6@9:7"),
        Field("c_shamt5", "4:0@6:2"),
        Field("c_shamt6", "5@12 4:0@6:2"),
        _signed("c_imm6", "5@12 4:0@6:2"),
        _signed("c_imm10", "9@12 4@6 6@5 8:7@4:3 5@2"),
        _signed("c_imm18", "17@12 16:12@6:2"),
        _signed("c_imm12", "11@12 4@11 9:8@10:9 10@8 6@7 7@6 3:1@5:3 5@2"),
        _signed("c_bimm9", "8@12 4:3@11:10 7:6@6:5 2:1@4:3 5@2"),
    )
}
"""Every field that an encoding may name."""
