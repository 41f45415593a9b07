"""README and docs/ name only commands, options, files, events and variables that exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from aigchip_tui.cli.main import app

REPO = Path(__file__).resolve().parents[2]
PAGES = (REPO / "README.md", *sorted((REPO / "docs").glob("*.md")))
PAGE_NAMES = ("architecture.md", "demos.md", "errors.md", "guide.md", "research.md", "template.md")

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_CALL = re.compile(r"(?<![\w.-])aigchip-tui (?=\S)")
_END = re.compile(r"\s#|\s&&|\s\||;|\s{3}|\s\(|\)\.?$")
_FILE = re.compile(r"[\w.-]+(?:/[\w.-]+)+\.(?:py|md|jinja|yaml|toml)")
_FOLDER = re.compile(r"(?:aigchip_tui|templates|demos|tests|docs)(?:/[\w.-]+)*/?")


def fences(page: Path) -> list[tuple[str, str]]:
    """Language and text of every fenced block."""
    return [(found[1], found[2]) for found in _FENCE.finditer(page.read_text(encoding="utf-8"))]


def spans(page: Path) -> list[str]:
    """Every inline code span outside of fenced blocks."""
    return _SPAN.findall(_FENCE.sub("", page.read_text(encoding="utf-8")))


def calls(page: Path) -> Iterator[str]:
    """Arguments of every `aigchip-tui ...` in code, and of spans that begin with the name of a command."""
    for code in (*spans(page), *(line for _, text in fences(page) for line in text.splitlines())):
        for found in _CALL.finditer(code):
            yield _END.split(code[found.end():], maxsplit=1)[0]
    names = set(app.list_commands(click.Context(app)))
    for code in spans(page):
        words = code.split()
        if len(words) > 1 and words[0] in names:
            yield code


def problem(text: str) -> str:
    """What is wrong with the arguments; empty when click would take them. Nothing is run."""
    words = shlex.split(text)
    partial = "..." in words
    words = [word for word in words if word != "..."]
    context, command = click.Context(app, info_name="aigchip-tui"), app
    try:
        while isinstance(command, click.Group) and words and not words[0].startswith("-"):
            name, found, words = command.resolve_command(context, words)
            assert found is not None
            context = click.Context(found, info_name=name, parent=context)
            command = found  # type: ignore[assignment]  # a group or, in the end, a command
        values, rest, _ = command.make_parser(context).parse_args(list(words))
    except Exception as refused:
        return f"{text!r}: {refused}"
    if rest:
        return f"{text!r}: {rest} is too much"
    for parameter in command.params:
        value = values.get(parameter.name or "")
        given = value if isinstance(value, list | tuple) else [value]
        if isinstance(parameter.type, click.Choice):
            wrong = [v for v in given if isinstance(v, str) and v not in parameter.type.choices and not v.isupper()]
            if wrong:
                return f"{text!r}: {parameter.name} is never {wrong[0]}"
        if parameter.required and not partial and not any(isinstance(v, str) for v in given):
            return f"{text!r}: {parameter.name} is missing"
    return ""


def all_options(command: click.Command) -> set[str]:
    """Every option of a command and of those below it."""
    found = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None, name
            found |= all_options(below)
    return found


def test_the_pages_that_readme_and_guide_name_are_there() -> None:
    assert [page.name for page in PAGES[1:]] == sorted(PAGE_NAMES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_line_exists_with_its_options(page: Path) -> None:
    assert [wrong for call in calls(page) if (wrong := problem(call))] == []


def test_the_readme_and_the_guide_are_really_read() -> None:
    assert sum(1 for _ in calls(REPO / "README.md")) >= 8
    assert sum(1 for _ in calls(REPO / "docs" / "guide.md")) >= 30


@pytest.mark.parametrize(
    "text",
    ["nonsense", "show NAME --colour red", "decide NAME DECISION bless", "show", "demos check --gate", "clone a b c"],
)
def test_a_wrong_command_line_is_noticed(text: str) -> None:
    assert problem(text) != ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_option_named_alone_belongs_to_a_command(page: Path) -> None:
    known = {*all_options(app), "--help", "-h"}
    named = {word.partition("=")[0] for span in spans(page) for word in span.split() if re.match(r"--[a-z]", word)}
    assert sorted(named - known) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page: Path) -> None:
    links = [link for link in _LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]
    assert [link for link in links if not (page.parent / link.partition("#")[0]).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_path_named_exists(page: Path) -> None:
    bases = (REPO, REPO / "aigchip_tui", REPO / "docs")
    code = [*spans(page)]
    named = [text for text in code if _FILE.fullmatch(text) or _FOLDER.fullmatch(text)]
    own = ("tiny/", "tiny-demos/", "templates/tiny", "demos/tiny")
    missing = [p for p in named if not p.startswith(own) and not any((base / p).exists() for base in bases)]
    assert missing == []


def test_every_event_and_class_named_in_architecture_is_in_the_code() -> None:
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (REPO / "aigchip_tui").rglob("*.py"))
    known = set(re.findall(r"\bclass (\w+)", sources))
    named = {span for span in spans(REPO / "docs" / "architecture.md") if re.fullmatch(r"(?:[A-Z][a-z]+){2,}", span)}
    assert len(named) > 15
    assert sorted(named - known) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_variable_named_is_read_by_the_code(page: Path) -> None:
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (REPO / "aigchip_tui").rglob("*.py"))
    named = set(re.findall(r"\b(?:AIGCHIP|OPENAI)_[A-Z_]+\b", page.read_text(encoding="utf-8")))
    assert sorted(name for name in named - {"AIGCHIP_BENCH"} if name not in sources) == []


def test_the_readme_has_two_shell_blocks_of_one_line_each() -> None:
    blocks = [text for language, text in fences(REPO / "README.md") if language == "sh"]
    assert len(blocks) == 2
    assert all(len(text.splitlines()) == 1 for text in blocks)
    everything = (REPO / "README.md").read_text(encoding="utf-8")
    assert len(re.findall(r"^```(?:sh|bash|shell)", everything, re.M)) == 2
