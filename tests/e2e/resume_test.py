#!/usr/bin/python3
"""A training that is killed and resumed ends where the uninterrupted one ends, bit for bit."""
import json
import unittest

from launched import Launched
from program import ProgramTest
from run_folder import arrays, checkpoints, figures

NUM_EPOCHS = 30
STEPS_PER_EPOCH = 8


class Resume(ProgramTest):
    def setUp(self):
        super().setUp()
        self.succeeds("run", "--config", self.config, "--set", "train.epochs=0", ranks=2)
        self.whole, self.cut = self.folder / "whole", self.folder / "cut"

    def arguments(self, run, *more, epochs=NUM_EPOCHS):
        return ["train", self.workspace / "partition", "--config", self.config, "--run", run, "--set",
                "train.checkpoint_every_steps=2", "--set", f"train.epochs={epochs}", *more]

    def train(self, run, *more, ranks=2, **options):
        return self.succeeds(*self.arguments(run, *more, **options), ranks=ranks)

    def last_checkpoint(self, run):
        folder = max((run / "checkpoints").glob("step-*"))
        self.assertTrue((folder / "DONE").exists())
        return arrays(folder)

    def assert_same(self, whole, cut):
        self.assertEqual(self.last_checkpoint(whole), self.last_checkpoint(cut))
        self.assertEqual(figures(whole), figures(cut))

    def kill_when(self, moment, *more):
        """Kills every process of a training once `moment` holds while they all stand still."""
        with Launched(self.arguments(self.cut, *more), ranks=2, folder=self.folder) as launched:
            while True:
                launched.wait_for(moment)
                launched.stop()
                if moment():
                    break
                launched.go_on()
            self.assertTrue(launched.is_running())
            self.assertEqual(len(launched.ranks()), 2)

    def test_killed_at_any_moment(self):
        self.train(self.whole)
        self.kill_when(lambda: (self.cut / "checkpoints").exists())
        for step in [2, 20, 60]:
            self.kill_when(lambda: checkpoints(self.cut, True)[-1:] >= [step], "--resume")
            self.assertLess(checkpoints(self.cut, True)[-1], NUM_EPOCHS * STEPS_PER_EPOCH)
        for step in [80, 120]:
            self.kill_when(lambda: checkpoints(self.cut, False)[-1:] >= [step], "--resume")
            self.assertEqual(len(checkpoints(self.cut, False)), 1)
            self.assertLess(checkpoints(self.cut, False)[-1], NUM_EPOCHS * STEPS_PER_EPOCH)
        self.train(self.cut, "--resume")
        self.assertEqual(checkpoints(self.cut, False), [])
        self.assertEqual(checkpoints(self.cut, True)[-1], NUM_EPOCHS * STEPS_PER_EPOCH)
        self.assert_same(self.whole, self.cut)

    def test_stopped_in_the_middle_of_an_epoch(self):
        self.train(self.whole, epochs=3)
        self.train(self.cut, "--set", "train.max_steps=5", epochs=3)
        self.train(self.cut, "--resume", epochs=3)
        self.assert_same(self.whole, self.cut)

    def test_another_number_of_ranks_goes_on(self):
        self.train(self.cut, "--set", "train.max_steps=5", epochs=3)
        self.train(self.cut, "--resume", ranks=3, epochs=3)
        self.last_checkpoint(self.cut)

    def test_a_changed_setting_is_named(self):
        self.train(self.cut, "--set", "train.max_steps=5", epochs=3)
        process = self.train(self.cut, "--resume", "--set", "train.clip_gradient_norm=1", epochs=3)
        warnings = [line for line in process.stderr.splitlines() if "settings changed" in line]
        self.assertEqual(len(warnings), 1, process.stderr)
        self.assertIn("train.clip_gradient_norm", warnings[0])


class InitFrom(ProgramTest):
    def test_a_run_starts_from_the_weights_of_an_earlier_one(self):
        self.succeeds("run", "--config", self.config, "--set", "train.epochs=2", ranks=2)
        given = max((self.workspace / "run" / "checkpoints").glob("step-*")) / "model.safetensors"
        self.succeeds("train", self.workspace / "partition", "--config", self.config, "--run", self.folder / "next",
                      "--init-from", given, "--set", "train.epochs=0", ranks=2)
        taken = max((self.folder / "next" / "checkpoints").glob("step-*")) / "model.safetensors"
        given, taken = tensors(given), tensors(taken)
        self.assertEqual(given.keys(), taken.keys())
        # Counts of a fresh assignment: the weights carry none of their own.
        different = [name for name in given if given[name] != taken[name]]
        self.assertEqual([name for name in different if name != "codebook.histogram"], [])


def tensors(path):
    """Bytes of each tensor of a safetensors file."""
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8:8 + length])
    header.pop("__metadata__", None)
    data = content[8 + length:]
    return {name: data[slice(*entry["data_offsets"])] for name, entry in header.items()}


if __name__ == "__main__":
    unittest.main()
