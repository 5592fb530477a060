"""Tests of the sensor driver. The driver is the compiled firmware; the hardware is `Board`."""

from __future__ import annotations

import runpy
import struct
from pathlib import Path
from unittest.mock import Mock, call

import pytest
from board import DRIVE, FAULT, Board, frame, reading
from firmware_stubs import sensor

from simfw import BudgetExhausted, Focus, Machine, outcall

HERE = Path(__file__).resolve().parent
LONG_ENOUGH = 200_000
"""Instructions: a driver that needs more hangs."""


@pytest.fixture
def board() -> Board:
    return Board()


@pytest.fixture
def machine(board):
    """The firmware, freshly loaded for each test."""
    return load(board)


def load(board):
    machine = Machine(HERE / "firmware.elf", spec=HERE / "firmware.cas", plugins=[board])
    sensor.init(machine)
    return machine


def receive(machine, board, data):
    """Let bytes arrive, and the interrupt handler run."""
    board.line.extend(data)
    machine.call("sensor_uart_irq", budget=LONG_ENOUGH)


def poll(machine) -> int:
    return machine.call("sensor_poll", budget=LONG_ENOUGH)


def latest(machine):
    """Time, hundredths of a degree, hundredths of a percent."""
    address = sensor.latest(machine)
    return struct.unpack("<IhH", machine.memory.read(address, 8)) if address else None


def counters(machine):
    names = ("readings", "ignored", "crc_errors", "skipped", "overruns", "timeouts")
    values = struct.unpack("<6I", machine.memory.read(sensor.counters(machine), 24))
    return {name: value for name, value in zip(names, values, strict=True) if value}


# The plain cases


@pytest.mark.parametrize(("data", "expected"), [(b"123456789", 0x29B1), (b"", 0xFFFF)])
def test_crc16_gives_the_published_check_values(machine, data, expected):
    assert sensor.crc16(machine, data) == expected


def test_there_is_no_reading_at_first(machine):
    assert poll(machine) == 0
    assert latest(machine) is None


def test_a_reading_is_taken_in(machine, board):
    board.now = 1234
    receive(machine, board, reading(21.5, 40.25))
    assert poll(machine) == 1
    assert latest(machine) == (1234, 2150, 4025)


def test_temperatures_below_zero(machine, board):
    receive(machine, board, reading(-40, 0))
    poll(machine)
    assert latest(machine) == (0, -4000, 0)


def test_several_readings_at_once(machine, board):
    receive(machine, board, reading(1, 1) + reading(2, 2) + reading(3, 3))
    assert poll(machine) == 3
    assert latest(machine) == (0, 300, 300)


def test_a_frame_may_come_byte_by_byte(machine, board):
    transmission = reading(20, 50)
    for byte in transmission[:-1]:
        receive(machine, board, [byte])
        assert poll(machine) == 0
    receive(machine, board, transmission[-1:])
    assert poll(machine) == 1
    assert counters(machine) == {"readings": 1}


def test_frames_of_another_kind_are_counted_and_ignored(machine, board):
    receive(machine, board, frame(b"\x07status: well"))
    assert poll(machine) == 0
    assert counters(machine) == {"ignored": 1}


def test_a_request_switches_the_line_driver_on_around_the_frame(machine, board):
    with machine.spy("gpio_write") as gpio, machine.spy("uart_write") as uart:
        sensor.request(machine, 3)
    assert board.sent == frame(b"\x81\x03")
    assert gpio.mock_calls == [call(DRIVE, True), call(DRIVE, False)]
    assert uart.call_count == 6


# Bad lines


@pytest.mark.parametrize("position", range(9))
def test_a_flipped_bit_anywhere_is_never_a_reading(machine, board, position):
    damaged = bytearray(reading(21.5, 40.25))
    damaged[position] ^= 0x10
    receive(machine, board, damaged)
    assert poll(machine) == 0
    assert latest(machine) is None


def test_a_checksum_error_sets_the_fault_pin_until_the_next_reading(machine, board):
    damaged = bytearray(reading(21.5, 40.25))
    damaged[-1] ^= 1
    receive(machine, board, damaged)
    poll(machine)
    assert board.pins[FAULT] is True
    assert counters(machine)["crc_errors"] == 1
    receive(machine, board, reading(22, 40))
    poll(machine)
    assert board.pins[FAULT] is False


def test_noise_before_a_frame_is_skipped(machine, board):
    receive(machine, board, b"\x00\xff\x10" + reading(5, 5))
    assert poll(machine) == 1
    assert counters(machine) == {"readings": 1, "skipped": 3}


def test_a_good_frame_inside_a_damaged_one_is_found(machine, board):
    """The line lost bytes: what follows the first sync byte swallows the beginning of a frame."""
    receive(machine, board, b"\xa5\x05\x01\x02" + reading(5, 5))
    assert poll(machine) == 1
    assert counters(machine) == {"readings": 1, "crc_errors": 1, "skipped": 3}


@pytest.mark.parametrize("length", [0, 33, 255])
def test_impossible_lengths_are_no_frames(machine, board, length):
    receive(machine, board, bytes([0xA5, length]) + reading(5, 5))
    assert poll(machine) == 1


def test_a_frame_that_does_not_end_is_given_up(machine, board):
    receive(machine, board, reading(5, 5)[:-1])
    assert poll(machine) == 0
    board.now += 49
    assert poll(machine) == 0
    assert counters(machine) == {}
    board.now += 1
    assert poll(machine) == 0
    assert counters(machine) == {"timeouts": 1, "skipped": 7}


def test_patience_holds_when_the_clock_wraps_around(machine, board):
    board.now = 2**32 - 10
    transmission = reading(5, 5)
    receive(machine, board, transmission[:4])
    poll(machine)
    board.now += 30
    receive(machine, board, transmission[4:])
    assert poll(machine) == 1


def test_a_full_queue_loses_new_bytes_and_recovers(machine, board):
    receive(machine, board, reading(1, 1) * 7)  # 63 of 64 places
    receive(machine, board, reading(2, 2))
    assert counters(machine) == {"overruns": 8}
    assert poll(machine) == 7
    board.now += 100
    receive(machine, board, reading(3, 3))
    poll(machine)
    assert latest(machine) == (100, 300, 300)


# Faults of the hardware


def test_a_babbling_line_does_not_keep_the_interrupt_handler(machine):
    with machine.replace("uart_read", Mock(return_value=0x55)) as uart:
        machine.call("sensor_uart_irq", budget=LONG_ENOUGH)
    assert uart.call_count == 64


def test_waiting_ends_when_the_time_is_over(machine):
    clock = iter(range(0, 1000, 10))
    with machine.replace("timer_ms", lambda focus: next(clock)):
        assert machine.call("sensor_wait", 100, budget=LONG_ENOUGH) is False


def test_waiting_hangs_when_the_clock_stands(machine):
    """Known, and why the watchdog is on: nothing but the clock ends the wait."""
    with pytest.raises(BudgetExhausted):
        machine.call("sensor_wait", 100, budget=LONG_ENOUGH)


# Interrupts


class Interrupting(Board):
    """A board whose line interrupts the driver whenever that looks at the clock."""

    @outcall
    def timer_ms(self, focus: Focus) -> int:
        """The time, after an interrupt."""
        sensor.uart_irq(focus)
        return super().timer_ms(focus)


def test_an_interrupt_in_the_middle_of_poll():
    board = Interrupting()
    machine = load(board)
    transmission = reading(5, 5)
    receive(machine, board, transmission[:4])
    board.line.extend(transmission[4:] + reading(6, 6))
    assert poll(machine) == 0  # it had seen four bytes only when it asked for the time
    assert poll(machine) == 2


def test_an_interrupt_between_any_two_instructions(machine, board):
    """Poll is stopped after each number of instructions; then the rest of a frame arrives."""
    transmission = reading(5, 5)
    stopped_at = 0
    finished = False
    while not finished:
        sensor.init(machine)
        receive(machine, board, transmission + transmission[:5])
        polling = machine.begin("sensor_poll")
        finished = polling.advance(stopped_at)
        receive(machine, board, transmission[5:])
        polling.advance(LONG_ENOUGH)
        assert polling.result + poll(machine) == 2
        assert counters(machine) == {"readings": 2}
        stopped_at += 1
    assert stopped_at > 500


def test_the_program(capsys):
    runpy.run_path(str(HERE / "main.py"), run_name="__main__")
    shown = capsys.readouterr().out
    assert "a reading: 1 taken in, fault pin off\n    21.5 degrees, 40.25 percent\n" in shown
    assert "readings 2, ignored 0, crc_errors 1," in shown
