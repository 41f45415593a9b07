"""The offline adapter: what it takes from where, and everything that it refuses."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from aigchip_tui.library.demos import Demo, load_demos
from aigchip_tui.llm.adapter import Answer, answer

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "tests" / "library" / "samples"
ADAPTER = ROOT / "aigchip_tui" / "llm" / "adapter"
DEMOS = {demo.name: demo for demo in load_demos("toy", roots=[SAMPLES]).of("lane")}
TREE = "The products are summed by an adder tree."
CHAIN = "The products are summed one after another in a chain."
REGISTER = "Each sum passes one register before it leaves."
DIRECT = "Each sum leaves at once."


def lines(elements: int = 64, sum_: str = TREE, leave: str = REGISTER, skip: int = 9) -> tuple[str, ...]:
    return (
        f"Each token packs {elements} elements.",
        sum_,
        leave,
        f"The first {skip} tokens of a command are skipped.",
        "A new token starts every cycle.",
    )


def numbered(instruction: Sequence[str]) -> str:
    return "".join(f"{number}. {text}\n" for number, text in enumerate(instruction, start=1))


def prompt(instruction: Sequence[str], *demos: tuple[Sequence[str], str]) -> list[dict[str, object]]:
    shown = [f"Some words.\n\n{numbered(lines)}\nMore words.\n```cpp\n{code}```\n" for lines, code in demos]
    return [
        {"role": "system", "content": "Prose that nobody reads: 7 of 9."},
        {"role": "user", "content": "\n".join(shown) + "\nNow this one.\n\n" + numbered(instruction)},
    ]


def of(demo: Demo) -> tuple[Sequence[str], str]:
    return demo.instruction, demo.code


def ask(instruction: Sequence[str], *names: str) -> Answer:
    return answer(prompt(instruction, *(of(DEMOS[name]) for name in names)))


def code_of(reply: Answer) -> str:
    found = re.search(r"^```cpp\n(.*?)^```$", reply.text, re.MULTILINE | re.DOTALL)
    assert found, reply.text
    return found.group(1)


def causes(reply: Answer) -> str:
    assert reply.kind == "refused", reply.text
    assert "```" not in reply.text
    for refusal in reply.refusals:
        assert refusal.cause in reply.text
    return " | ".join(f"{refusal.line}: {refusal.cause}" for refusal in reply.refusals)


def test_the_demo_itself_is_retrieved_word_for_word() -> None:
    for demo in DEMOS.values():
        reply = answer(prompt(demo.instruction, of(demo)))
        assert reply.kind == "retrieved"
        assert code_of(reply) == demo.code


def test_numbers_are_exchanged_and_nothing_else() -> None:
    demo = DEMOS["tree_register_8"]
    reply = ask(lines(16, TREE, REGISTER, 3), demo.name)
    assert reply.kind == "adapted"
    assert code_of(reply) == demo.code.replace("ELEMENTS = 8;", "ELEMENTS = 16;")
    assert [(line.line.number, line.changes) for line in reply.lines if line.changes] == [(1, (("8", "16"),))]


def test_a_number_in_a_later_segment_of_its_line_is_exchanged() -> None:
    said, code = ["Room of 5 seats.", "Door."], "// [1] a\nx = 7;\n// [2] b\ny;\n// [1] c\nseats = 5; z = 9;\n"
    reply = answer(prompt(["Room of 4 seats.", "Door."], (said, code)))
    assert code_of(reply) == code.replace("seats = 5", "seats = 4")


def test_lines_of_two_demos_are_fused_in_the_order_of_both() -> None:
    reply = ask(lines(64, TREE, DIRECT), "tree_register_8", "chain_direct_4")
    assert reply.kind == "fused"
    code = code_of(reply)
    tree, direct = DEMOS["tree_direct_32"].code, code.replace("= 64;", "= 32;").replace("= 9;", "= 7;")
    assert direct == tree
    assert {line.line.number: line.example for line in reply.lines} == {1: 1, 2: 1, 3: 2, 4: 1, 5: 1}
    assert "| 3 | fused | 2 | 3 | word for word |  |" in reply.text


def test_every_pair_of_complementary_demos_builds_every_setting() -> None:
    for elements, sum_, leave, skip in itertools.product((2, 4, 64), (TREE, CHAIN), (REGISTER, DIRECT), (0, 9)):
        first = ask(lines(elements, sum_, leave, skip), "tree_register_8", "chain_direct_4")
        second = ask(lines(elements, sum_, leave, skip), "tree_direct_32", "chain_register_16")
        assert code_of(first) == code_of(second)
        swapped = ask(lines(elements, sum_, leave, skip), "chain_direct_4", "tree_register_8")
        assert code_of(first) == code_of(swapped)


def test_a_renamed_identifier_renames_the_code() -> None:
    demos = [DEMOS["tree_register_8"], DEMOS["chain_direct_4"]]
    plain = answer(prompt(lines(64, CHAIN), *((demo.instruction, demo.code) for demo in demos)))
    renamed = answer(
        prompt(lines(64, CHAIN), *((demo.instruction, demo.code.replace("held", "kept")) for demo in demos))
    )
    assert code_of(renamed) == code_of(plain).replace("held", "kept")
    assert code_of(renamed) != code_of(plain)


@pytest.mark.parametrize(
    ("good", "bad"),
    [("t = SKIPPED", "t = SKIPPED - 7"), ("sum[i] =", "sum[i] = -"), ("t - 1", "t - 5")],
)
def test_a_bug_in_the_segment_that_the_reply_names_is_in_the_code(good: str, bad: str) -> None:
    names = ("tree_register_8", "chain_direct_4")
    asked = lines(64, TREE, REGISTER)
    before = ask(asked, *names)
    poisoned = {name: DEMOS[name].code for name in names}
    poisoned[names[0]] = poisoned[names[0]].replace(good, bad)
    assert poisoned[names[0]] != DEMOS[names[0]].code
    after = answer(prompt(asked, *((DEMOS[name].instruction, poisoned[name]) for name in names)))
    assert {line.example for line in before.lines} == {1}
    assert bad in code_of(after)
    poisoned = {name: DEMOS[name].code for name in names}
    poisoned[names[1]] = poisoned[names[1]].replace(good, bad)
    other = answer(prompt(asked, *((DEMOS[name].instruction, poisoned[name]) for name in names)))
    assert code_of(other) == code_of(before)


def test_demos_that_disagree_are_told() -> None:
    demo, other = DEMOS["tree_register_8"], DEMOS["chain_direct_4"]
    reply = answer(
        prompt(lines(64, TREE, DIRECT), of(demo), (other.instruction, other.code.replace("t < tokens", "t != tokens")))
    )
    assert "examples 1 and 2 answer it differently; 1 shares most lines and is taken" in reply.text
    assert "t < tokens" in code_of(reply)


def test_a_line_that_no_demo_has_is_refused() -> None:
    reply = ask(lines(64, "The products are summed by a bush."), "tree_register_8", "chain_direct_4")
    assert causes(reply) == "2: no example has a line with these words"
    assert 'Line 2 ("The products are summed by a bush.")' in reply.text


def test_words_match_exactly_never_nearly() -> None:
    assert "3: no example" in causes(ask(lines(leave="Each sum leaves at once"), "chain_direct_4"))
    assert "3: no example" in causes(ask(lines(leave=DIRECT.lower()), "chain_direct_4"))


def test_all_demos_of_a_style_removed_is_refused() -> None:
    assert "2: no example" in causes(ask(lines(64, TREE, DIRECT), "chain_direct_4", "chain_register_16"))


def test_a_line_left_out_is_refused_unless_a_demo_shows_it_left_out() -> None:
    names = ("tree_register_8", "chain_direct_4")
    for number in range(5):
        asked = [text for at, text in enumerate(lines(64, TREE, DIRECT)) if at != number]
        assert "is left out here" in causes(ask(asked, *names))
    short = [text for at, text in enumerate(DEMOS["chain_direct_4"].instruction) if at != 3]
    code = DEMOS["chain_direct_4"].code.replace("[5]", "[9]").replace("SKIPPED;", "0;")
    code = re.sub(r"// \[4\].*\n.*\n", "", code).replace("[9]", "[4]")
    reply = answer(prompt([lines(64)[0], CHAIN, REGISTER, lines()[4]], of(DEMOS["chain_register_16"]), (short, code)))
    assert reply.kind == "adapted"
    assert "SKIPPED = " not in code_of(reply)
    assert "[4] one token an iteration" in code_of(reply)


def test_lines_in_another_order_are_refused() -> None:
    asked = list(lines())
    asked[1], asked[2] = asked[2], asked[1]
    assert "in another order" in causes(ask(asked, "tree_register_8", "chain_direct_4"))


def test_the_same_words_twice_are_refused() -> None:
    assert "have the same words" in causes(ask([*lines(), "Each token packs 3 elements."], "tree_register_8"))


def test_a_skipped_number_is_refused() -> None:
    messages = prompt(lines(), of(DEMOS["tree_register_8"]))
    messages[1]["content"] = str(messages[1]["content"])[::-1].replace(".5", ".6", 1)[::-1]
    assert "line 6 follows where line 5 is expected" in causes(answer(messages))


def test_no_demos_and_no_lines_are_refused() -> None:
    assert "no example to answer from" in causes(answer(prompt(lines())))
    assert "no numbered lines" in causes(answer([{"role": "user", "content": "Write it."}]))


def test_a_changed_number_that_no_code_carries_is_refused() -> None:
    demo = DEMOS["chain_direct_4"]
    code = demo.code.replace("SKIPPED = 3", "SKIPPED = 2 + 1")
    reply = answer(prompt(lines(4, CHAIN, DIRECT, 9), (demo.instruction, code)))
    assert causes(reply) == "4: the number changes from 3 to 9 and no code carries 3"


def test_a_number_that_could_mean_two_things_is_refused_until_a_demo_tells_them_apart() -> None:
    demo = DEMOS["chain_direct_4"]
    code = demo.code.replace("SKIPPED = 3;", "SKIPPED = 3; constexpr int AXIS = 3;")
    asked = lines(4, CHAIN, DIRECT, 9)
    assert "4: the number changes from 3 to 9, and 3 could mean two things" in causes(
        answer(prompt(asked, (demo.instruction, code)))
    )
    other = lines(4, CHAIN, DIRECT, 5)
    reply = answer(prompt(asked, (demo.instruction, code), (other, code.replace("SKIPPED = 3", "SKIPPED = 5"))))
    assert "SKIPPED = 9; constexpr int AXIS = 3;" in code_of(reply)


def test_a_number_of_a_line_in_the_code_of_another_is_refused_until_it_is_shown_constant() -> None:
    demo = DEMOS["chain_register_16"]
    code = demo.code.replace("acc_t held = 0;", "acc_t held = 0; acc_t more[16];")
    asked = lines(8, CHAIN, REGISTER, 5)
    assert "3: its code in example 1 holds 16, the number of line 1 there, which changes" in causes(
        answer(prompt(asked, (demo.instruction, code)))
    )
    twin = lines(32, CHAIN, REGISTER, 5)
    reply = answer(prompt(asked, (demo.instruction, code), (twin, code.replace("ELEMENTS = 16", "ELEMENTS = 32"))))
    assert "acc_t more[16];" in code_of(reply)
    assert "ELEMENTS = 8;" in code_of(reply)


def test_an_order_that_the_demos_do_not_determine_is_refused() -> None:
    first = (["Alpha once.", "Beta twice."], "// [1] a\na;\n// [2] b\nb;\n// [2] b\nb;\n")
    second = (["Alpha twice.", "Beta once."], "// [1] a\na;\n// [1] a\na;\n// [2] b\nb;\n")
    reply = answer(prompt(["Alpha once.", "Beta once."], first, second))
    assert causes(reply) == "1: no example shows in which order the code of lines 1 and 2 stands"


def test_orders_that_contradict_are_refused() -> None:
    first, second = DEMOS["tree_register_8"], DEMOS["chain_direct_4"]
    rows = second.code.splitlines(keepends=True)
    turned = "".join([*rows[2:4], *rows[:2], *rows[4:]])
    reply = answer(prompt(lines(64, TREE, DIRECT), of(first), (second.instruction, turned)))
    assert "in different orders" in causes(reply)


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (lambda code: "int stray;\n" + code, "row 1 of its code stands before the first mark"),
        (lambda code: re.sub(r"// \[\d\]", "//", code), "before the first mark"),
        (lambda code: code.replace("[5] end", "[6] end"), "names line 6, and it has 5 lines"),
        (lambda code: code.replace("// [5] end", "// [5] // [4] end"), "has two marks"),
    ],
)
def test_an_unreadable_demo_is_not_used_and_the_reason_is_told(change: object, cause: str) -> None:
    assert callable(change)
    demo = DEMOS["tree_register_8"]
    assert cause in causes(answer(prompt(lines(), (demo.instruction, change(demo.code)))))


def test_only_numbered_lines_and_fenced_code_are_read() -> None:
    first, second = DEMOS["tree_register_8"], DEMOS["chain_direct_4"]
    noise = "```\n1. not an instruction\nint nothing;\n```\n- 3. a bullet\n> 1. a quotation\n"
    plain = prompt(lines(64, TREE, DIRECT), of(first), of(second))
    noisy: list[dict[str, object]] = [{"role": "user", "content": noise}, *plain]
    noisy[-1] = {"role": "user", "content": f"{plain[-1]['content']}\n{noise}"}
    assert answer(noisy).text == answer(plain).text
    parts: list[dict[str, object]] = [{"role": "user", "content": [{"type": "text", "text": plain[1]["content"]}]}]
    assert answer(parts).text == answer(plain).text


def test_an_invented_language_gives_the_translated_answer() -> None:
    words = {
        "for": "zul", "int": "nop", "constexpr": "qua", "void": "sil", "{": "<(", "}": ")>", ";": "!",
        "#pragma": "@wish", "if": "ob", "Each": "Omne", "products": "facta", "sum": "vim", "every": "all",
    }  # fmt: skip

    def translate(text: str) -> str:
        for old, new in words.items():
            text = text.replace(old, new)
        return text

    for asked in (lines(64, TREE, DIRECT), lines(2, CHAIN, REGISTER), lines(16, TREE, REGISTER)):
        demos = [of(DEMOS["tree_register_8"]), of(DEMOS["chain_direct_4"])]
        plain = answer(prompt(asked, *demos))
        translated = [([translate(line) for line in said], translate(code)) for said, code in demos]
        foreign = answer(prompt([translate(line) for line in asked], *translated))
        assert code_of(foreign) == translate(code_of(plain))


def test_equal_requests_have_equal_replies() -> None:
    asked = lines(64, TREE, DIRECT)
    assert ask(asked, "tree_register_8", "chain_direct_4") == ask(asked, "tree_register_8", "chain_direct_4")


def test_numbers_inside_words_and_decimals_are_words() -> None:
    said = ["Use int8 at 1.5 volt in 2 rooms."]
    code = "// [1] rooms\nint8 x[2]; float v = 1.5;\n"
    reply = answer(prompt(["Use int8 at 1.5 volt in 7 rooms."], (said, code)))
    assert "int8 x[7]; float v = 1.5;" in code_of(reply)
    assert causes(answer(prompt(["Use int16 at 1.5 volt in 2 rooms."], (said, code)))).startswith("1: no example")


def _sources() -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(ADAPTER.glob("*.py"))}


def test_the_adapter_imports_nothing_of_ours_but_itself() -> None:
    import sys

    for name, source in _sources().items():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0
                modules = [node.module or ""]
            else:
                continue
            for module in modules:
                ours = module.startswith("aigchip_tui.llm.adapter")
                assert ours or module.split(".")[0] in sys.stdlib_module_names, f"{name} imports {module}"


def test_the_adapter_names_no_part_of_the_hardware() -> None:
    forbidden = {
        "hls", "pragma", "pipeline", "unroll", "dataflow", "ap_int", "ap_uint", "axi", "fifo", "stream", "bram", "dsp",
        "lut", "uram", "fpga", "vitis", "vivado", "verilog", "kernel", "hardware", "accelerator", "chip", "clock",
        "lane", "tile", "bank", "burst", "arbiter", "buffer", "gemm", "matrix", "mac", "dma", "ctrl", "interconnect",
        "collector", "systolic", "reuse", "array", "arrays", "fanout", "forward", "template", "design", "module",
        "adder", "multiply", "quantize", "int8", "int16", "fp16", "flush", "drain", "fill", "accumulate",
    }  # fmt: skip
    for folder in ("templates", "demos"):
        for path in (ROOT / folder).glob("*/*"):
            if path.is_dir() and not path.name.startswith("_"):
                forbidden |= {path.name}
    for shown in (ROOT / "demos").glob("*/"):
        forbidden |= {name for demo in load_demos(shown.name).demos for name in demo.settings if "_" in name}
    for name, source in _sources().items():
        words = set(re.findall(r"[a-z_0-9]+", source.lower()))
        assert not words & forbidden, f"{name} says {sorted(words & forbidden)}"
