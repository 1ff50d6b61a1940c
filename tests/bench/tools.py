"""tools.py - what a work runs under: nothing, a shim that only forwards, dwell's ways to record, and
other heap profilers' recorders."""
import glob
import json
import os
import subprocess
from dataclasses import dataclass, field

NATIVE, NULL, DEFAULT, EXACT, SAMPLING, HEAPTRACK, DHAT = (
    "native", "forwarding only", "dwell", "dwell exact", "dwell sampling", "heaptrack raw", "DHAT")


@dataclass
class Sample:
    """One run of one work under one tool."""
    wall_ns: int
    cpu_ns: int
    rss: int
    trace_bytes: int = 0
    stack_nodes: int = 0


@dataclass
class Tool:
    name: str
    environment: list = field(default_factory=list)
    prefix: list = field(default_factory=list)
    trace: str = ""      # pattern of the file that it writes
    small: bool = False  # so slow that it gets the works' small inputs, and fewer runs

    def command(self, command):
        """The command line that runs `command` under this tool; variables may stand before it."""
        program = next(i for i, word in enumerate(command) if "=" not in word)
        return ["/usr/bin/env", *self.environment, *command[:program], *self.prefix, *command[program:]]


def heaptrack_library():
    for place in ("/usr/lib/heaptrack", "/usr/lib/*/heaptrack", "/usr/lib/*"):
        for path in glob.glob(f"{place}/libheaptrack_preload.so"):
            return path
    raise SystemExit("bench: no libheaptrack_preload.so below /usr/lib; tools/install-packages bench")


def all_tools(build, scratch):
    """The tools, in the order of the columns. Traces go to the directory `scratch`."""
    preload = f"LD_PRELOAD={build}/libdwell.so"
    out = f"DWELL_OUT={scratch}/trace.%p.dwl"
    dwell_trace = f"{scratch}/trace.*"
    return [
        Tool(NATIVE),
        Tool(NULL, [f"LD_PRELOAD={build}/tests/bench/null_shim.so"]),
        Tool(DEFAULT, [preload, out], trace=dwell_trace),
        Tool(EXACT, [preload, out, "DWELL_EXACT=1"], trace=dwell_trace),
        Tool(SAMPLING, [preload, out, "DWELL_SAMPLE=512KiB"], trace=dwell_trace),
        # what `heaptrack --raw` records, without the pipe to gzip
        Tool(HEAPTRACK, [f"LD_PRELOAD={heaptrack_library()}",
                         f"DUMP_HEAPTRACK_OUTPUT={scratch}/heaptrack.raw"],
             trace=f"{scratch}/heaptrack.raw"),
        Tool(DHAT, prefix=["/usr/bin/valgrind", "--tool=dhat", "--log-file=/dev/null",
                           f"--dhat-out-file={scratch}/dhat.out"], trace=f"{scratch}/dhat.out", small=True),
    ]


def fail(tool, work, what):
    raise SystemExit(f"bench: {work.name} under {tool.name}: {what}")


def inspect_trace(build, tool, work, allocations):
    """(bytes on disk, stack nodes) of what the tool wrote; removes it. Ends the bench when it is missing or
    not whole: what does not record is fast."""
    if not tool.trace:
        return 0, 0
    files = glob.glob(tool.trace)
    if len(files) != 1:
        fail(tool, work, f"{len(files)} traces, not one")
    size, nodes = os.stat(files[0]).st_blocks * 512, 0
    if tool.name in (EXACT, HEAPTRACK) and size < 4 * allocations:
        fail(tool, work, f"a trace of {size} bytes for {allocations} allocations")
    if tool.name == DHAT:
        with open(files[0], encoding="utf-8") as file:
            blocks = sum(point["tbk"] for point in json.load(file)["pps"])
        if blocks < 0.9 * allocations:
            fail(tool, work, f"saw {blocks} of {allocations} allocations")
    elif tool.name != HEAPTRACK:
        printed = subprocess.run([f"{build}/tests/bench/trace_control", files[0]], check=True,
                                 capture_output=True, text=True).stdout
        stop, dropped, nodes = map(int, printed.split())
        if stop or dropped:
            fail(tool, work, f"recording stopped ({stop}), {dropped} events dropped")
    os.unlink(files[0])
    return size, nodes
