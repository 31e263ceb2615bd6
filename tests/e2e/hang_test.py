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

    def wait_until(self, moment, seconds=120):
        deadline = time.monotonic() + seconds
        while not moment():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)

    def stop_rank(self, stopped):
        run = self.folder / f"run{stopped}"
        arguments = ["train", self.workspace / "partition", "--config", self.config, "--run", run,
                     "--set", "train.epochs=1000000", "--set", "watchdog_seconds=3"]
        log = self.folder / f"log{stopped}"
        with open(log, "w") as file, Launched(arguments, ranks=RANKS, folder=self.folder, log=file) as launched:
            self.wait_until(lambda: not launched.is_running() or (run / "metrics.jsonl").exists())
            self.assertTrue(launched.is_running(), log.read_text())
            os.kill(launched.ranks()[stopped], signal.SIGSTOP)
            self.wait_until(lambda: not launched.is_running())
            self.assertEqual(launched.process.returncode, 4, log.read_text())
            self.wait_until(lambda: not launched.members(), seconds=10)
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
