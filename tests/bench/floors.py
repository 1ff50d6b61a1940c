"""floors.py - what the recorder has to reach, beside what was measured. Rows of parts that were not run
are left out."""
from tools import DEFAULT, EXACT, HEAPTRACK, SAMPLING

MIB = 1 << 20


def added_rss_rows(figures, works):
    """The work that comes nearest to its allowance, or goes furthest beyond."""
    for tool in (DEFAULT, EXACT, SAMPLING):
        worst = None
        for work in works:
            allowed = 8 * MIB + 64 * figures.stack_nodes(work, tool) + MIB // 2 * work.threads
            added = figures.added_rss(work, tool)
            if worst is None or added - allowed > worst[0] - worst[1]:
                worst = (added, allowed, work)
        added, allowed, work = worst
        yield (f"RSS added by {tool}, MiB: 8 + 64 bytes a stack node + 0.5 a thread; worst: {work.name}",
               allowed / MIB, added / MIB)


def rows(figures, works):
    """(what, limit, measured) of each floor."""
    def named(part, text=""):
        return [work for work in works if work.part == part and text in work.name]

    for work in named("pair", "1,000 stacks"):
        yield (f"{work.name}: CPU added by {DEFAULT} to heaptrack's", 0.3,
               figures.added_cpu_ns(work, DEFAULT) / figures.added_cpu_ns(work, HEAPTRACK))
    for one, four in zip(named("threads", "1 thread"), named("threads", "4 threads")):
        yield (f"{four.name}: wall added by {DEFAULT} to heaptrack's", 0.1,
               figures.added_wall_ns(four, DEFAULT) / figures.added_wall_ns(four, HEAPTRACK))
        yield (f"{four.name}: CPU added by {DEFAULT} to heaptrack's", 0.1,
               figures.added_cpu_ns(four, DEFAULT) / figures.added_cpu_ns(four, HEAPTRACK))
        yield (f"{four.name}: CPU time of {DEFAULT} to that with one thread", 1.3,
               figures.cpu_ns(four, DEFAULT) / figures.bench.events[four, False]
               / (figures.cpu_ns(one, DEFAULT) / figures.bench.events[one, False]))
    programs = named("real")
    if programs:
        heaptrack = figures.added_ratio_mean(programs, HEAPTRACK)
        for tool, limit in ((DEFAULT, 0.3), (EXACT, 0.5)):
            yield (f"real programs: mean of (CPU ratio - 1), {tool} to heaptrack's", limit,
                   figures.added_ratio_mean(programs, tool) / heaptrack)
    yield from added_rss_rows(figures, works)
    survivors = named("survivors")
    for fewer, more in zip(survivors[::2], survivors[1::2]):
        yield (f"{more.name}: trace bytes a block, headers and stack tables apart", 24,
               (figures.trace_bytes(more, DEFAULT) - figures.trace_bytes(fewer, DEFAULT))
               / (figures.bench.events[more, False] - figures.bench.events[fewer, False]))
    for work in named("pair"):
        yield (f"{work.name}: trace bytes a block, folded", 0.5,
               figures.trace_bytes_an_allocation(work, DEFAULT))
    for work in named("real", "cc1"):
        yield (f"{work.name}: trace bytes an allocation", 6,
               figures.trace_bytes_an_allocation(work, DEFAULT))


def table(figures, works):
    lines = ["\n## To reach\n", "| | at most | measured | |", "| --- | ---: | ---: | --- |"]
    for what, limit, measured in rows(figures, works):
        verdict = "reached" if measured <= limit else "**missed**"
        lines.append(f"| {what} | {limit:.3g} | {measured:.3g} | {verdict} |")
    return "\n".join(lines) + "\n"
