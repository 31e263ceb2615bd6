#!/usr/bin/python3
"""A rank that stands still is named by the others, and the job ends without leaving a process behind."""
import os
import pathlib
import resource
import signal
import tempfile
import time
import unittest

from launched import Launched
from program import ProgramTest

RANKS = 3
HUNG = 4
SECONDS_TO_END = 10  # of what is left of a job that has ended
# An mpirun that leaves the others alone when a rank dies; its exit code then says nothing.
NO_HELP = {"OMPI_MCA_orte_enable_recovery": "1"}


class Hang(ProgramTest):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory(prefix="gigahop_hang_")
        cls.addClassCleanup(temporary.cleanup)
        cls.prepared = pathlib.Path(temporary.name)

    def setUp(self):
        super().setUp()
        self.run, self.log = self.folder / "run", self.folder / "log"
        self.partition = self.prepared / "partition"
        if not self.partition.exists():
            self.succeeds("run", "--config", self.config, "--workspace", self.prepared, "--set", "train.epochs=0",
                          ranks=RANKS)

    def train_until(self, act, ranks=RANKS, **variables):
        """The exit code of a training to which `act` did something once it was under way; no process is left."""
        arguments = ["train", self.partition, "--config", self.config, "--run", self.run, "--set",
                     "train.epochs=1000000", "--set", "train.checkpoint_every_steps=8", "--set", "watchdog_seconds=3"]
        with open(self.log, "w") as file, Launched(arguments, ranks, self.folder, log=file, **variables) as launched:
            launched.wait_for(lambda: list((self.run / "checkpoints").glob("*")))
            act(launched.ranks())
            exit_code = launched.process.wait(timeout=120)
            deadline = time.monotonic() + SECONDS_TO_END
            while launched.members():
                self.assertLess(time.monotonic(), deadline, "a process is left")
                time.sleep(0.01)
        return exit_code

    def assert_named(self, rank, words, ranks=RANKS):
        """By every other rank, on stderr and with all it knows in a file of the run folder."""
        log = self.log.read_text()
        lines = [line for line in log.splitlines() if f"comm: rank {rank} on " in line]
        self.assertEqual(len(lines), ranks - 1, log)
        for line in lines:
            self.assertIn(words, line)
            self.assertRegex(line, r' in phase "[^"]+"')
        for other in set(range(ranks)) - {rank}:
            file = self.run / f"hang-rank-{other:04}.txt"
            self.assertIn(f"what each rank was at: {file}", log)
            explanation, _, *states = file.read_text().splitlines()
            self.assertIn(words, explanation)
            self.assertEqual([state.split(" on ")[0] for state in states], [f"rank {i}" for i in range(ranks)])
            self.assertRegex(states[other], r"waits for \d+ s, in phase .* of step \d+; computed, read or wrote")

    def test_a_stopped_rank_is_named_by_every_other_rank(self):
        for stopped in [1, 0]:
            self.run = self.folder / f"run{stopped}"
            exit_code = self.train_until(lambda pids: os.kill(pids[stopped], signal.SIGSTOP))
            self.assertEqual(exit_code, HUNG, self.log.read_text())
            self.assert_named(stopped, "does not answer, last heard of")

    def test_a_killed_rank_ends_the_job(self):
        exit_code = self.train_until(lambda pids: os.kill(pids[1], signal.SIGKILL))
        self.assertNotEqual(exit_code, 0, self.log.read_text())

    def test_a_killed_rank_is_named_where_the_launcher_does_not_end_the_job(self):
        self.train_until(lambda pids: os.kill(pids[1], signal.SIGKILL), **NO_HELP)
        self.assert_named(1, "does not answer, last heard of")

    @unittest.skipUnless("SLOW_DISK" in os.environ, "without the slow disk")
    def test_a_rank_that_is_stuck_in_writing_is_named(self):
        exit_code = self.train_until(lambda pids: None, LD_PRELOAD=os.environ["SLOW_DISK"], SLOW_DISK_SECONDS="1000",
                                     SLOW_DISK_RANK="1")
        self.assertEqual(exit_code, HUNG, self.log.read_text())
        self.assert_named(1, "has neither computed nor read or written for")

    def test_a_rank_that_has_no_memory_left_ends_the_job(self):
        none = (1 << 20, 1 << 20)
        # What is freed goes back at once: steps that are all alike could live on what earlier ones left.
        exit_code = self.train_until(lambda pids: resource.prlimit(pids[2], resource.RLIMIT_AS, none),
                                     MALLOC_MMAP_THRESHOLD_="4096")
        self.assertNotEqual(exit_code, 0, self.log.read_text())

    def test_one_rank_stopped_and_one_killed_leave_nothing_behind(self):
        def act(pids):
            os.kill(pids[1], signal.SIGSTOP)
            os.kill(pids[2], signal.SIGKILL)
        self.assertNotEqual(self.train_until(act), 0, self.log.read_text())
        self.run = self.folder / "recovering"
        self.train_until(act, **NO_HELP)
        for rank in [1, 2]:
            self.assertIn(f"rank {rank} on ", self.log.read_text())


if __name__ == "__main__":
    unittest.main()
