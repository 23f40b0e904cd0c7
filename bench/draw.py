"""Draws what was measured: `python -m bench.draw [FILE]` writes charts and a table beside the JSON."""

import argparse
import json
import statistics
from pathlib import Path

from bench.elementwise import ON_AVERAGE, OPERATIONS
from bench.libraries import BY_NAME, ROOT
from bench.measure import Result, readable

COLOURS = {
    "Rushlight": "#d1495b",
    "Rushlight without fast": "#edae49",
    "JAX": "#30638e",
    "autograd": "#7a8b99",
    "MyGrad": "#5b8e7d",
    "tinygrad": "#8d6a9f",
    "candle": "#b08968",
}
NOT_IN_THE_CHART = ("scaling", "accuracy", "size", "memory", "first", "compiling", "overhead")


def load(file: Path) -> dict[str, dict]:
    """Return the entries of a results file by workload, with `Result`s in place of their fields."""
    entries = json.loads(file.read_text())["workloads"]
    return {name: entry | {"results": [Result(**r) for r in entry["results"]]} for name, entry in entries.items()}


def rows(entries: dict[str, dict]) -> dict[str, list[Result]]:
    """Return the rows of the chart: each case that is a ratio of times, the elementwise ones by size."""
    found: dict[str, list[Result]] = {}
    for name, entry in entries.items():
        for r in entry["results"]:
            label, _, size = r.name.partition(", ")
            if name == "elementwise":
                if label not in OPERATIONS:
                    continue
                found.setdefault(f"{len(OPERATIONS)} elementwise operations, {size} elements, mean", []).append(r)
            elif name not in NOT_IN_THE_CHART and r.library in BY_NAME:
                found.setdefault(r.name, []).append(r)
    return found


def chart(entries: dict[str, dict], file: Path) -> None:
    """Draw each library's ratio to PyTorch, from the first to the third quartile, and the targets."""
    from matplotlib import pyplot

    table = {
        label: [r for r in results if r.library in COLOURS] for label, results in reversed(list(rows(entries).items()))
    }
    figure, axes = pyplot.subplots(figsize=(9, 1.4 + 0.42 * len(table)), layout="constrained")
    seen: dict[str, object] = {}
    for y, results in enumerate(table.values()):
        for library in COLOURS:
            these = [r for r in results if r.library == library]
            if not these:
                continue
            middle = statistics.fmean(r.ratio for r in these)
            low, high = (
                (these[0].ratio_low, these[0].ratio_high)
                if len(these) == 1
                else statistics.quantiles([r.ratio for r in these], n=4)[::2]
            )
            axes.plot([low, high], [y, y], color=COLOURS[library], linewidth=2, alpha=0.5)
            (seen[library],) = axes.plot([middle], [y], "o", color=COLOURS[library], label=library)
            target = these[0].target if len(these) == 1 else ON_AVERAGE
            if library == "Rushlight" and target is not None:
                (seen["wanted"],) = axes.plot([target], [y], "|", color="black", markersize=14, label="wanted")
    axes.axvline(1, color="grey", linewidth=1)
    axes.set_xscale("log")
    ticks = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20]
    low, high = axes.get_xlim()
    shown = [tick for tick in ticks if low <= tick <= high]
    axes.set_xticks(shown, [f"{tick:g}" for tick in shown])
    axes.minorticks_off()
    axes.set_yticks(range(len(table)), list(table))
    axes.set_xlabel("time relative to PyTorch 2.13 on the same 2 threads (left is faster)")
    axes.legend(handles=[seen[name] for name in (*COLOURS, "wanted") if name in seen], fontsize="small")
    axes.grid(axis="x", alpha=0.3)
    figure.savefig(file, metadata={"Date": None})
    pyplot.close(figure)


def scaling_chart(results: list[Result], file: Path) -> None:
    """Draw the time of a step against batch, width and depth."""
    from matplotlib import pyplot

    axes_of: dict[str, list[Result]] = {}
    exponents = {}
    for r in results:
        if r.unit == "exponent":
            exponents[r.name.split()[-1]] = r
        else:
            axes_of.setdefault(r.name.split()[0], []).append(r)
    figure, panels = pyplot.subplots(1, len(axes_of), figsize=(11, 3.8), sharey=True, layout="constrained")
    for panel, (axis, found) in zip(panels, axes_of.items()):
        sizes = [int(r.name.split()[1]) for r in found]
        exponent = exponents[axis]
        for values, label, slope, colour in (
            ([r.reference for r in found], "PyTorch", exponent.reference, "#444444"),
            ([r.candidate for r in found], "Rushlight", exponent.candidate, COLOURS["Rushlight"]),
        ):
            panel.loglog(sizes, values, "o-", color=colour, label=f"{label}: power {slope:.2f}")
        panel.set_xticks(sizes, [str(size) for size in sizes])
        panel.minorticks_off()
        panel.set_xlabel(axis)
        panel.legend(fontsize="small")
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("seconds of a training step")
    figure.savefig(file, metadata={"Date": None})
    pyplot.close(figure)


def table(entries: dict[str, dict]) -> str:
    """Return all results as Markdown."""
    parts = [
        "# Measurements beside PyTorch 2.13",
        "",
        "Written by `python -m bench.draw` from the results of `python -m bench`. A ratio is a library's time (or what",
        "the row names) divided by PyTorch's in its better memory layout, both on two threads and in turns: the median",
        "over the rounds, with the quartiles. *At least* is the time that the work's arithmetic and memory traffic",
        "take at the best rates measured on the machine; algorithms that need fewer products than the definition,",
        "such as Winograd's, can be below it.",
        "",
    ]
    for name, entry in entries.items():
        quick = ", quick run: says little" if entry["quick"] else ""
        if entry["others"]:
            quick += f"; other programs used {entry['others']:.0%} of the processors"
        parts += [
            f"## {name}",
            "",
            f"{entry['processor']}, {entry['gflops_a_second']:.0f} GFLOP/s, {entry['gigabytes_a_second']:.1f} GB/s, "
            f"Python {entry['python']}{quick}",
            "",
            "| work | library | PyTorch | library | ratio (quartiles) | wanted | at least |",
            "| --- | --- | --- | --- | --- | --- | --- |",
            *[_row(r) for r in entry["results"]],
            "",
        ]
    return "\n".join(parts)


def _row(r: Result) -> str:
    values = [readable(value, r.unit).strip() for value in (r.reference, r.candidate)]
    wanted = "" if r.target is None else f"{r.target:g}" + " s" * r.absolute + ", missed" * r.missed
    floor = "" if r.floor is None else readable(r.floor).strip()
    ratio = "" if r.absolute else f"{r.ratio:.2f} ({r.ratio_low:.2f} to {r.ratio_high:.2f})"
    ratio += ", DISAGREES" * r.disagrees
    return f"| {r.name} | {r.library} | {' | '.join(values)} | {ratio} | {wanted} | {floor} |"


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(prog="python -m bench.draw", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=ROOT / "bench" / "results.json")
    file = parser.parse_args().file
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "rushlight"  # the same results give the same file
    entries = load(file)
    if rows(entries):
        chart(entries, file.with_suffix(".svg"))
    if "scaling" in entries:
        scaling_chart(entries["scaling"]["results"], file.with_name("scaling.svg"))
    file.with_suffix(".md").write_text(table(entries))


if __name__ == "__main__":
    main()
