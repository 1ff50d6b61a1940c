"""tally.py - the verdicts of one mode of recording: counts, the confusion matrix, and the floors."""
import statistics

TRUTHS = ["unbounded-queue", "stalled-or-leak", "bounded-queue", "healthy", "cache-or-pool", "startup"]
VERDICTS = ["unbounded-queue", "stalled-or-leak", "bounded-queue", "burst", "cache-or-pool", "startup",
            "churn", "unknown", "silent"]
KINDS_FLOOR, RHO_TOLERANCE, VOID_MOST = 0.95, 0.05, 0.1


def share(of):
    of = [one for one in of if one is not None]
    return f"{sum(of)} of {len(of)}"


class Tally:
    """What came of the runs in one mode."""

    def __init__(self, mode):
        self.mode = mode
        self.judgements, self.alleged, self.cases, self.void = [], 0, 0, []
        self.wrong = []  # (case, run, what)

    def add(self, case, run, judgements, alleged):
        self.cases += 1
        self.judgements += judgements
        self.alleged += len(alleged)
        for judgement in judgements:
            self.wrong += [(case, run, f"{judgement.truth['site']}: {fault}")
                           for fault in judgement.faults(RHO_TOLERANCE)]
        self.wrong += [(case, run, f"queue {group['id']} is alleged to be unbounded")
                       for group in alleged]

    def errors(self, name):
        return [value for value in (getattr(one, name) for one in self.judgements)
                if value is not None]

    def matrix(self):
        lines = [f"{'truth / verdict':18}"
                 + "".join(f"{verdict[:10]:>11}" for verdict in VERDICTS)]
        for truth in TRUTHS:
            of = [one.kind for one in self.judgements if one.label == truth]
            counts = [of.count(verdict) for verdict in VERDICTS]
            lines.append(f"{truth:18}" + "".join(f"{count or '.':>11}" for count in counts))
        return "\n".join(lines)

    def floors(self):
        """(what, its figure, whether it holds)"""
        missed = sum(one.missed for one in self.judgements)
        right = sum(one.right for one in self.judgements)
        rho, excess = self.errors("rho_error"), self.errors("bound_excess")
        yield "unbounded missed", missed, missed == 0
        yield "unbounded alleged", self.alleged, self.alleged == 0
        yield ("right kinds", f"{right} of {len(self.judgements)}",
               right >= KINDS_FLOOR * len(self.judgements))
        if rho:
            yield ("rho error", f"worst {max(rho):.1%}, median {statistics.median(rho):.2%}",
                   max(rho) <= RHO_TOLERANCE)
        if excess:
            yield ("bound error", f"worst {max(self.errors('bound_error')):.1%}, beside what is in "
                   f"hand {max(excess):.1%}", max(excess) <= 0.02)

        void = len(self.void)
        yield "void runs", f"{void} of {self.cases + void}", void <= VOID_MOST * self.cases

    def print(self):
        print(f"\n== {self.mode}: {len(self.judgements)} verdicts\n{self.matrix()}")
        for what, figure, holds in self.floors():
            print(f"{what:18}  {figure}{'' if holds else '   <- below the floor'}")
        print(f"{'right policy':18}  {share(one.policy_right for one in self.judgements)}")
        print(f"{'right threads':18}  {share(one.who_right for one in self.judgements)}")
        for name, reason in self.void:
            print(f"void: {name}: {reason}")
        for case, run, what in self.wrong:
            print(f"wrong: {case.name}: {what}\n    {run}")

    def holds(self):
        return bool(self.judgements) and all(holds for _, _, holds in self.floors())
