"""Guests that call outcalls which the machine was not told of, and arguments that mean nothing."""

from __future__ import annotations

import pytest

from simfw import ArgumentError, BindError, Machine, Outcalls, UnboundOutcall

HELLO = "examples/hello/hello.elf"


@pytest.fixture
def hello(request: pytest.FixtureRequest) -> str:
    return str(request.config.rootpath / HELLO)


def test_an_outcall_that_nothing_declares_is_named_when_it_is_called(hello):
    machine = Machine(hello)
    with pytest.raises(UnboundOutcall, match=r"call of outcall ask\(\), which nothing serves") as e:
        machine.call("factorial", 3)
    assert "plugins=" in str(e.value)
    assert [frame.name for frame in e.value.backtrace][:2] == ["ask", "factorial"]


def test_what_needs_no_outcall_still_runs(hello):
    assert Machine(hello).call("factorial", 1) == 1


@pytest.mark.parametrize("env", [{"a": 1}, {1: "a"}, {"": "x"}, {"a=b": "c"}], ids=str)
def test_variables_of_the_environment_are_text(hello, env):
    with pytest.raises(ArgumentError, match="names and values are strings"):
        Machine(hello, env=env)


def test_a_member_means_nothing_to_riscv(hello):
    with pytest.raises(ArgumentError, match="member='gold' is for conAsm"):
        Machine(hello, member="gold")


def test_a_replacement_serves_an_outcall_that_nothing_declares(hello):
    machine = Machine(hello)
    with machine.replace("ask", lambda focus, n: int(n) + 100):
        assert machine.call("factorial", 3) == 3 * 102


@pytest.mark.parametrize(
    ("declared", "returned"),
    [("int32_t", str), ("int32_t", None), ("void", int), ("bool", bytes), ("uint8_t*", float)],
    ids=str,
)
def test_a_function_that_returns_something_else_is_refused_at_load(
    build_guest, tmp_path, declared, returned
):
    def give(focus):
        return None

    give.__annotations__["return"] = returned
    calls = Outcalls("calls")
    calls.outcall("give")(give)
    spec = tmp_path / "spec.cas"
    spec.write_text(f'F("give") outcall(0, "{declared}");')
    with pytest.raises(BindError, match="is annotated to return"):
        Machine(build_guest("void give(void) {}"), spec=spec, plugins=[calls])
