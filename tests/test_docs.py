"""The documentation does what it says: its code runs, its output is what it shows, its links lead.

Each page runs in a directory of its own, from top to bottom, by these rules:

    ```python    executed; all blocks of a page share their names
    ```pycon     a session with `>>>`; must give what it shows (`...` stands for anything)
    ```console   commands behind `$ `, with what they print; `cd`, `simfw`, `pytest`, `python`
    ```sh        commands that are not run: those of `NOT_RUN` only
    others       shown only

A command that ends with another status than 0 shows `(exit status 3)` at the end of its output.
A comment above a block says more:

    <!-- file: name -->       the block is written to that file
    <!-- append: name -->     the block is added to that file
    <!-- output -->           the block is what the Python block above printed
    <!-- not run: reason -->  the block is shown only

The directory `examples` of the project is there as `examples`.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import define, field, frozen
from click.testing import CliRunner

import simfw
from simfw.tools.cli import cli

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
READMES = sorted((ROOT / "examples").glob("*/README.md"))

FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\s*$")
REMARK = re.compile(r"^\s*<!-- (?P<what>file|append|output|not run)(?:: (?P<detail>.+?))? -->\s*$")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)

KNOWN = {"python", "pycon", "console", "sh", "c", "cas", "text", "asm", "toml", "ini", "cpp", ""}
NOT_RUN = ("make", "pip", "python", "python3", "pytest", ".")
PLUGINS_OFF = [f"-pno:{name}" for name in ("cacheprovider", "hypothesispytest", "xdist")]
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@frozen
class Block:
    """A fenced block: where it begins, its language, its text, and the remark above it."""

    line: int
    language: str
    text: str
    remark: str = ""
    detail: str = ""


def blocks_of(page: Path) -> Iterator[Block]:
    """The blocks of a page, in order."""
    lines = iter(enumerate(page.read_text().splitlines(), 1))
    remark = None
    for number, line in lines:
        fence = FENCE.match(line)
        if fence is None:
            remark = REMARK.match(line) or (remark if not line.strip() else None)
            continue
        text = []
        for _, inner in lines:
            if inner.strip() == "```":
                break
            text.append(inner.removeprefix(fence["indent"]))
        what, detail = (remark["what"], remark["detail"] or "") if remark else ("", "")
        yield Block(number, fence["language"], "".join(f"{t}\n" for t in text), what, detail)
        remark = None


@define
class Page:
    """A page that is being run: the names of its Python blocks, and what the last one printed."""

    path: Path
    names: dict[str, object] = field(factory=lambda: {"__name__": "__main__"})
    printed: str = ""

    def run(self, block: Block) -> None:
        """Do what the rules say about a block."""
        assert block.language in KNOWN, self.place(block, f"unknown language {block.language}")
        if block.remark in ("file", "append"):
            target = Path(block.detail)
            target.parent.mkdir(parents=True, exist_ok=True)
            before = target.read_text() if block.remark == "append" else ""
            target.write_text(before + block.text)
        elif block.remark == "output":
            self.compare(block, block.text, self.printed)
        elif block.remark != "not run" and block.language in RUNNERS:
            RUNNERS[block.language](self, block)

    def place(self, block: Block, what: str) -> str:
        """A message with the place in the page."""
        return f"{self.path.name}:{block.line}: {what}"

    def compare(self, block: Block, wanted: str, got: str) -> None:
        """Fail unless the output is what the page shows."""
        same = doctest.OutputChecker().check_output(wanted, got, FLAGS)
        assert same, self.place(block, f"the page shows\n{wanted}\nbut there was\n{got}")

    def python(self, block: Block) -> None:
        """Execute a block of Python."""
        source = "\n" * block.line + block.text  # so that tracebacks show the page's lines
        code = compile(source, str(self.path), "exec", dont_inherit=True)
        with contextlib.redirect_stdout(io.StringIO()) as output:
            exec(code, self.names)
        self.printed = output.getvalue()

    def session(self, block: Block) -> None:
        """Check a session."""
        test = doctest.DocTestParser().get_doctest(
            block.text, self.names, self.path.name, str(self.path), block.line
        )
        report = io.StringIO()
        runner = doctest.DocTestRunner(optionflags=FLAGS)
        runner.run(test, out=report.write, clear_globs=False)
        self.names.update(test.globs)
        assert runner.failures == 0, report.getvalue()

    def console(self, block: Block) -> None:
        """Run commands, and compare what they print where the page shows something."""
        for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
            command, _, wanted = part.partition("\n")
            status, got = run_command(command)
            if wanted.strip():
                self.compare(block, wanted, got + (f"(exit status {status})" if status else ""))
            else:
                assert status == 0, self.place(block, f"{command}\n{got}")

    def shell(self, block: Block) -> None:
        """Look at commands that are not run."""
        for line in block.text.splitlines():
            words = shlex.split(line, comments=True)
            assert not words or words[0] in NOT_RUN, self.place(block, f"unknown command: {line}")


RUNNERS = {"python": Page.python, "pycon": Page.session, "console": Page.console, "sh": Page.shell}


def run_command(line: str) -> tuple[int, str]:
    """Run a command of a page; its exit status, and what it printed."""
    program, *arguments = shlex.split(line, comments=True)
    if program == "cd":
        os.chdir(arguments[0])
        return 0, ""
    if program == "simfw":
        result = CliRunner().invoke(cli, arguments)
        return result.exit_code, result.output
    interpreter = {"pytest": ["-m", "pytest", *PLUGINS_OFF], "python": []}[program]
    done = subprocess.run(
        [sys.executable, *interpreter, *arguments], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def directory(tmp_path, monkeypatch):
    """A directory with the examples, in which modules can be imported; they are forgotten later."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("")  # where the page is, even after a `cd`
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        file = getattr(sys.modules[name], "__file__", None) or ""
        if file.startswith((str(tmp_path), str(ROOT / "examples"))):
            del sys.modules[name]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
@pytest.mark.usefixtures("directory")
def test_the_code_of_a_page_runs(path):
    page = Page(path)
    for block in blocks_of(path):
        page.run(block)


@pytest.mark.parametrize("path", [*PAGES, *READMES], ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(path):
    text = re.sub(r"^```.*?^```", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)
    for link in LINK.findall(text):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), f"{path.name}: {link}"
        if anchor:
            assert anchor in {slug(heading) for heading in HEADING.findall(target.read_text())}


def slug(heading: str) -> str:
    """The anchor of a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def test_every_page_is_in_the_index():
    index = (DOCS / "index.md").read_text()
    linked = set(LINK.findall(index))
    assert {path.name for path in DOCS.glob("*.md")} - {"index.md"} <= linked


def test_every_error_is_explained():
    text = (DOCS / "errors.md").read_text()
    errors = [name for name in simfw.__all__ if name in dir(simfw.errors)]
    assert [name for name in errors if f"`{name}`" not in text] == []
