#!/usr/bin/python3
"""Disks that are full, read-only, slow or spoil a file: training goes on and says so, and a checkpoint that was whole
stays so."""
import json
import os
import signal
import subprocess
import time
import unittest

from launched import Launched
from program import ProgramTest
from run_folder import arrays, checkpoint, checkpoints, figures

DATA = 3
TRY_AGAIN = 75
NUM_STEPS = 24
# Of a file: enough for what is said of a run, not for its parameters.
SMALL_DISK = 20_000


class CheckpointFaults(ProgramTest):
    def setUp(self):
        super().setUp()
        self.succeeds("run", "--config", self.config, "--set", "train.epochs=0", ranks=2)
        self.whole, self.run = self.folder / "whole", self.folder / "run"

    def arguments(self, run, *more):
        return ["train", self.workspace / "partition", "--config", self.config, "--run", run, "--set",
                "train.checkpoint_every_steps=3", *more]

    def train(self, run, *more, **options):
        return self.succeeds(*self.arguments(run, *more), ranks=2, **options)

    def assert_as_if_nothing_had_been(self):
        self.train(self.whole)
        self.assertEqual(checkpoints(self.run, True)[-1], NUM_STEPS)
        self.assertEqual(arrays(checkpoint(self.run, NUM_STEPS)), arrays(checkpoint(self.whole, NUM_STEPS)))
        self.assertEqual(figures(self.run), figures(self.whole))

    def test_a_full_disk(self):
        """Training goes on, but does not end well without its last checkpoint."""
        self.train(self.run, "--set", "train.max_steps=10")
        before = checkpoints(self.run, True)
        process = self.fails(DATA, *self.arguments(self.run, "--resume"), ranks=2, file_limit=SMALL_DISK, says=[
            "no checkpoint of step 12, training goes on: [rank 0]", "File too large",
            f"{self.run}/checkpoints: expected one of step {NUM_STEPS}, the last"])
        self.assertNotIn("trained", process.stdout)
        self.assertEqual(checkpoints(self.run, True), before)
        self.assertEqual(checkpoints(self.run, False), [])
        self.train(self.run, "--resume")
        self.assert_as_if_nothing_had_been()

    def test_a_damaged_newest_checkpoint_is_passed_over_for_the_one_before(self):
        self.train(self.run, "--set", "train.max_steps=10")
        before, newest = checkpoints(self.run, True)[-2:]
        model = checkpoint(self.run, newest) / "model.safetensors"
        content = bytearray(model.read_bytes())
        content[-5] ^= 1
        model.write_bytes(content)
        process = self.train(self.run, "--resume")
        self.assertIn(f"step-{newest:09} is passed over", process.stderr)
        self.assertIn("model.safetensors", process.stderr)
        self.assertRegex(process.stderr, f"resumed from .*step-{before:09}")
        self.assert_as_if_nothing_had_been()

    @unittest.skipUnless("SLOW_DISK" in os.environ, "without the slow disk")
    def test_a_slow_disk_does_not_hold_up_the_steps(self):
        trace = self.folder / "trace.json"
        self.train(self.run, "--set", "train.checkpoint_every_steps=17", "--trace", trace,
                   variables={"LD_PRELOAD": os.environ["SLOW_DISK"], "SLOW_DISK_SECONDS": "1"})
        spans = [event for event in json.loads(trace.read_text())["traceEvents"] if event["ph"] == "X"]
        writes = [span for span in spans if span["name"] == "write" and span["args"]["number"] == 17]
        self.assertEqual(len(writes), 2)
        steps = [span for span in spans if span["name"] == "step"]
        for write in writes:
            within = [step for step in steps if step["pid"] == write["pid"] and step["ts"] > write["ts"]
                      and step["ts"] + step["dur"] < write["ts"] + write["dur"]]
            self.assertTrue(within, "no step was done while the checkpoint was written")
        self.assert_as_if_nothing_had_been()

    def test_a_folder_that_becomes_read_only_and_writable_again(self):
        folder = self.run / "checkpoints"
        folder.mkdir(parents=True)
        self.make_changeable(folder)
        log = self.folder / "log"
        arguments = self.arguments(self.run, "--set", "train.epochs=1000000")
        with open(log, "w") as file, Launched(arguments, ranks=2, folder=self.folder, log=file) as launched:
            launched.wait_for(lambda: checkpoints(self.run, True))
            self.make(folder, "ro")
            last = checkpoints(self.run, True)[-1]
            launched.wait_for(lambda: log.read_text().count("training goes on") >= 2)
            self.assertEqual(checkpoints(self.run, True)[-1], last)
            self.make(folder, "rw")
            launched.wait_for(lambda: checkpoints(self.run, True)[-1] > last)
            os.kill(launched.ranks()[0], signal.SIGUSR1)
            self.assertEqual(launched.process.wait(timeout=120), TRY_AGAIN, log.read_text())
        self.succeeds("inspect", checkpoint(self.run, checkpoints(self.run, True)[-1]), "--verify")

    def make_changeable(self, folder):
        """Root may write everywhere but on a read-only file system."""
        if os.geteuid() != 0:
            return
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder], capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("this root can mount nothing")
        self.addCleanup(subprocess.run, ["umount", "--lazy", folder], check=True)

    def make(self, folder, mode):
        if os.geteuid() != 0:
            folder.chmod(0o555 if mode == "ro" else 0o755)
            return
        deadline = time.monotonic() + 60
        while subprocess.run(["mount", "-o", f"remount,{mode}", folder], capture_output=True).returncode != 0:
            self.assertLess(time.monotonic(), deadline, "busy all the time")


if __name__ == "__main__":
    unittest.main()
