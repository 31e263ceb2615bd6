#!/usr/bin/python3
"""A training that is told to stop checkpoints its last step, says so by its exit code, and goes on as if nothing were."""
import contextlib
import json
import os
import pathlib
import re
import signal
import unittest

from launched import Launched
from program import ProgramTest

NUM_EPOCHS = 60
TRY_AGAIN = 75


def is_pending(pid):
    """Whether a signal to the process is not taken yet."""
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    return int(re.search(r"^ShdPnd:\s*(\w+)", status, re.MULTILINE)[1], 16) != 0


class Stop(ProgramTest):
    def stop(self, run, arguments, *numbers):
        """Sends the signals to one rank in mid-training, one after the other; the last step, as the program says it."""
        log = self.folder / f"{run.parent.name}-{numbers[0].name}.log"
        with open(log, "w") as file, Launched(arguments, ranks=2, folder=self.folder, log=file) as launched:
            launched.wait_for(lambda: list((run / "checkpoints").glob("*")))
            rank = launched.ranks()[1]
            with contextlib.suppress(ProcessLookupError):  # it may be gone before the second
                for number in numbers:
                    os.kill(rank, number)
                    launched.wait_for(lambda: not is_pending(rank))
            self.assertEqual(launched.process.wait(timeout=120), TRY_AGAIN, log.read_text())
        last = int(re.search(r"told to stop: step (\d+) is the last", log.read_text())[1])
        self.assertTrue((run / "checkpoints" / f"step-{last:09}" / "DONE").exists())
        return last

    def run_arguments(self, *more):
        return ["run", "--config", self.config, "--workspace", self.workspace, "--set", f"train.epochs={NUM_EPOCHS}",
                "--set", "train.checkpoint_every_steps=3", "--set", "partition.method=HASH", *more]

    def losses(self):
        lines = map(json.loads, (self.workspace / "run" / "metrics.jsonl").read_text().splitlines())
        return {line["epoch"]: line["loss"] for line in lines if line["kind"] == "epoch"}

    def test_a_stopped_training_goes_on_where_it_was(self):
        self.succeeds(*self.run_arguments(), ranks=2)
        whole = self.losses()
        for numbers in [[signal.SIGTERM, signal.SIGTERM], [signal.SIGUSR1, signal.SIGTERM], [signal.SIGINT]]:
            self.workspace = self.folder / numbers[0].name
            last = self.stop(self.workspace / "run", self.run_arguments(), *numbers)
            self.assertFalse((self.workspace / "predictions").exists())
            resumed = self.succeeds(*self.run_arguments(), ranks=2)
            self.assertIn(f"step-{last:09}", resumed.stderr)
            self.assertEqual(self.losses(), whole)
            self.assertTrue((self.workspace / "predictions").exists())

    def test_a_stop_before_the_first_step_ends_the_run_at_once_and_it_goes_on(self):
        whole = ["--set", "train.epochs=12"]
        for begins in ["stages.textproto", "partition", "run/lock"]:
            self.workspace = self.folder / pathlib.Path(begins).name
            log = self.folder / f"{self.workspace.name}.log"
            with open(log, "w") as file, Launched(self.run_arguments(*whole), ranks=2, folder=self.folder,
                                                  log=file) as launched:
                launched.wait_for((self.workspace / begins).exists)
                for rank in launched.ranks():
                    os.kill(rank, signal.SIGUSR1)
                self.assertEqual(launched.process.wait(timeout=120), TRY_AGAIN, log.read_text())
            self.assertFalse((self.workspace / "predictions").exists())
            self.succeeds(*self.run_arguments(*whole), ranks=2)
            self.assertTrue((self.workspace / "predictions").exists())

    def test_a_second_run_in_the_same_workspace_or_run_folder_is_refused_and_the_first_goes_on(self):
        endless = self.run_arguments("--set", "train.epochs=1000000")
        run = self.workspace / "run"
        with Launched(endless, ranks=2, folder=self.folder) as launched:
            launched.wait_for(lambda: list((run / "checkpoints").glob("*")))
            for arguments in [endless, ["train", self.workspace / "partition", "--config", self.config, "--run", run,
                                        "--resume"]]:
                self.fails(3, *arguments, says=["no other run writes into", f"process {launched.ranks()[0]} on"])
            self.assertTrue(launched.is_running())
            os.kill(launched.ranks()[1], signal.SIGTERM)
            self.assertEqual(launched.process.wait(timeout=120), TRY_AGAIN)

    def refuse_second(self, lock, arguments):
        """While the first command, which holds `lock`, stands still, the same is refused by its name."""
        with Launched(arguments, ranks=2, folder=self.folder) as launched:
            launched.wait_for(lambda: lock.exists() and lock.read_text())
            launched.stop()
            self.fails(3, *arguments, says=["no other run writes into", f"process {launched.ranks()[0]} on"])
            launched.go_on()
            yield launched

    def test_a_second_command_that_writes_the_same_folder_is_refused_and_the_first_goes_on(self):
        self.succeeds("generate", "--config", self.config, "--output", self.workspace / "dataset")
        partition = self.workspace / "partition"
        for lock, arguments in [(self.workspace / "partition.lock", ["partition", self.workspace / "dataset",
                                                                     "--output", partition]),
                                (partition / "lock", ["encode", partition])]:
            for first in self.refuse_second(lock, [*arguments, "--config", self.config]):
                self.assertEqual(first.process.wait(timeout=120), 0)
            self.assertFalse(lock.exists())

    def test_a_stopped_prediction_leaves_nothing_and_a_second_one_is_refused_meanwhile(self):
        self.succeeds("run", "--config", self.config, "--set", "train.epochs=0", "--until", "train", ranks=2)
        output = self.folder / "predicted"
        arguments = ["predict", self.workspace / "partition", "--config", self.config, "--checkpoint",
                     self.workspace / "run", "--output", output, "--set", "train.evaluation_batch_size=1"]
        for first in self.refuse_second(output / "lock", arguments):
            first.wait_for((output / "predictions.npy.partial").exists)
            os.kill(first.ranks()[1], signal.SIGTERM)
            self.assertEqual(first.process.wait(timeout=120), TRY_AGAIN)
        self.assertEqual(list(output.iterdir()), [])

    def test_a_stop_at_the_end_of_an_epoch_without_evaluation_is_checkpointed(self):
        self.succeeds("run", "--config", self.config, "--set", "train.epochs=0", ranks=2)
        run = self.folder / "one_step_epochs" / "run"
        arguments = ["train", self.workspace / "partition", "--config", self.config, "--run", run,
                     "--set", "train.epochs=1000000", "--set", "train.batch_size=100000",
                     "--set", "train.evaluate_every_epochs=100000", "--set", "train.checkpoint_every_steps=7"]
        self.stop(run, arguments, signal.SIGUSR1)


if __name__ == "__main__":
    unittest.main()
