#!/usr/bin/python3
"""A rank that stands still is named by the others, and the job ends without leaving a process behind."""
import os
import signal
import time
import unittest

from launched import Launched
from program import ProgramTest

RANKS = 3


class Hang(ProgramTest):
    def setUp(self):
        super().setUp()
        self.succeeds("run", "--config", self.config, "--set", "train.epochs=0", ranks=RANKS)

    def stop_rank(self, stopped):
        run = self.folder / f"run{stopped}"
        arguments = ["train", self.workspace / "partition", "--config", self.config, "--run", run,
                     "--set", "train.epochs=1000000", "--set", "watchdog_seconds=3"]
        log = self.folder / f"log{stopped}"
        with open(log, "w") as file, Launched(arguments, ranks=RANKS, folder=self.folder, log=file) as launched:
            launched.wait_for((run / "metrics.jsonl").exists)
            os.kill(launched.ranks()[stopped], signal.SIGSTOP)
            self.assertEqual(launched.process.wait(timeout=120), 4, log.read_text())
            deadline = time.monotonic() + 10
            while launched.members():
                self.assertLess(time.monotonic(), deadline, "a process is left")
                time.sleep(0.01)
        return log.read_text()

    def test_a_stopped_rank_is_named_by_every_other_rank(self):
        for stopped in [1, 0]:
            log = self.stop_rank(stopped)
            lines = [line for line in log.splitlines() if f"comm: rank {stopped} on " in line]
            self.assertEqual(len(lines), RANKS - 1, log)
            for line in lines:
                self.assertIn("does not answer, last heard of", line)


if __name__ == "__main__":
    unittest.main()
