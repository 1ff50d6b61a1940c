"""report.py - samples into Markdown tables."""
import datetime
import math
import os
import platform
import re
import statistics
import subprocess

import floors
from tools import DHAT, HEAPTRACK, NATIVE

MIB = 1 << 20


class Figures:
    """What the tables show, each the median over the rounds of what one round gives."""

    def __init__(self, bench):
        self.bench = bench

    def has(self, work, tool):
        return (work, tool) in self.bench.samples

    def median(self, work, tool, of_round):
        pairs = zip(self.bench.samples[work, tool], self.bench.references[work, tool])
        return statistics.median(of_round(sample, native) for sample, native in pairs)

    def small(self, tool):
        return tool == DHAT

    def wall_ns(self, work, tool):
        return self.median(work, tool, lambda sample, native: sample.wall_ns)

    def cpu_ns(self, work, tool):
        return self.median(work, tool, lambda sample, native: sample.cpu_ns)

    def wall_ratio(self, work, tool):
        return self.median(work, tool, lambda sample, native: sample.wall_ns / native.wall_ns)

    def cpu_ratio(self, work, tool):
        return self.median(work, tool, lambda sample, native: sample.cpu_ns / native.cpu_ns)

    def added_cpu_ns(self, work, tool):
        """An event's."""
        events = self.bench.events[work, self.small(tool)]
        return self.median(work, tool,
                           lambda sample, native: (sample.cpu_ns - native.cpu_ns) / events)

    def added_wall_ns(self, work, tool):
        events = self.bench.events[work, self.small(tool)]
        return self.median(work, tool,
                           lambda sample, native: (sample.wall_ns - native.wall_ns) / events)

    def rss(self, work, tool):
        return self.median(work, tool, lambda sample, native: sample.rss)

    def added_rss(self, work, tool):
        return self.median(work, tool, lambda sample, native: sample.rss - native.rss)

    def trace_bytes(self, work, tool):
        return self.median(work, tool, lambda sample, native: sample.trace_bytes)

    def trace_bytes_an_allocation(self, work, tool):
        return self.trace_bytes(work, tool) / self.bench.allocations[work, self.small(tool)]

    def stack_nodes(self, work, tool):
        return self.median(work, tool, lambda sample, native: sample.stack_nodes)

    def added_ratio_mean(self, works, tool):
        """Geometric mean of (CPU ratio - 1); what noise made nothing or less counts as 0.001."""
        return statistics.geometric_mean(
            max(self.cpu_ratio(work, tool) - 1, 0.001) for work in works)


def small_rounds(runs):
    """Rounds of the slow tools."""
    return (runs + 2) // 3


def heading(runs):
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = re.search(r"model name\s*: (.*)", file.read())
    with open("/etc/os-release", encoding="utf-8") as file:
        system = re.search(r'PRETTY_NAME="?([^"\n]*)', file.read())
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True,
                            cwd=os.path.dirname(__file__), check=False).stdout.strip()
    return (
        "# What recording costs\n\n"
        f"`make bench`, {datetime.date.today()}, commit {commit or 'unknown'}, on "
        f"{model.group(1) if model else platform.machine()}, {os.cpu_count()} cores, "
        f"Linux {platform.release()}, {system.group(1) if system else 'unknown system'}, glibc "
        f"{platform.libc_ver()[1]}; load average at the start {os.getloadavg()[0]:.1f}.\n\n"
        f"Medians of {runs} interleaved runs of each work under each tool; ratios are medians of the "
        "rounds' own ratios, each to the native run of the same round. DHAT works on a small part "
        f"of each work, in {small_rounds(runs)} of such rounds, beside a native run of the same part. "
        "heaptrack is its recorder alone, writing its raw recording to a file. `tests/bench/works.py` "
        "says what is run.\n")


def time_text(ns):
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if ns >= size:
            return f"{ns / size:.3g} {unit}"
    return f"{ns:.3g} ns"


def number_text(number):
    """Three digits that mean something, never in powers of ten."""
    if number == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(number))))
    return f"{number:,.{min(digits, 2)}f}"


def one_table(title, note, bench, works, native_cell, cell, skip=()):
    names = [tool.name for tool in bench.tools if tool.name not in skip]
    lines = [f"\n## {title}\n", f"{note}\n", "| | " + " | ".join(names) + " |",
             "| --- |" + " ---: |" * len(names)]
    for work in works:
        cells = [native_cell(work) if name == NATIVE else cell(work, name) for name in names]
        lines.append(f"| {work.name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def programs_table(figures, bench, programs):
    heaptrack = figures.added_ratio_mean(programs, HEAPTRACK)
    lines = ["\n## Real programs together\n",
             "Geometric mean of (CPU ratio - 1) over the real programs, and that to heaptrack's.\n",
             "| | mean | to heaptrack's |", "| --- | ---: | ---: |"]
    for tool in bench.tools[1:]:
        mean = figures.added_ratio_mean(programs, tool.name)
        lines.append(f"| {tool.name} | {mean:.3f} | {mean / heaptrack:.2f} |")
    return "\n".join(lines) + "\n"


def tables(bench, works):
    figures = Figures(bench)
    programs = [work for work in works if work.part == "real"]

    def event_time(work, total_ns):
        if work.unit == "pair":
            return time_text(total_ns / bench.events[work, False])
        return time_text(total_ns)

    text = one_table(
        "CPU time", "Ratio to native; native itself: time a pair for the loops, in all for programs.",
        bench, works, lambda work: event_time(work, figures.cpu_ns(work, NATIVE)),
        lambda work, tool: number_text(figures.cpu_ratio(work, tool)))
    text += one_table(
        "Wall time", "Ratio to native. For the loops with threads: of all threads' pairs together.",
        bench, works, lambda work: event_time(work, figures.wall_ns(work, NATIVE)),
        lambda work, tool: number_text(figures.wall_ratio(work, tool)))
    text += one_table(
        "Added CPU time an event, ns",
        "A pair of malloc and free in the loops; one allocation, reallocation or free in programs. "
        "Native: the number of events.",
        bench, works, lambda work: f"{bench.events[work, False]:,}",
        lambda work, tool: number_text(figures.added_cpu_ns(work, tool)))
    text += one_table(
        "Peak RSS, MiB", "What is added to native's.", bench, works,
        lambda work: number_text(figures.rss(work, NATIVE) / MIB),
        lambda work, tool: f"{'+' if figures.added_rss(work, tool) >= 0 else ''}"
        + number_text(figures.added_rss(work, tool) / MIB))
    text += one_table(
        "Trace bytes an allocation",
        "The whole file on disk; reallocations count as allocations. Native: the number of allocations, "
        "warm-up included.", bench, works,
        lambda work: f"{bench.allocations[work, False]:,}",
        lambda work, tool: number_text(figures.trace_bytes_an_allocation(work, tool))
        if figures.trace_bytes(work, tool) else "-", skip=(DHAT,))
    if programs:
        text += programs_table(figures, bench, programs)
    return text + floors.table(figures, works)
