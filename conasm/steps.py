"""Steps as they come to be: one is finished when the next begins."""

from __future__ import annotations

from attrs import define, field

from conasm.assembly import Step, StepArgument
from conasm.nodes import Operation
from conasm.operation import OperationSpec


@define(eq=False)
class DraftStep:
    """A step whose belt may still change by what retires right after it; see `Step`."""

    spec: OperationSpec
    operation: Operation
    instruction: int
    listed: int
    arguments: tuple[StepArgument, ...]
    drops: tuple[int, ...]
    passes: tuple[int, ...]
    before: tuple[int, ...]
    belt: tuple[int, ...] = ()
    retires: bool = False
    issue: int | None = None
    gang: int | None = None

    def finish(self) -> Step:
        """Return the step."""
        return Step(
            operation=self.spec,
            instruction=self.instruction,
            listed=self.listed,
            arguments=self.arguments,
            drops=self.drops,
            passes=self.passes,
            position=self.operation.position,
            before=self.before,
            belt=self.belt,
            retires=self.retires,
            issue=self.issue,
            gang=self.gang,
        )


@define(eq=False)
class DraftSteps:
    """The steps of a block, and where its instructions begin."""

    steps: list[DraftStep] = field(factory=list[DraftStep])
    starts: list[int] = field(factory=list[int])

    def begin(self) -> None:
        """Begin an instruction."""
        self.starts.append(len(self.steps))

    def add(self, step: DraftStep) -> int:
        """Take a step, and return its index."""
        self.steps.append(step)
        return len(self.steps) - 1

    def settle(self, belt: tuple[int, ...]) -> None:
        """Say what is on the belt now, after the last step of this instruction."""
        if len(self.steps) > self.starts[-1]:
            self.steps[-1].belt = belt
