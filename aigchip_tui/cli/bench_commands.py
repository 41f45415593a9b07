"""`bench`: measurements that print figures measured side by side in one run; no test asserts them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aigchip_tui.cli.output import document, json_option, note, say, sessions_option, table
from aigchip_tui.model.errors import AigchipError

if TYPE_CHECKING:
    from aigchip_tui.model.space import Output, Precision
    from aigchip_tui.proof.demonstrations import DemoProver


@click.group("bench")
def bench_command() -> None:
    """Measurements: search, estimator, hardware, arbiters, engine, ui."""


@bench_command.command("search")
@click.option("--networks", default="resnet50", show_default=True, help="Comma-separated workloads.")
@click.option("--evaluations", type=int, default=200, show_default=True)
@click.option("--seeds", type=int, default=20, show_default=True)
@click.option("--device", default="zcu104", show_default=True)
@click.option("--dsp", type=int, default=1024, show_default=True)
@click.option("--searchers", default="default,paper,random,nsga2,tpe", show_default=True)
@json_option
@sessions_option
def search_command(
    networks: str, evaluations: int, seeds: int, device: str, dsp: int, searchers: str, as_json: bool,
    sessions: str | None,
) -> int:
    """Searchers side by side on the analytic model against the exhaustive oracle."""
    from aigchip_tui.bench.search_bench import SEARCHERS, bench_search
    from aigchip_tui.model.device import device as device_named
    from aigchip_tui.model.space import Build

    chosen = tuple(name for name in SEARCHERS if name in searchers.split(","))
    unknown = [name for name in searchers.split(",") if name not in SEARCHERS]
    if unknown:
        raise AigchipError(f"There is no searcher {unknown[0]!r}.", hint=f"Known: {', '.join(SEARCHERS)}.")
    build = Build(device=device_named(device), dsp_limit=dsp)
    report = bench_search(
        build, networks=networks.split(","), evaluations=evaluations, seeds=seeds, searchers=chosen, note=note,
    )
    if as_json:
        document(report)
        return 0
    table(
        [(name, *(_shown(figures[k]) for k in _FIGURES)) for name, figures in report["searchers"].items()],
        ("searcher", *_FIGURES),
    )
    say("analytic model, one MAC per DSP; hypervolume over (log2 ms, log2 DSP), reference (512 ms, 2048 DSP)")
    return 0


_FIGURES = ("hv_median", "hv_p10", "found_median", "found_p10", "evaluations_to_95", "cpu_ms_per_evaluation")


def _shown(value: object) -> str:
    return "not reached" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)


def _collect_pairs(folder: Path, out: Path | None, as_json: bool) -> int:
    """Writes the table of the reports below a folder; says why each of the others has no row."""
    from aigchip_tui.bench.estimator_collect import collect, write_pairs

    if out is None:
        raise click.UsageError("--collect needs --out FILE, the table to write.")
    found = collect(folder)
    write_pairs(found.rows, out)
    if as_json:
        document({"rows": len(found.rows), "passed_over": found.passed_over, "out": str(out)})
        return 0
    say(f"{len(found.rows)} reports with the sources that they are of, in {out}")
    for reason, count in sorted(found.passed_over.items(), key=lambda item: -item[1]):
        say(f"{count:5} passed over: {reason}")
    return 0


@bench_command.command("estimator")
@click.option("--pairs", type=click.Path(dir_okay=False, path_type=Path), help="Table of kernels.")
@click.option("--sources", type=click.Path(file_okay=False, path_type=Path),
              help="Folder that holds OWNER/NAME/... of the repositories the table names.")
@click.option("--collect", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Make a table of the synthesis reports below this folder and the sources beside them.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Where --collect writes the table.")
@click.option("--loops", type=click.Path(dir_okay=False, path_type=Path), help="Reported loop tables (loops.json).")
@click.option("--held-out", type=click.Path(dir_okay=False, path_type=Path),
              help="A second table, of kernels that nobody fitted to.")
@click.option("--set", "only", default="", help="Only this set of the tables.")
@click.option("--plot", type=click.Path(dir_okay=False, path_type=Path), help="Write a scatter plot (SVG).")
@json_option
@sessions_option
def estimator_command(
    pairs: Path | None, sources: Path | None, collect: Path | None, out: Path | None, loops: Path | None,
    held_out: Path | None, only: str, plot: Path | None, as_json: bool, sessions: str | None,
) -> int:
    """Estimates against what the vendor tool reported, by set and category.

    With --collect: a table of the reports below a folder, to be measured with --pairs OUT --sources FOLDER.
    """
    import msgspec

    if collect is not None:
        return _collect_pairs(collect, out, as_json)
    if pairs is None or sources is None:
        raise click.UsageError("Give --pairs with --sources, or --collect with --out.")

    from aigchip_tui.bench.estimator_bench import measure
    from aigchip_tui.bench.estimator_loops import loop_arithmetic, loop_fit
    from aigchip_tui.bench.estimator_report import scatter_svg, table_lines

    found = measure(pairs, sources, only=only, held_out=held_out)
    if plot is not None:
        plot.write_text(scatter_svg(found), encoding="utf-8")
    arithmetic = loop_arithmetic(loops) if loops is not None else None
    fit = loop_fit(pairs, sources, loops) if loops is not None else None
    if as_json:
        report = msgspec.to_builtins(found)
        report["loop_arithmetic"] = msgspec.to_builtins(arithmetic)
        report["loop_fit"] = msgspec.to_builtins(fit)
        document(report)
        return 0
    for line in table_lines(found):
        say(line)
    if arithmetic is not None:
        say(f"loop arithmetic: {arithmetic.exact} of {arithmetic.loops} reported pipelined loops exactly")
    if fit is not None:
        say(
            f"of all {fit.loops} of them: trip counts of {fit.trips_exact} ({fit.trips_exact / max(1, fit.loops):.0%}) "
            f"and II of {fit.intervals_exact} ({fit.intervals_exact / max(1, fit.loops):.0%}) exactly; {fit.matched} "
            f"found by name, {fit.nested} in a nest flattened otherwise, {fit.unmatched} not found"
        )
    return 0


@bench_command.command("hardware")
@click.option("--samples", type=int, default=10, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--device", default="zcu104", show_default=True)
@click.option("--depth", type=int, default=0, help="1: every FIFO of the assembled simulation holds one token.")
@click.option("--cycles/--no-cycles", default=True, show_default=True, help="Compare estimated with simulated cycles.")
@click.option("--pin", "pins", multiple=True, help="PARAM=VALUE that every design keeps.")
@click.option("--template", default="gemm", show_default=True)
@click.option("--precision", type=click.Choice(["int8", "int16"]), default="int8", show_default=True)
@click.option("--output", type=click.Choice(["scaled", "raw"]), default="scaled", show_default=True)
@click.option("--axi", type=click.Choice(["8", "16", "32", "64"]), default="16", show_default=True)
@json_option
@sessions_option
def hardware_command(
    samples: int, seed: int, device: str, depth: int, cycles: bool, pins: tuple[str, ...], template: str,
    precision: Precision, output: Output, axi: str, as_json: bool, sessions: str | None,
) -> int:
    """Random legal designs, generated from two demonstrations a variant, proven alone and assembled."""
    from aigchip_tui.bench.hardware_bench import Sample, bench_hardware
    from aigchip_tui.cli.proving import prover_and_bench
    from aigchip_tui.engine.making import parse_pins
    from aigchip_tui.library.demos import load_library
    from aigchip_tui.model.device import device as device_named
    from aigchip_tui.model.space import Build
    from aigchip_tui.modules.own_templates import template_given
    from aigchip_tui.modules.protocol import CommandsProcesses, borrowed_of
    from aigchip_tui.sandbox.worker import Worker
    from aigchip_tui.synth.embedded import EmbeddedSynthesizer

    def told(sample: Sample) -> None:
        note(f"{sample.number:4} {sample.variants} variants, {sample.values} values: {sample.cause or 'exact'}")

    family = template_given(template)
    library = load_library(family.name, borrowed_of(family))
    build = Build(device=device_named(device), precision=precision, output=output, axi_bytes=int(axi))
    if cycles and not isinstance(family, CommandsProcesses):
        raise AigchipError(
            f"The template {family.name} does not say who commands its processes, so no cycles can be compared.",
            hint="Ask with --no-cycles.",
        )
    with prover_and_bench(family, library, seed) as (prover, bench), Worker(bench.sandbox) as worker:
        report = bench_hardware(
            family, prover, bench, build, samples=samples, seed=seed, depth=depth, pins=parse_pins(pins), told=told,
            synthesizer=EmbeddedSynthesizer(build=build, template=family, worker=worker, bench=bench)
            if cycles else None,
        )
    if as_json:
        document(report)
    else:
        for key, value in report.items():
            if key == "cycles":
                for name, figure in value.items():
                    say(f"cycles {name:26} {figure}")
            elif key != "failures":
                say(f"{key:20} {value}")
        for failure in report["failures"]:
            say(f"failed {failure['number']}: {failure['cause']}: {failure['parameters']}")
    return 0 if report["exact"] == report["samples"] else 1


@bench_command.command("arbiters")
@click.argument("edges", nargs=-1, metavar="[IN:OUT | IN:OUT@ROWSxCOLUMNS]...")
@click.option("--precision", default="int8", show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--template", default="gemm", show_default=True)
@json_option
@sessions_option
def arbiters_command(
    edges: tuple[str, ...], precision: str, seed: int, template: str, as_json: bool, sessions: str | None
) -> int:
    """Arbiters between tokens of IN and of OUT elements, proven, with their cost.

    @ROWSxCOLUMNS: blocks of tokens that come row by row and are taken column by column.
    """
    from aigchip_tui.bench.arbiters_bench import EDGES, bench_arbiters, edge_of
    from aigchip_tui.cli.proving import prover_and_bench
    from aigchip_tui.library.demos import load_library
    from aigchip_tui.modules.own_templates import template_given
    from aigchip_tui.modules.protocol import borrowed_of

    family = template_given(template)
    asked = [edge_of(text) for text in edges or EDGES]
    with prover_and_bench(family, load_library(family.name, borrowed_of(family)), seed) as (prover, _):
        report = bench_arbiters(family, prover, asked, precision=precision)
    if as_json:
        document(report)
    else:
        table(
            [tuple(row[key] for key in ("edge", "module", "settings", "proof", "cost")) for row in report],
            ("edge", "module", "local settings", "proof", "cost (estimate)"),
        )
    return 0 if all(row["proof"] == "passed" for row in report) else 1


@bench_command.command("networks")
@click.option("--peers", type=click.Path(dir_okay=False), default=None, help="YAML of published figures.")
@click.option("--networks", default="alexnet,googlenet,resnet50,vgg16", show_default=True)
@click.option("--evaluations", type=click.IntRange(1, 5000), default=200, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--device", default="zcu104", show_default=True)
@click.option("--dsp", type=int, default=None, help="One DSP count instead of the peer's; needs --clock.")
@click.option("--clock", type=int, default=None, help="One clock in MHz instead of the peer's.")
@click.option("--plot", type=click.Path(dir_okay=False), default=None, help="Write an SVG of bars.")
@json_option
@sessions_option
def networks_command(
    peers: str | None, networks: str, evaluations: int, seed: int, device: str, dsp: int | None, clock: int | None,
    plot: str | None, as_json: bool, sessions: str | None,
) -> int:
    """The best design found for each network, estimated, beside published figures; every bar says its scope."""
    from pathlib import Path

    from aigchip_tui.bench.networks_bench import HEAD, Bar, as_document, bench_networks, network_lines, peer_bars
    from aigchip_tui.bench.networks_plot import networks_plot
    from aigchip_tui.cli.proving import prover_and_bench
    from aigchip_tui.library.demos import load_library
    from aigchip_tui.model.device import device as device_named
    from aigchip_tui.modules.loader import load_template
    from aigchip_tui.modules.protocol import borrowed_of
    from aigchip_tui.sandbox.worker import Worker
    from aigchip_tui.synth.embedded import EmbeddedSynthesizer

    if peers is None and not (dsp and clock):
        raise AigchipError("No DSP count and clock is given.", hint="Give --peers, or --dsp and --clock.")
    board = device_named(device)
    published: list[Bar] = []
    if peers is not None:
        try:
            text = Path(peers).read_text(encoding="utf-8")
        except OSError as problem:
            raise AigchipError(f"{peers} cannot be read: {problem.strerror}.") from problem
        except UnicodeDecodeError:
            raise AigchipError(f"{peers} is not UTF-8 text.") from None
        published = peer_bars(text, source=peers, part=board.part.split("-")[0])
    family = load_template("gemm")
    library = load_library(family.name, borrowed_of(family))

    def told(bar: Bar) -> None:
        note(f"{bar.network} {bar.dsp} DSP x {bar.macs_per_dsp:g} MACs, {bar.clock_mhz} MHz, FC {bar.fc}: "
             f"{bar.fps:.2f} fps ({bar.basis})")

    with prover_and_bench(family, library, seed) as (_, bench), Worker(bench.sandbox) as worker:
        bars = bench_networks(
            family, library, board, published, networks=networks.split(","), evaluations=evaluations, seed=seed,
            dsp=dsp, clock_mhz=clock, told=told,
            synthesizer=lambda build: EmbeddedSynthesizer(
                build=build, template=family, worker=worker, bench=bench,
            ),
        )
    if plot is not None:
        Path(plot).write_text(networks_plot(bars), encoding="utf-8")
    if as_json:
        document(as_document(bars))
        return 0
    table(network_lines(bars), HEAD)
    say("rows of different scope (FC, im2col, pooling, basis) are not comparable: no winner is named")
    return 0


@bench_command.command("ui")
@click.option("--designs", type=click.IntRange(1, 10_000_000), default=100_000, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@json_option
@sessions_option
def ui_command(designs: int, seed: int, as_json: bool, sessions: str | None) -> int:
    """What opening a large session costs, without its index and with it. The session is invented, and removed again."""
    import msgspec

    from aigchip_tui.bench.ui_bench import Opening, bench_ui

    def told(opening: Opening) -> None:
        note(f"{opening.command}: {opening.wall_s:.2f} s")

    report = bench_ui(designs=designs, seed=seed, told=told)
    if as_json:
        document(msgspec.to_builtins(report))
        return 0
    table(
        [(o.command, "yes" if o.indexed else "no", f"{o.wall_s:.2f}", f"{o.cpu_s:.2f}", f"{o.peak_mib:.0f}")
         for o in report.openings],
        ("command", "index", "seconds", "CPU s", "peak MiB"),
    )
    say(f"{report.designs} invented designs, journal of {report.journal_mib:.0f} MiB; show without the index takes "
        f"{report.ratio:.1f} times as long. attach: until the best design stands on the screen")
    return 0


@bench_command.command("engine")
@click.option("--designs", type=click.IntRange(min=1), default=6, show_default=True)
@click.option("--workload", default="resnet50@224", show_default=True)
@click.option("--device", default="zcu104", show_default=True)
@click.option("--dsp", type=int, default=1024, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--template", default="gemm", show_default=True)
@json_option
@sessions_option
def engine_command(
    designs: int, workload: str, device: str, dsp: int, seed: int, template: str, as_json: bool, sessions: str | None
) -> int:
    """Model calls and proofs of a search's designs: each variant once, against each design whole."""
    import tempfile
    from contextlib import contextmanager

    from aigchip_tui.bench.engine_bench import Arm, bench_engine
    from aigchip_tui.cli.proving import prover_and_bench
    from aigchip_tui.library.demos import load_library
    from aigchip_tui.llm.client import open_generator
    from aigchip_tui.model.device import device as device_named
    from aigchip_tui.model.space import Build
    from aigchip_tui.model.workload import workload as workload_named
    from aigchip_tui.modules.own_templates import template_given
    from aigchip_tui.modules.protocol import borrowed_of

    family = template_given(template)
    library = load_library(family.name, borrowed_of(family))

    @contextmanager
    def new_prover() -> Iterator[DemoProver]:
        with (
            tempfile.TemporaryDirectory(prefix="aigchip-engine-") as programs,
            prover_and_bench(family, library, seed, programs=Path(programs)) as (prover, _),
        ):
            yield prover

    def told(number: int, shared: Arm, whole: Arm) -> None:
        note(f"design {number}: {shared.calls} calls so far with shared variants, {whole.calls} whole")

    report = bench_engine(
        family, library, Build(device=device_named(device), dsp_limit=dsp), workload_named(workload),
        open_generator("offline", environment={}), new_prover, designs=designs, seed=seed, told=told,
    )
    if as_json:
        document(report)
    else:
        rows = [(figure, report["shared"][figure], report["whole"][figure]) for figure in report["shared"]]
        table(rows, ("figure", "each variant once", "each design whole"))
        say(f"{report['workload']}, {report['template']}, seed {seed}; {report['calls_saved']:.0%} of the calls saved; "
            "asking and proving modules one at a time, assembly not counted")
    return 0 if report["shared"]["red"] == report["whole"]["red"] == 0 else 1
