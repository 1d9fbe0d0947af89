"""`agui-runtime runs show`: where the times, tokens and costs of a run's parts come from."""

from __future__ import annotations

from agui_runtime.commands.run_report import bar, report
from agui_runtime.core.events import Event, RunInfo
from agui_runtime.core.figures import Cost, MessageFigures, RunFigures, Tokens

FIGURES = RunFigures(
    model="gpt-x",
    tokens=Tokens(7, 3),
    cost=Cost("0.01", "list"),
    messages=[
        MessageFigures("m1", 500.0, Tokens(7, 3), Cost("0.01", "list")),
        MessageFigures("x", 1500.0),
    ],
)
RUN = RunInfo("t1", "r1", "default", "ann", 100.0, "", "finished", 104.0, figures=FIGURES)

EVENTS: list[Event] = [
    {"type": "RUN_STARTED", "threadId": "t1", "runId": "r1"},
    {"type": "STEP_STARTED", "stepName": "look", "timestamp": 101_000},
    {"type": "TOOL_CALL_START", "toolCallId": "c1", "toolCallName": "f", "parentMessageId": "m1"},
    {"type": "TOOL_CALL_ARGS", "toolCallId": "c1", "delta": "{}"},
    {"type": "TOOL_CALL_END", "toolCallId": "c1"},
    {"type": "TOOL_CALL_RESULT", "toolCallId": "c1", "messageId": "x", "content": "y"},
    {"type": "STEP_FINISHED", "stepName": "look", "timestamp": 103_000},
    {"type": "RUN_ERROR", "message": "no", "code": "X"},
]


def test_a_part_has_the_figures_of_its_message_and_the_times_that_agents_give() -> None:
    run, step, answer, tool, error = report(RUN, EVENTS)
    assert (run.seconds, run.input, run.output, run.usd) == (4.0, 7, 3, "0.01")
    assert run.text == "finished gpt-x"
    assert (step.start, step.seconds) == (1.0, 2.0)
    assert (answer.seconds, answer.output, answer.usd) == (0.5, 3, "0.01")
    assert (tool.text, tool.seconds) == ("{} -> y", 1.5)
    assert (error.name, error.text) == ("X", "no")
    assert bar(step, run.seconds) == "......############......"
    assert bar(tool, run.seconds) == ""
    assert bar(run, run.seconds) == "#" * 24
