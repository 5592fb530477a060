"""Opening images: from paths and bytes, told apart by content; flat binaries."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simfw.errors import ArgumentError, LoadError
from simfw.image import open_image, source

NOP = bytes.fromhex("13000000")


class TestFlat:
    def test_one_segment_at_the_base(self) -> None:
        image = open_image(NOP * 2, xlen=32, base=0x8000_0000)
        segment = image.segments[0]
        assert (image.kind, image.xlen, image.entry) == ("flat", 32, 0x8000_0000)
        assert (segment.address, segment.data, segment.size) == (0x8000_0000, NOP * 2, 8)
        assert segment.permissions.text == "rwx"
        assert len(image.segments) == 1

    def test_entry_and_size_of_memory(self) -> None:
        image = open_image(NOP * 2, xlen=64, base=0x1000, entry=0x1004, size=0x4000)
        assert (image.entry, image.lowest, image.highest) == (0x1004, 0x1000, 0x5000)

    def test_it_has_no_symbols(self) -> None:
        image = open_image(NOP, xlen=32, base=0)
        assert len(image.symbols) == 0
        assert image.symbols.at(0) is None
        assert not image.has_tohost

    @pytest.mark.parametrize(
        ("data", "more", "message"),
        [
            (b"", {}, "0 bytes do not fit"),
            (NOP, {"size": 3}, "4 bytes do not fit a memory of 0x3 bytes"),
            (NOP, {"size": 1 << 31}, "0x80000000 bytes .limit 0x40000000"),
            (NOP, {"base": 0xFFFF_FFFD}, "leave the 32-bit address space"),
            (NOP, {"entry": 0x1004}, "entry 0x1004 is no even address"),
            (NOP, {"entry": 0x1001}, "entry 0x1001 is no even address"),
            (NOP, {"entry": 0x0FFC}, "entry 0xffc is no even address"),
        ],
    )
    def test_what_does_not_fit(self, data: bytes, more: dict[str, Any], message: str) -> None:
        with pytest.raises(LoadError, match=message):
            open_image(data, **{"xlen": 32, "base": 0x1000, **more})

    @pytest.mark.parametrize("given_", [{}, {"xlen": 32}, {"base": 0}])
    def test_says_how_to_declare_one(self, given_: dict[str, Any]) -> None:
        with pytest.raises(LoadError, match=r"no ELF file.*platform.*xlen=32 and base="):
            open_image(b"#!/bin/sh\n", **given_)

    @given(st.binary(max_size=40), st.integers(0, 1 << 33), st.integers(0, 1 << 33))
    def test_only_load_errors(self, data: bytes, base: int, size: int) -> None:
        try:
            image = open_image(data, xlen=32, base=base, size=size)
        except LoadError:
            return
        assert image.highest <= 1 << 32


class TestSource:
    def test_a_path_gives_the_name(self, tmp_path: Path) -> None:
        path = tmp_path / "guest.bin"
        path.write_bytes(NOP)
        for form in (path, str(path)):
            image = open_image(form, xlen=32, base=0)
            assert (image.name, image.file) == ("guest.bin", NOP)

    @pytest.mark.parametrize("form", [bytes, bytearray, memoryview])
    def test_bytes_of_any_kind(self, form: Any) -> None:
        image = open_image(form(NOP), xlen=32, base=0)
        assert (image.name, image.segments[0].data) == ("<bytes>", NOP)
        assert type(image.segments[0].data) is bytes

    def test_the_name_can_be_given(self) -> None:
        with pytest.raises(LoadError, match=r"^boot\.rom: "):
            open_image(b"", name="boot.rom")

    def test_a_missing_file(self, tmp_path: Path) -> None:
        with pytest.raises(LoadError, match=r"nowhere.elf': No such file"):
            open_image(tmp_path / "nowhere.elf")

    def test_a_directory(self, tmp_path: Path) -> None:
        with pytest.raises(LoadError, match="no regular file"):
            open_image(tmp_path)

    def test_a_pipe_is_not_waited_for(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(LoadError, match="no regular file"):
            open_image(tmp_path / "pipe")

    def test_an_endless_device(self) -> None:
        with pytest.raises(LoadError, match="no regular file"):
            open_image("/dev/zero")

    def test_a_path_with_a_nul(self) -> None:
        with pytest.raises(LoadError, match="null"):
            open_image("guest\0.elf")

    def test_a_file_without_permission(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object) -> None:
            raise PermissionError(errno.EACCES, "Permission denied")

        path = tmp_path / "secret.elf"
        path.touch()
        monkeypatch.setattr(Path, "open", refuse)  # root may open everything
        with pytest.raises(LoadError, match=r"secret.elf': Permission denied"):
            open_image(path)

    def test_a_file_beyond_the_limit(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(source, "FILE_LIMIT", 3)
        path = tmp_path / "large.bin"
        path.write_bytes(NOP)
        for form in (path, NOP):
            with pytest.raises(LoadError, match="more than 0x3 bytes"):
                open_image(form)

    @pytest.mark.parametrize("wrong", [None, 7, 1.5, ["a"]])
    def test_other_types(self, wrong: Any) -> None:
        with pytest.raises(ArgumentError, match="a path or bytes"):
            open_image(wrong)


class TestArguments:
    def test_xlen(self) -> None:
        wrong: Any = 16
        with pytest.raises(ArgumentError, match="xlen is 16; give 32 or 64"):
            open_image(NOP, xlen=wrong, base=0)

    @pytest.mark.parametrize("base", [-1, 1 << 64])
    def test_base(self, base: int) -> None:
        with pytest.raises(ArgumentError, match="give an address"):
            open_image(NOP, xlen=32, base=base)
