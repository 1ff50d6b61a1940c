"""cases.py - which behaviours run with how many threads and in which form of messages."""
import subprocess

THREADS = ["1x1", "3x1", "1x3", "3x2"]
FORMS = ["one", "three", "many", "many-payload"]
CROSSED = ["unbounded-2", "bounded-blocking"]  # run with all threads in all forms
PROGRAMS = ["zoo", "zoo_cc", "zoo_rs"]


class Case:
    """One way to run one behaviour."""

    def __init__(self, program, behaviour, threads, form):
        self.program, self.behaviour, self.threads, self.form = program, behaviour, threads, form
        self.name = "/".join(part for part in (behaviour, threads, form) if part)

    def arguments(self, build, log):
        parts = [f"{build}/tests/zoo/{self.program}", self.behaviour, "--log", log]
        parts += ["--threads", self.threads] if self.threads else []
        return parts + (["--form", self.form] if self.form else [])


def combinations(flags, number, behaviour, extent):
    """Of threads and forms; those of one behaviour differ from the next one's, so that all occur."""
    threads = THREADS if "threads" in flags else THREADS[:2] if "producers" in flags else [""]
    forms = FORMS if "forms" in flags else [""]
    if extent == "full" or (behaviour in CROSSED and extent != "quick"):
        return [(thread, form) for thread in threads for form in forms]
    count = 1 if extent == "quick" else max(len(threads), len(forms))
    return [(threads[i % len(threads)], forms[(i + number) % len(forms)]) for i in range(count)]


def all_cases(build, programs, extent):
    cases = []
    for program in programs:
        listed = subprocess.run([f"{build}/tests/zoo/{program}", "--list"], check=True, text=True,
                                capture_output=True).stdout.splitlines()
        for number, line in enumerate(listed):
            behaviour, *flags = line.split()
            cases += [Case(program, behaviour, threads, form)
                      for threads, form in combinations(flags, number, behaviour, extent)]
    return cases
