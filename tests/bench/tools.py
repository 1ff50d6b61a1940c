"""tools.py - what a work runs under: nothing, a shim that only forwards, dwell's ways to record, and
other heap profilers' recorders."""
import glob
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
        """The command line that runs `command` under this tool."""
        return ["/usr/bin/env", *self.environment, *self.prefix, *command]

    def trace_files(self):
        return glob.glob(self.trace) if self.trace else []


def heaptrack_library():
    for place in ("/usr/lib/heaptrack", "/usr/lib/*/heaptrack", "/usr/lib/*"):
        for path in glob.glob(f"{place}/libheaptrack_preload.so"):
            return path
    raise SystemExit("bench: no libheaptrack_preload.so below /usr/lib; tools/install-packages bench")


def all_tools(build, scratch):
    """The tools, in the order of the columns. Traces go to the directory `scratch`."""
    preload = f"LD_PRELOAD={build}/libdwell.so"
    out = f"DWELL_OUT={scratch}/trace.%p.dwl"
    dwell_trace = f"{scratch}/trace.*.dwl"
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
                           f"--dhat-out-file={scratch}/dhat.out"], small=True),
    ]


def inspect_trace(build, tool, work_name):
    """(bytes on disk, stack nodes) of what the tool wrote; the file is removed. Ends the bench when it is
    missing or not whole: a recorder that stops early is fast."""
    files = tool.trace_files()
    if not tool.trace:
        return 0, 0
    if len(files) != 1:
        raise SystemExit(f"bench: {work_name} under {tool.name} left {len(files)} traces, not one")
    size, nodes = os.stat(files[0]).st_blocks * 512, 0
    if tool.name != HEAPTRACK:
        printed = subprocess.run([f"{build}/tests/bench/trace_control", files[0]], check=True,
                                 capture_output=True, text=True).stdout
        stop, dropped, nodes = map(int, printed.split())
        if stop or dropped:
            raise SystemExit(f"bench: {work_name} under {tool.name}: recording stopped ({stop}), "
                             f"{dropped} events dropped")
    os.unlink(files[0])
    return size, nodes
