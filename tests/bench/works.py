"""works.py - what is run under each tool: loops of our own that time themselves, and real programs."""
import os
import socket
import subprocess
import time

import inputs

GCC = "/usr/bin/gcc"
AMALGAMATION = "/usr/share/duktape/duktape.c"
SURVIVORS = (100000, 1000000)  # what the second has more is blocks alone: headers and stacks are the same


class Work:
    """A command, after variables as env(1) takes them, run under `measure`, which gives wall time, CPU
    time and peak RSS of all of it."""
    unit = "event"  # what figures "per event" are per: each allocation, reallocation or free

    def __init__(self, part, name, command, small_command, stdin=(None, None), threads=1):
        self.part, self.name, self.threads = part, name, threads
        self.commands = {False: command, True: small_command}
        self.stdin = {False: stdin[0], True: stdin[1]}

    def run(self, bench, wrap, small):
        """Runs the full or small variant, its command line made by `wrap`. Returns (wall ns, CPU ns,
        peak RSS)."""
        with open(self.stdin[small] or os.devnull, encoding="utf-8") as stdin:
            done = subprocess.run([bench.measure, bench.measured, *wrap(self.commands[small])],
                                  stdin=stdin, stdout=subprocess.PIPE, check=False)
        if done.returncode != 0:
            raise SystemExit(f"bench: {self.name} failed ({done.returncode}): {self.commands[small]}")
        with open(bench.measured, encoding="utf-8") as file:
            wall, cpu, rss = map(int, file.read().split())
        return self.figures(done.stdout, wall, cpu, rss)

    def figures(self, printed, wall, cpu, rss):
        return wall, cpu, rss

    def events(self, small, counts):
        """Events to divide by, from what the counting shim saw."""
        return sum(counts)


class Loop(Work):
    """A program of ours that prints "EVENTS WALL_NS CPU_NS" of its loop alone, without its start."""
    unit = "pair"

    def figures(self, printed, wall, cpu, rss):
        events, wall, cpu = map(int, printed.split())
        self.printed_events = events
        return wall, cpu, rss

    def events(self, small, counts):
        return self.printed_events


class Redis(Work):
    """CPU time and memory of the server, wall time of its client, on cores of their own if there are two."""

    def __init__(self, part, directory, requests, small_requests):
        super().__init__(part, "redis-server", None, None, threads=5)  # with its background threads
        self.directory, self.requests = directory, {False: requests, True: small_requests}

    def run(self, bench, wrap, small):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = str(probe.getsockname()[1])
        cores = sorted(os.sched_getaffinity(0))
        on = lambda core: ["/usr/bin/taskset", "-c", str(core)]
        client = ["/usr/bin/redis-cli", "-h", "127.0.0.1", "-p", port]
        server = subprocess.Popen(
            on(cores[0]) + [bench.measure, bench.measured] + wrap(
                ["/usr/bin/redis-server", "--bind", "127.0.0.1", "--port", port, "--save", "",
                 "--appendonly", "no", "--dir", self.directory]), stdout=subprocess.DEVNULL)
        try:
            give_up = time.monotonic() + 30
            while subprocess.run(client + ["ping"], capture_output=True, check=False).returncode != 0:
                if server.poll() is not None or time.monotonic() > give_up:
                    raise SystemExit("bench: redis-server does not answer")
                time.sleep(0.02)
            start = time.monotonic_ns()
            subprocess.run(on(cores[-1]) + [
                "/usr/bin/redis-benchmark", "-h", "127.0.0.1", "-p", port, "-q", "-c", "20", "-P", "8",
                "-d", "100", "-r", "10000", "-n", str(self.requests[small]),
                "-t", "set,get,incr,lpush,lpop,sadd,hset,zadd"], stdout=subprocess.DEVNULL, check=True)
            wall = time.monotonic_ns() - start
        finally:
            subprocess.run(client + ["shutdown", "nosave"], capture_output=True, check=False)
            server.wait()
        if server.returncode != 0:
            raise SystemExit(f"bench: redis-server ended with {server.returncode}")
        with open(bench.measured, encoding="utf-8") as file:
            _, cpu, rss = map(int, file.read().split())
        return wall, cpu, rss


def loops(build):
    at = f"{build}/tests/bench"

    def pair(part, name, stacks, depth, threads, pairs, small):
        each = max(threads, 1)
        command = [f"{at}/pair", str(stacks), str(depth), str(threads)]
        return Loop(part, name, command + [str(pairs // each)], command + [str(small // each)],
                    threads=each)

    stays = {1: "stack stays", 1000: "1,000 stacks"}
    works = [pair("pair", f"pair, depth {depth}, {stays[stacks]}", stacks, depth, 0, 3000000, 300000)
             for depth in (10, 40) for stacks in (1, 1000)]
    works += [pair("threads", f"pair, depth {depth}, {threads} thread{'s' * (threads > 1)}", 1000, depth,
                   threads, 2000000, 200000) for depth in (10, 40) for threads in (1, 2, 4)]
    works.append(Loop("handoff", "hand-off in lockstep", [f"{at}/handoff", "300000"],
                      [f"{at}/handoff", "10000"], threads=2))
    works += [Loop("survivors", f"{count:,} survivors, freed {how}", [f"{at}/survivors", str(count), order],
                   [f"{at}/survivors", "100000", order])
              for how, order in (("in order", "made"), ("at random", "random"))
              for count in SURVIVORS]
    return works


def real_programs(build, directory):
    def path(name):
        return os.path.join(directory, name)

    inputs.write_c(AMALGAMATION, path("large.c"), path("small.c"))
    inputs.write_orders(path("large.json"), 75000)
    inputs.write_orders(path("small.json"), 4000)
    inputs.write_sql(path("large.sql"), 150000)
    inputs.write_sql(path("small.sql"), 15000)
    cc1 = subprocess.run([GCC, "-print-prog-name=cc1"], check=True, capture_output=True,
                         text=True).stdout.strip()
    compile_c = [cc1, "-quiet", "-fpreprocessed", "-w", "-O1", "-o", os.devnull]
    jq = ["/usr/bin/jq", "-n", "[inputs | select(.active) | {id, customer, "
          "total: ([.items[] | .price * .count] | add), tags: [.items[].tags[]] | unique}] "
          "| group_by(.customer) | map({customer: .[0].customer, total: map(.total) | add})"]
    python = ["PYTHONMALLOC=malloc", "PYTHONHASHSEED=0", "/usr/bin/python3", "-S",
              os.path.join(os.path.dirname(__file__), "json_rounds.py"), path("small.json")]
    sqlite = ["/usr/bin/sqlite3", ":memory:"]
    stl = [f"{build}/tests/bench/stl"]
    return [
        Work("real", "cc1 -O1", compile_c + [path("large.c")], compile_c + [path("small.c")]),
        Work("real", "python3, JSON", python + ["5"], python + ["1"]),
        Work("real", "jq", jq + [path("large.json")], jq + [path("small.json")]),
        Work("real", "sqlite3", sqlite, sqlite, stdin=(path("large.sql"), path("small.sql"))),
        Work("real", "C++ with the STL", stl + ["200"], stl + ["20"]),
        Redis("real", directory, 100000, 10000),
    ]
