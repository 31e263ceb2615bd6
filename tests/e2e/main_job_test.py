#!/usr/bin/python3
"""The main job from nothing to predictions, and what it leaves behind."""
import json
import unittest

import numpy

from program import ProgramTest


class MainJob(ProgramTest):
    def run_all(self, *more, ranks=2):
        return self.succeeds("run", "--config", self.config, *more, ranks=ranks)

    def metrics(self, workspace):
        return [json.loads(line) for line in (workspace / "run" / "metrics.jsonl").read_text().splitlines()]

    def test_everything_it_writes_opens_in_numpy(self):
        self.run_all("--set", "train.epochs=10")
        arrays = list(self.workspace.rglob("*.npy"))
        self.assertGreater(len(arrays), 20)
        for path in arrays:
            numpy.load(path, mmap_mode="r")
        predictions = numpy.load(self.workspace / "predictions" / "predictions.npy")
        labels = numpy.load(self.workspace / "dataset" / "labels.npy")
        self.assertEqual(predictions.shape, labels.shape)
        test = numpy.load(self.workspace / "dataset" / "test.npy")
        self.assertGreater((predictions[test] == labels[test]).mean(), 0.5)

    def test_parts_hold_each_node_once_and_know_their_owner(self):
        self.run_all()
        partition = self.workspace / "partition"
        part_of_node = numpy.load(partition / "part_of_node.npy")
        owned = [numpy.load(partition / f"part-{part:04d}" / "original_ids.npy") for part in range(4)]
        self.assertEqual(sorted(numpy.concatenate(owned)), list(range(2000)))
        for part, ids in enumerate(owned):
            self.assertTrue((part_of_node[ids] == part).all())

    def test_a_second_run_does_nothing_twice(self):
        self.run_all()
        before = {path: path.stat().st_mtime_ns for path in self.workspace.rglob("*.npy")}
        self.run_all()
        after = {path: path.stat().st_mtime_ns for path in self.workspace.rglob("*.npy")}
        self.assertEqual(before, after)

    def test_a_changed_setting_redoes_its_stage_and_what_follows(self):
        self.run_all()
        dataset = (self.workspace / "dataset" / "edges.npy").stat().st_mtime_ns
        shard = (self.workspace / "partition" / "part-0000" / "original_ids.npy").stat().st_mtime_ns
        self.run_all("--set", "partition.num_parts=3")
        self.assertEqual(dataset, (self.workspace / "dataset" / "edges.npy").stat().st_mtime_ns)
        self.assertNotEqual(shard, (self.workspace / "partition" / "part-0000" / "original_ids.npy").stat().st_mtime_ns)
        self.assertFalse((self.workspace / "partition" / "part-0003").exists())

    def test_it_ends_with_the_stage_it_is_told_and_goes_on_from_there(self):
        left = {"partition": "partition/part-0000/original_ids.npy", "encode": "partition/part-0000/tokens.npy",
                "train": "run/metrics.jsonl", "predict": "predictions/predictions.npy"}
        for number, stage in enumerate(left, 1):
            self.run_all("--until", stage)
            found = [(self.workspace / file).exists() for file in left.values()]
            self.assertEqual(found, [True] * number + [False] * (len(left) - number), stage)

    def test_metrics_have_one_line_per_epoch_with_all_figures(self):
        process = self.run_all()
        epochs = [line for line in self.metrics(self.workspace) if line["kind"] == "epoch"]
        self.assertEqual([int(line["epoch"]) for line in epochs], [1, 2, 3])
        for field in ["loss", "train_accuracy", "valid_accuracy", "test_accuracy", "seeds_per_second"]:
            self.assertIn(field, epochs[-1])
        self.assertLess(epochs[-1]["loss"], epochs[0]["loss"])
        for words in ["epoch 3", "seeds/s"]:
            self.assertIn(words, process.stdout)

    def test_everything_verifies(self):
        self.run_all()
        checkpoint = max((self.workspace / "run" / "checkpoints").iterdir())
        for folder in [self.workspace / "dataset", self.workspace / "partition", checkpoint]:
            self.succeeds("inspect", folder, "--verify")

    def test_a_dry_run_writes_nothing_and_tells_memory_per_rank(self):
        process = self.run_all("--dry-run")
        self.assertFalse(self.workspace.exists())
        self.assertIn("per rank", process.stdout)

    def test_a_dry_run_tells_what_needs_how_much_before_it_refuses(self):
        self.run_all("--set", "train.epochs=0")
        refused = self.fails(2, "train", self.workspace / "partition", "--config", self.config, "--run",
                             self.folder / "run", "--dry-run", "--set", "model.hidden_width=16384",
                             "--set", "model.num_heads=64", "--set", "sampler.sample_size=4096",
                             says=["memory per rank"])
        self.assertIn("in all, per rank", refused.stdout)

    def test_tokens_that_cannot_become_more_precise_are_told_of(self):
        self.run_all("--set", "train.epochs=0", "--set", "encode.token_dtype=BFLOAT16")
        encode = ["encode", self.workspace / "partition", "--config", self.config]
        kept = self.succeeds(*encode, "--set", "encode.token_dtype=BFLOAT16", "--set", "encode.positional_width=5",
                             ranks=2)
        self.assertNotIn("warning", kept.stderr)
        self.assertIn("kept the tokens, FASTRP positional encodings of width 5", kept.stdout)
        wider = self.succeeds(*encode, ranks=2)
        self.assertEqual(wider.stderr.count("warning: features.npy of 4 shards is gone"), 1, wider.stderr)

    def test_one_and_two_ranks_predict_the_same(self):
        same_parts = ["--set", "partition.method=METIS"]
        self.run_all(*same_parts, "--set", f"workspace={self.folder}/one", ranks=1)
        self.run_all(*same_parts, "--set", f"workspace={self.folder}/two", ranks=2)
        one, two = (self.folder / name for name in ["one", "two"])
        losses = [[line["loss"] for line in self.metrics(workspace) if line["kind"] == "epoch"]
                  for workspace in [one, two]]
        self.assertEqual(len(losses[0]), 3)
        numpy.testing.assert_allclose(losses[0], losses[1], rtol=1e-3)
        predictions = [numpy.load(workspace / "predictions" / "predictions.npy") for workspace in [one, two]]
        self.assertGreaterEqual((predictions[0] == predictions[1]).mean(), 0.995)


if __name__ == "__main__":
    unittest.main()
