"""The belt's side of the benchmark computes what the compiled guest computes."""

from __future__ import annotations

import json
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CALLS = {
    "fib": (10, 55),
    "sieve": (1000, 168),
    "crc32": (500, zlib.crc32(bytes(n % 256 for n in range(500)))),
    "matrix": (8, sum((i + k) * (k ^ j) for i in range(8) for j in range(8) for k in range(8))),
    "repeat": (10, sum(range(10))),
    "descend": (5, 5),
    "straight": (7, 203354150),  # as compiled for RV32
}
RUN = """
import json
from benchmarks.peers.belt_peer import BeltPeer
peer = BeltPeer()
found = {name: peer.function(name)(size) % 2**32 for name, size in json.loads(input()).items()}
print(json.dumps([found, peer.operations("fib", 2), peer.assembly()().kind]))
"""


@pytest.fixture(scope="module")
def found():
    sizes = json.dumps({name: size for name, (size, _) in CALLS.items()})
    command = [sys.executable, "-c", RUN]
    return json.loads(subprocess.check_output(command, input=sizes, cwd=ROOT, text=True))


@pytest.mark.parametrize("name", CALLS)
def test_a_kernel(found, name):
    assert found[0][name] == CALLS[name][1]


def test_operations_are_counted(found):
    # fib(2): lssu, retntr, br; sub, sub, call1, call1; add, retn; and twice lssu, retntr, br
    assert found[1] == 3 + 4 + 2 + 2 * 3


def test_a_long_text_is_assembled(found):
    assert found[2] == "belt"
