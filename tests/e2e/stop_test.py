#!/usr/bin/python3
"""A training that is told to stop checkpoints its last step, says so by its exit code, and goes on as if nothing were."""
import json
import os
import signal
import time
import unittest

from launched import Launched
from program import ProgramTest

NUM_EPOCHS = 12
TRY_AGAIN = 75


class Stop(ProgramTest):
    def arguments(self, *more):
        return ["run", "--config", self.config, "--workspace", self.workspace, "--set", f"train.epochs={NUM_EPOCHS}",
                "--set", "partition.method=HASH", *more]

    def losses(self):
        lines = map(json.loads, (self.workspace / "run" / "metrics.jsonl").read_text().splitlines())
        return {line["epoch"]: line["loss"] for line in lines if line["kind"] == "epoch"}

    def stop(self, number):
        """Sends the signal to one rank in mid-training; the steps of the checkpoints it leaves."""
        metrics = self.workspace / "run" / "metrics.jsonl"
        with Launched(self.arguments(), ranks=2, folder=self.folder) as launched:
            deadline = time.monotonic() + 120
            while launched.is_running() and not (metrics.exists() and metrics.read_text()):
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.002)
            os.kill(launched.ranks()[1], number)
            self.assertEqual(launched.process.wait(timeout=60), TRY_AGAIN)
        return max(int(folder.name[5:]) for folder in (self.workspace / "run" / "checkpoints").glob("step-*"))

    def test_a_stopped_training_goes_on_where_it_was(self):
        self.succeeds(*self.arguments(), ranks=2)
        whole = self.losses()
        for number in [signal.SIGTERM, signal.SIGUSR1, signal.SIGINT]:
            self.workspace = self.folder / number.name
            step = self.stop(number)
            self.assertFalse((self.workspace / "predictions").exists())
            resumed = self.succeeds(*self.arguments(), "--verbose", ranks=2)
            self.assertIn(f"step-{step:09}", resumed.stderr)
            self.assertEqual(self.losses(), whole)
            self.assertTrue((self.workspace / "predictions").exists())


if __name__ == "__main__":
    unittest.main()
