"""The text of the test bench around one function: it follows from the ports alone, never from the cases."""

from __future__ import annotations

from collections.abc import Sequence

from aigchip_tui.csim.wire import RETURN_PORT
from aigchip_tui.model.module import Port, Variant
from aigchip_tui.model.testcase import TestCase

CASES_FILE = "cases.bin"
RESULTS_FILE = "results.bin"
SIGNATURE_MESSAGE = "the signature differs from the port contract"


def namespace_of(variant: Variant) -> str:
    """The namespace that the template opens around a variant's body."""
    return variant.key.replace("-", "_")


def harness_source(variant: Variant, cases: Sequence[TestCase] = (), *, includes: Sequence[str] = ()) -> str:
    """The test bench of one variant. `includes` are the files that hold the children and the variant itself.

    The function is `variant.function` in the variant's namespace, its parameters the ports in their order. `cases` is
    accepted for symmetry and does not change the text, so that one compiled bench serves all data.
    """
    return bench_source(
        variant.function, variant.ports, includes=includes, namespace=namespace_of(variant), title=variant.module
    )


def bench_source(
    function: str, ports: Sequence[Port], *, includes: Sequence[str], namespace: str = "", title: str = ""
) -> str:
    """The test bench of any function with the given ports; `namespace` is where its port types resolve."""
    check, launch = _check_and_launch(function, ports, namespace=namespace, title=title)
    return _program(includes, [check], [launch])


def batch_source(variants: Sequence[Variant], *, includes: Sequence[str]) -> str:
    """One test bench for many variants, one after the other: number i reads and writes the files of `batch_files(i)`.

    Each variant stands in its own namespace, so that their names do not meet. Variants whose parameters have the same
    types are launched by one instance of a template.
    """
    checks, launches = [_LAUNCH_FILES], []
    for number, variant in enumerate(variants):
        space = namespace_of(variant)
        check, table = _check_and_table(variant.function, variant.ports, namespace=space)
        cases, results = batch_files(number)
        checks.append(check)
        launches.append(
            f"{table}\n"
            f'    launch_files("{cases}", "{results}", "{variant.module}", &::{space}::{variant.function}, ports);'
        )
    return _program(includes, checks, launches)


_LAUNCH_FILES = """template <class Function>
[[gnu::noinline]] void launch_files(const char* cases, const char* results, const char* name, Function* function,
                                    const ::hls::csim::port_name* ports) {
    ::hls::csim::bench bench(cases, results);
    bench.launch_all(name, function, ports);
}"""


def batch_files(number: int) -> tuple[str, str]:
    """Names of the cases and of the results of one variant of a batch."""
    return f"{number}-{CASES_FILE}", f"{number}-{RESULTS_FILE}"


def _check_and_launch(function: str, ports: Sequence[Port], *, namespace: str, title: str) -> tuple[str, str]:
    """The assertion that the signature is the contract's, and the rows of `main` that launch the function."""
    check, table = _check_and_table(function, ports, namespace=namespace)
    scope = f"::{namespace}::" if namespace else "::"
    launch = [
        f'    ::hls::csim::bench bench("{CASES_FILE}", "{RESULTS_FILE}");',
        table,
        f'    bench.launch_all("{title or function}", &{scope}{function}, ports);',
    ]
    return check, "\n".join(launch)


def _check_and_table(function: str, ports: Sequence[Port], *, namespace: str) -> tuple[str, str]:
    """The assertion that the signature is the contract's, and the table of its ports."""
    parameters = [port for port in ports if port.name != RETURN_PORT]
    contract = ", ".join(port.cpp_type for port in parameters)
    result = next((port.cpp_type for port in ports if port.name == RETURN_PORT), "")
    result = result or f"::hls::csim::result_of_t<decltype({function})>"
    check = f'static_assert(std::is_same_v<decltype({function}), {result}({contract})>, "{SIGNATURE_MESSAGE}");'
    if namespace:
        check = f"namespace {namespace} {{\n{check}\n}}"
    table = ", ".join(f'{{"{port.name}", {port.copies}}}' for port in parameters)
    return check, f"    const ::hls::csim::port_name ports[] = {{{table}}};"


def _program(includes: Sequence[str], checks: Sequence[str], launches: Sequence[str]) -> str:
    # One launch stands in main itself: that text is part of the key of every compiled test bench.
    body = list(launches) if len(launches) == 1 else [f"    {{\n{launch}\n    }}" for launch in launches]
    return "\n".join([
        '#include "aigchip_bench.h"',
        *(f'#include "{name}"' for name in includes),
        *checks,
        "int main() {",
        *body,
        "}",
        "",
    ])
