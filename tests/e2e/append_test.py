#!/usr/bin/python3
"""A graph that grows: nodes added to a dataset, taken into its partition, and predicted by the model trained before."""
import unittest

import numpy

from program import ProgramTest

DATA = 3
NUM_NODES, NUM_OLD = 2000, 1800


class Append(ProgramTest):
    def setUp(self):
        super().setUp()
        whole = self.folder / "whole"
        self.succeeds("generate", "--config", self.config, "--output", whole)
        self.edges = numpy.load(whole / "edges.npy")
        self.labels = numpy.load(whole / "labels.npy")
        self.features = numpy.load(whole / "features.npy")
        is_old = (self.edges < NUM_OLD).all(axis=0)
        ids = numpy.arange(NUM_OLD)
        turn = ids // 4 % 4  # the class of a node is its id modulo 4
        self.old = self.folder / "old"
        self.make(self.old, edges=self.edges[:, is_old], features=self.features[:NUM_OLD], labels=self.labels[:NUM_OLD],
                  train=ids[turn < 2], valid=ids[turn == 2], test=ids[turn == 3])
        self.old_partition = self.folder / "old_partition"
        self.succeeds("partition", self.old, "--output", self.old_partition, "--config", self.config, ranks=2)
        self.succeeds("encode", self.old_partition, "--config", self.config, ranks=2)
        self.new_edges = self.edges[:, ~is_old]

    def make(self, output, edges, append=None, **arrays):
        arguments = ["import", "--format", "EDGES", "--source", self.save("edges", edges), "--output", output]
        for name, values in arrays.items():
            arguments += [f"--{name}", self.save(name, values)]
        self.succeeds(*arguments, *(["--append", append] if append else []))

    def save(self, name, values):
        numpy.save(self.folder / f"{name}.npy", numpy.ascontiguousarray(values))
        return self.folder / f"{name}.npy"

    def test_new_nodes_are_predicted_by_the_model_trained_before_they_came(self):
        run = self.folder / "run"
        self.succeeds("train", self.old_partition, "--run", run, "--config", self.config, "--epochs", "10", ranks=2)
        grown = self.folder / "grown"
        self.make(grown, edges=self.new_edges, append=self.old, features=self.features[NUM_OLD:],
                  labels=self.labels[NUM_OLD:])
        self.succeeds("inspect", grown, "--verify")

        partition = self.folder / "partition"
        self.succeeds("partition", grown, "--output", partition, "--refine", self.old_partition, "--config", self.config,
                      ranks=2)
        self.succeeds("inspect", partition, "--verify")
        sizes = numpy.bincount(numpy.load(partition / "part_of_node.npy"), minlength=4)
        self.assertLessEqual(sizes.max(), 1.03 * NUM_NODES / 4 + 1)
        before = numpy.load(self.old_partition / "part_of_node.npy")
        after = numpy.load(partition / "part_of_node.npy")[:NUM_OLD]
        self.assertGreater((before == after).mean(), 0.5, "most nodes stay where they were")

        self.succeeds("encode", partition, "--config", self.config, ranks=2)
        new_ids = self.save("new_ids", numpy.arange(NUM_OLD, NUM_NODES))
        self.succeeds("predict", partition, "--checkpoint", run, "--output", self.folder / "predictions", "--config",
                      self.config, "--set", f"predict.nodes_file={new_ids}", ranks=2)
        predicted = numpy.load(self.folder / "predictions" / "predictions.npy")
        self.assertGreater((predicted == self.labels[NUM_OLD:]).mean(), 0.8, "a guess is right in a quarter of cases")

        refusal = self.fails(DATA, "train", partition, "--run", run, "--config", self.config, "--epochs", "12", "--resume",
                             says=["another graph"])
        self.assertIn("2000", refusal.stderr)

    def test_positional_encodings_stay_those_of_training_where_nothing_changed(self):
        grown = self.folder / "grown"
        self.make(grown, edges=numpy.zeros((2, 0), numpy.int64), append=self.old, features=self.features[NUM_OLD:])
        partition = self.folder / "partition"
        self.succeeds("partition", grown, "--output", partition, "--refine", self.old_partition, "--config", self.config)
        self.succeeds("encode", partition, "--config", self.config)
        before, after = self.encodings(self.old_partition), self.encodings(partition)
        self.assertGreater(numpy.abs(before).max(), 0.1)
        numpy.testing.assert_allclose(after[:NUM_OLD], before, atol=1e-6)

    def encodings(self, partition):
        parts = sorted(partition.glob("part-*"))
        ids = numpy.concatenate([numpy.load(part / "original_ids.npy") for part in parts])
        rows = numpy.concatenate([numpy.load(part / "positional.npy") for part in parts])
        return rows[numpy.argsort(ids)]

    def test_a_model_of_another_graph_is_still_refused(self):
        run = self.folder / "run"
        self.succeeds("train", self.old_partition, "--run", run, "--config", self.config, "--epochs", "1")
        other, partition = self.folder / "other", self.folder / "other_partition"
        self.succeeds("generate", "--config", self.config, "--seed", "9", "--output", other)
        self.succeeds("partition", other, "--output", partition, "--config", self.config)
        self.succeeds("encode", partition, "--config", self.config)
        self.fails(DATA, "predict", partition, "--checkpoint", run, "--output", self.folder / "predictions", "--config",
                   self.config, says=["another graph"])


if __name__ == "__main__":
    unittest.main()
