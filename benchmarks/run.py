"""What the analysis costs, as ratios: ``python benchmarks/run.py DIR [--only parse,plugin,…]``.

Figures are the best of a few runs, each in a fresh process. Seconds are not shown, for they say more about the machine
than about the tool.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from generate import generate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent
SIZES = (100, 200, 400, 800, 1600)


@dataclass(frozen=True)
class Bench:
    """Where to measure, and how often."""

    root: Path
    scratch: Path
    repeat: int

    def child(self, *arguments: str) -> dict[str, float]:
        """The figures of one measurement in a process of its own."""
        command = [sys.executable, str(HERE / "children.py"), *arguments]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        figures: dict[str, float] = json.loads(done.stdout)
        return figures

    def best(self, *arguments: str, before: Callable[[], None] = lambda: None) -> dict[str, float]:
        """The run with the least CPU."""
        runs = []
        for _ in range(self.repeat):
            before()
            runs.append(self.child(*arguments))
        return min(runs, key=lambda figures: figures["cpu"])

    def parse(self) -> dict[str, float]:
        """The yardstick."""
        return self.best("parse", str(self.root))

    def flake8(self, kind: str, *arguments: str, before: Callable[[], None] = lambda: None) -> tuple[float, float]:
        """Least CPU and least wall time of flake8, its start included."""
        cpu, wall = [], []
        for _ in range(self.repeat):
            before()
            earlier = resource.getrusage(resource.RUSAGE_CHILDREN)
            started = time.perf_counter()
            command = [
                sys.executable,
                str(HERE / "flake8_with.py"),
                kind,
                "--select",
                "BE,E9",
                "--exit-zero",
                *arguments,
            ]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self.root)
            wall.append(time.perf_counter() - started)
            later = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu.append(later.ru_utime + later.ru_stime - earlier.ru_utime - earlier.ru_stime)
        return min(cpu), min(wall)

    def emptied(self, folder: Path) -> Callable[[], None]:
        """An action that makes the next run a cold one."""
        return lambda: shutil.rmtree(folder, ignore_errors=True)


def analysis(bench: Bench) -> Iterator[str]:
    """Cold and warm cost of the analysis in one process."""
    parsed = bench.parse()
    yield f"files {parsed['files']:.0f}, lines {parsed['lines']:.0f}"
    cache = bench.scratch / "analysis"
    cold = bench.best("analyse", str(bench.root), str(cache), before=bench.emptied(cache))
    warm = bench.best("analyse", str(bench.root), str(cache))
    nothing = bench.best("analyse", str(bench.root), "-")
    for name, figures in (("cold", cold), ("warm", warm), ("without cache", nothing)):
        yield f"analysis, {name}: {figures['cpu'] / parsed['cpu']:.2f} x ast.parse, its own parse included"
    index = bench.best("index", str(bench.root))
    yield f"index alone, without cache: {index['cpu'] / parsed['cpu']:.2f} x ast.parse, {index['modules']:.0f} modules"
    yield f"analysis, cold: adds {cold['cpu'] / parsed['cpu'] - 1:.2f} x ast.parse to the one parse"
    if len({figures["findings"] for figures in (cold, warm, nothing)}) > 1:
        yield "WRONG: cold, warm and uncached runs differ in their findings"


def memory(bench: Bench) -> Iterator[str]:
    """Peak memory of one process that analyses everything."""
    figures = bench.child("analyse", str(bench.root), "-")
    yield f"peak memory: {figures['peak_mb']:.0f} MB, of which the analysis {figures['own_mb']:.0f} MB"


def plugin(bench: Bench) -> Iterator[str]:
    """What the plugin adds to flake8 over the whole project."""
    cache = bench.scratch / "plugin"
    for jobs, name, which in (("-j1", "CPU", 0), ("-j2", "wall time", 1)):
        bare = bench.flake8("bare", jobs, ".")[which]
        for state, before in (("cold", bench.emptied(cache)), ("warm", lambda: None)):
            ours = bench.flake8("plugin", jobs, "--backend-cache-dir", str(cache), ".", before=before)[which]
            yield f"plugin, {jobs}, {state}: {ours / bare:.2f} x bare flake8's {name}"


def precommit(bench: Bench) -> Iterator[str]:
    """Three files of the project, as pre-commit passes them."""
    ordered = sorted(bench.root.rglob("*.py"), key=lambda path: (path.stat().st_size, path))
    files = [str(path.relative_to(bench.root)) for path in ordered[len(ordered) * 3 // 4 :][:3]]
    cache = bench.scratch / "precommit"
    bare_cpu, bare_wall = bench.flake8("bare", "-j1", *files)
    cold_cpu, cold_wall = bench.flake8(
        "plugin", "-j1", "--backend-cache-dir", str(cache), *files, before=bench.emptied(cache)
    )
    warm_cpu, warm_wall = bench.flake8("plugin", "-j1", "--backend-cache-dir", str(cache), *files)
    index = bench.best("index", str(bench.root))["cpu"]
    yield f"three files, warm: {warm_cpu / bare_cpu:.2f} x bare flake8's CPU, {warm_wall / bare_wall:.2f} x its wall"
    yield f"three files, cold: adds {(cold_cpu - bare_cpu) / index:.2f} x one full index"
    yield f"three files, cold: {cold_wall / bare_wall:.1f} x bare flake8's wall time"


def rules(bench: Bench) -> Iterator[str]:
    """The share of each rule's own checks."""
    figures = bench.child("rules", str(bench.root))
    total = figures.pop("total")
    for code, spent in sorted(figures.items(), key=lambda item: -item[1]):
        yield f"rule {code}: {100 * spent / total:.1f} % of the analysis"


def growth(bench: Bench) -> Iterator[str]:
    """How the cost grows with the project."""
    points = []
    for size in SIZES:
        root = bench.scratch / f"generated-{size}"
        generate(root, size)
        points.append((math.log(size), math.log(bench.best("analyse", str(root), "-")["cpu"])))
    middle = [sum(values) / len(points) for values in zip(*points, strict=True)]
    covariance = sum((x - middle[0]) * (y - middle[1]) for x, y in points)
    slope = covariance / sum((x - middle[0]) ** 2 for x, _ in points)
    yield f"growth from {SIZES[0]} to {SIZES[-1]} files: log-log slope {slope:.2f}"


PARTS = {
    "analysis": analysis,
    "memory": memory,
    "plugin": plugin,
    "precommit": precommit,
    "rules": rules,
    "growth": growth,
}


def main() -> None:
    """Parse the command line and print one line per figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path, metavar="DIR")
    parser.add_argument("--only", help=f"comma-separated choice of {', '.join(PARTS)}", default=",".join(PARTS))
    parser.add_argument("--repeat", type=int, default=3, help="runs per figure, of which the best counts (default 3)")
    arguments = parser.parse_args()
    chosen = arguments.only.split(",")
    unknown = sorted(set(chosen) - set(PARTS))
    if unknown:
        parser.error(f"unknown part {unknown[0]!r}; there are {', '.join(PARTS)}")
    os.environ.setdefault("PYTHONHASHSEED", "0")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # nobody who installed the tool compiles it on every start
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(arguments.directory.resolve(), Path(scratch), arguments.repeat)
        for name in chosen:
            for line in PARTS[name](bench):
                print(line, flush=True)


if __name__ == "__main__":
    main()
