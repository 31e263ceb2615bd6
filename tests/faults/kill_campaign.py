#!/usr/bin/python3
"""Kills trainings at random and resumes them until they are done: the result must be that of one that was never killed.

    GIGAHOP=build/release/launch/gigahop tests/faults/kill_campaign.py [--runs 200] [--first 0] [--folder DIR]

Each run trains on 1 to 4 ranks and is killed by SIGKILL up to three times, one random rank or the whole job with its
mpirun, either at a random time or while a checkpoint is being written; then it is resumed and left to end. After each
kill no process may be left and every checkpoint with DONE must be, byte for byte, the one that an uninterrupted training
on as many ranks wrote at that step; at the end the checkpoints that are kept and the metrics must be the same. Run i draws its choices from
the seed i; when the kill comes, against the training, is up to the machine. Exit code 1 if anything was not as it must be.
"""
import argparse
import collections
import itertools
import os
import pathlib
import random
import re
import shutil
import signal
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
for name, value in {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
                    "OMPI_MCA_mpi_yield_when_idle": "1"}.items():
    os.environ.setdefault(name, value)

from launched import Launched
from program import SMALL_CONFIG, gigahop
from run_folder import arrays, checkpoint, checkpoints, figures

MOST_RANKS = 4
MOST_KILLS = 3
KEEP_LAST = 2
SECONDS_TO_END = 60  # of a job of which a rank was killed


def state(folder):
    """All that a checkpoint holds, but for how many of them are kept."""
    manifest = (folder / "checkpoint.textproto").read_text()
    return arrays(folder), [line for line in manifest.splitlines() if "keep_last" not in line]


class Reference:
    """An uninterrupted training on some number of ranks: each of its checkpoints, its metrics, how long it took."""

    def __init__(self, campaign, ranks):
        run = campaign.folder / f"whole{ranks}"
        began = time.monotonic()
        process = gigahop(*campaign.arguments(run, "--set", "train.keep_last=1000000"), ranks=ranks)
        self.seconds = time.monotonic() - began
        assert process.returncode == 0, process.stderr
        self.states = {step: state(checkpoint(run, step)) for step in checkpoints(run, True)}
        best = int((run / "best").read_text().strip()[-9:])
        self.kept = sorted({best, *sorted(self.states)[-KEEP_LAST:]})
        self.figures = figures(run)
        shutil.rmtree(run)


class Campaign:
    def __init__(self, folder):
        self.folder = folder
        self.config = folder / "small.textproto"
        self.config.write_text(SMALL_CONFIG.format(workspace=folder / "workspace"))
        prepared = gigahop("run", "--config", self.config, "--set", "train.epochs=0", ranks=2)
        assert prepared.returncode == 0, prepared.stderr
        self.references = {}
        self.counts = collections.Counter()

    def arguments(self, run, *more):
        return ["train", self.folder / "workspace" / "partition", "--config", self.config, "--run", run, "--set",
                "train.epochs=12", "--set", "train.checkpoint_every_steps=2", "--set",
                f"train.keep_last={KEEP_LAST}", *more]

    def reference(self, ranks):
        if ranks not in self.references:
            self.references[ranks] = Reference(self, ranks)
        return self.references[ranks]

    def complain(self, what, *details):
        self.counts[what] += 1
        print(what, *details, flush=True)

    def run(self, number):
        choices = random.Random(number)
        ranks = choices.randint(1, MOST_RANKS)
        reference = self.reference(ranks)
        run = self.folder / f"run{number}"
        for _ in range(choices.randint(1, MOST_KILLS)):
            self.launch_and_kill(run, ranks, reference, choices)
            self.check_checkpoints(run, reference)
        self.finish(run, ranks, reference)
        self.counts["runs"] += 1
        shutil.rmtree(run)

    def launch(self, run, ranks, log):
        """A resume, or the beginning where nothing has begun; counts what it resumes from as it must be."""
        more = ["--resume"] if (run / "checkpoints").exists() else []
        self.counts["resumes"] += len(more)
        return Launched(self.arguments(run, *more), ranks=ranks, folder=self.folder, log=log)

    def launch_and_kill(self, run, ranks, reference, choices):
        waits_for_write = choices.random() < 0.5
        moment = choices.uniform(0, reference.seconds)
        num_writes = choices.randint(1, len(reference.states) // MOST_KILLS)
        kills_all = choices.random() < 0.4
        victim = choices.randrange(ranks)
        whole = checkpoints(run, True)
        with open(self.folder / "log", "w") as log, self.launch(run, ranks, log) as launched:
            if waits_for_write:
                self.wait_for_writes(launched, run, num_writes)
            else:
                time.sleep(moment)
            self.kill(launched, None if kills_all else victim)
            self.wait_for_end(launched)
        self.check_start(whole)
        self.counts["kills while a checkpoint was written"] += bool(checkpoints(run, False))

    def wait_for_writes(self, launched, run, number):
        """Until as many checkpoints as told have been seen being written; or to the end."""
        seen = set(checkpoints(run, False))
        number += len(seen)
        while launched.is_running() and len(seen) < number:
            seen |= set(checkpoints(run, False))
            time.sleep(0.001)

    def kill(self, launched, victim):
        """The rank, or where it is not there (yet), or for None, all."""
        try:
            ranks = launched.ranks()
            if victim is not None and victim < len(ranks):
                os.kill(ranks[victim], signal.SIGKILL)
            else:
                while launched.is_running():
                    launched.signal_all(signal.SIGKILL)
        except (ProcessLookupError, FileNotFoundError, StopIteration):
            return  # it ended, or was only just being made
        self.counts["kills"] += 1

    def wait_for_end(self, launched):
        deadline = time.monotonic() + SECONDS_TO_END
        while launched.members() and time.monotonic() < deadline:
            launched.process.poll()
            time.sleep(0.01)
        if launched.members():
            self.complain("leftovers", launched.members())

    def check_start(self, whole):
        """That the log tells of the newest of the checkpoints that were whole."""
        resumed = re.search(r"resumed from .*step-(\d+)", (self.folder / "log").read_text())
        if resumed is not None and int(resumed[1]) != whole[-1]:
            self.complain("mismatches", f"resumed from step {int(resumed[1])}, the newest whole one was {whole[-1]}")

    def check_checkpoints(self, run, reference):
        for step in checkpoints(run, True):
            if state(checkpoint(run, step)) != reference.states.get(step):
                self.complain("mismatches", f"{checkpoint(run, step)} is not what the uninterrupted training wrote")

    def finish(self, run, ranks, reference):
        whole = checkpoints(run, True)
        log = self.folder / "log"
        with open(log, "w") as file, self.launch(run, ranks, file) as launched:
            exit_code = launched.process.wait(timeout=300)
            self.wait_for_end(launched)
        self.check_start(whole)
        self.check_checkpoints(run, reference)
        if exit_code != 0:
            self.complain("mismatches", f"{run}: exit code {exit_code}", log.read_text())
        elif checkpoints(run, True) != reference.kept:
            self.complain("mismatches", f"{run}: ended with {checkpoints(run, True)}, not {reference.kept}")
        elif figures(run) != reference.figures:
            lines = itertools.zip_longest(figures(run), reference.figures)
            self.complain("mismatches", f"{run}: its metrics differ:", *[pair for pair in lines if pair[0] != pair[1]])
        if checkpoints(run, False):
            self.complain("mismatches", f"{run}: a partial checkpoint is left")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--first", type=int, default=0, help="number of the first run, which is its seed")
    parser.add_argument("--folder", type=pathlib.Path, help="where to work; default: a temporary folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gigahop_kill_", dir=options.folder) as folder:
        campaign = Campaign(pathlib.Path(folder))
        for number in range(options.first, options.first + options.runs):
            campaign.run(number)
    counts = campaign.counts
    for what in ["runs", "kills", "kills while a checkpoint was written", "resumes", "mismatches", "leftovers"]:
        print(f"{what}: {counts[what]}")
    return 1 if counts["mismatches"] or counts["leftovers"] else 0


if __name__ == "__main__":
    sys.exit(main())
