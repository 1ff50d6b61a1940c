"""truth.py - what a program's own log says, and what a verdict is worth beside it.

The rules by which a run is void are about the log alone. They are checked before dwell is asked.
"""
import re

HEALTHY = ["burst", "churn", "silent"]  # "silent": not among the verdicts
FEW_MESSAGES = 20  # at a time: as good as none
LEAST_MESSAGES = 100  # an unbounded queue that didn't get longer didn't grow
TURNS = 3  # of a bounded queue's content, at least
STEADY = [0.55, 0.25, 0.25, 0.25]  # so much of the mean may the growth in a fifth be off; the first may begin late
BOUND_TOLERANCE = 0.02


def why_void(truth):
    """Why the program did not do what its label says, as on a machine that is too busy; or None."""
    label, least, top = truth["label"], truth["least"], truth["max_depth"]
    if None in least:
        return "a fifth of the run without events"
    if label == "unbounded-queue":
        if top < LEAST_MESSAGES or truth["depth_at_last"] < 0.8 * top:
            return "did not grow to its end"
        growth = [after - before for before, after in zip(least, least[1:])]
        mean = sum(growth) / len(growth)
        if any(abs(part - mean) > most * mean for part, most in zip(growth, STEADY)):
            return "did not grow steadily"  # has no one rho then
        if truth["rho"] is not None and truth["rho"] < 1.05:
            return "rho is under 1.05"
    if label == "bounded-queue":
        if top < 0.98 * truth["bound"] or min(least[2:]) < 0.8 * truth["bound"]:
            return "was not at its bound in the last three fifths"
        if truth["freed_filling"] < TURNS * truth["bound"]:
            return "hardly more went through it than it holds"
    if label == "healthy" and max(least[2:]) > max(FEW_MESSAGES, 0.05 * top):
        return "did not become empty in each of the last three fifths"
    if label == "healthy" and top > LEAST_MESSAGES and not truth["emptied"]:
        return "was longest at the end of the run, and nobody saw it become empty"
    if label in ("stalled-or-leak", "startup"):
        if truth["born"] < 1000 or (truth["freed_filling"] and not truth["left"]):
            return "something was freed, or hardly anything made"
        if truth["freed"] and truth["left"] and top > 0.25 * truth["left"]:
            return "was a long queue, too"  # that it leaks is then the lesser part
    if label == "cache-or-pool" and (truth["born"] < 2 * top or min(least[2:]) < 0.2 * top):
        return "did not stay at a level, or had no turnover"
    return None


def void(log):
    """The first reason of any of its queues."""
    for truth in log["queues"]:
        reason = why_void(truth)
        if reason:
            return f"{truth['site']}: {reason} (least {truth['least']}, max {truth['max_depth']})"
    return None


class Judgement:
    """What dwell said of one queue (or what is none) of one run."""

    def __init__(self, truth, groups):
        self.truth, self.label = truth, truth["label"]
        self.group = max(groups, key=lambda group: group["peak_bytes"], default=None)
        self.kind = self.group["kind"] if self.group else "silent"
        self.right = self.kind in HEALTHY if self.label == "healthy" else self.kind == self.label
        self.missed = self.label == "unbounded-queue" and self.kind != self.label
        self.rho_error = self.bound_error = self.bound_excess = None
        self.policy_right = self.who_right = None
        enough = truth["freed_filling"] >= LEAST_MESSAGES  # else no ratio is known that well
        if self.right and self.label == "unbounded-queue" and enough:
            self.rho_error = abs((self.group["rho"] or 0) / truth["rho"] - 1)
        if self.right and self.label == "bounded-queue":
            self.judge_bound()
        if self.right and self.label in ("unbounded-queue", "bounded-queue"):
            self.judge_who()

    def judge_bound(self):
        """A block that holds many is seen as one, and the first and last are seldom full."""
        truth, found = self.truth, self.group["bound"] or 0
        per_block = truth["per_block"]
        bound = truth["bound"] / per_block
        in_hand = truth["in_hand"] / per_block + (2 if per_block > 1 else 0)
        self.bound_error = abs(found / bound - 1)
        self.bound_excess = max(0, abs(found - bound) - in_hand) / bound
        if truth["policy"]:
            self.policy_right = self.group["policy"] == truth["policy"]

    def judge_who(self):
        def most(parties):
            return parties["threads"][0]["name"] if parties and parties["threads"] else None
        if self.truth["filler"]:
            self.who_right = most(self.group["filled_by"]) == self.truth["filler"]
        if self.truth["drainer"] and self.who_right is not False:
            self.who_right = most(self.group["drained_by"]) == self.truth["drainer"]

    def faults(self, rho_tolerance):
        """What of it breaks a floor, in words."""
        found = []
        if not self.right:
            found.append(f"{self.label} taken for {self.kind}")
        if self.rho_error is not None and self.rho_error > rho_tolerance:
            found.append(f"rho {self.group['rho']} is {self.truth['rho']}")
        if self.bound_excess is not None and self.bound_excess > BOUND_TOLERANCE:
            found.append(f"bound {self.group['bound']} is {self.truth['bound']}"
                         f" ({self.truth['per_block']} a block, {self.truth['in_hand']} in hand)")
        return found


def judge(log, summary):
    """Returns a Judgement for each queue of the log, and the groups that are alleged to be unbounded
    queues and are none."""
    stacks = {site["id"]: " ".join(frame["function"] or "" for frame in site["stack"])
              for site in summary["sites"]}

    def is_of(group, truth):
        return any(re.search(rf"\b{truth['site']}\b", stacks.get(site["id"], ""))
                   for site in group["sites"])

    groups = summary["queues"]
    judgements = [Judgement(truth, [group for group in groups if is_of(group, truth)])
                  for truth in log["queues"]]
    unbounded = [truth for truth in log["queues"] if truth["label"] == "unbounded-queue"]
    alleged = [group for group in groups if group["kind"] == "unbounded-queue"
               and not any(is_of(group, truth) for truth in unbounded)]
    return judgements, alleged
