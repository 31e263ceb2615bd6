#!/usr/bin/python3
"""A disk that takes no more: one line names the file, exit code 3, nothing under the final name, a second try works.

A limit on the size of files stands for the full disk: the write fails in the same place, with another errno.
"""
import unittest

import numpy

from program import ProgramTest

DATA = 3


def content_of(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class FullDisk(ProgramTest):
    def fails_and_leaves(self, before, *arguments, limit, says):
        for ranks in [1, 2]:
            process = self.fails(DATA, *arguments, ranks=ranks, file_limit=limit,
                                 says=[*says, "cannot", "File too large"])
            self.assertEqual(before, content_of(self.folder), process.stderr)
        self.succeeds(*arguments)

    def test_import(self):
        edges = numpy.random.default_rng(1).integers(0, 1000, (20000, 2))
        numpy.savetxt(self.folder / "edges.txt", edges, fmt="%d")
        numpy.save(self.folder / "features.npy", numpy.ones((1000, 64), numpy.float32))
        call = ["import", "--format", "EDGES", "--source", self.folder / "edges.txt", "--features",
                self.folder / "features.npy", "--set", "import.num_nodes=1000", "--output", self.folder / "dataset"]
        for limit in [200_000, 280_000]:
            process = self.fails(DATA, *call, file_limit=limit, says=[".npy", "cannot", "File too large"])
            self.assertFalse(list(self.folder.glob("dataset*")), process.stderr)
        self.succeeds(*call)

    def test_partition(self):
        self.succeeds("generate", "--config", self.config, "--output", self.folder / "dataset")
        self.fails_and_leaves(content_of(self.folder), "partition", self.folder / "dataset", "--config", self.config,
                              "--output", self.folder / "partition", limit=20_000, says=["partition"])

    def test_encode(self):
        self.succeeds("generate", "--config", self.config, "--output", self.folder / "dataset")
        self.succeeds("partition", self.folder / "dataset", "--config", self.config, "--output",
                      self.folder / "partition")
        self.fails_and_leaves(content_of(self.folder), "encode", self.folder / "partition", "--config", self.config,
                              limit=50_000, says=["tokens.npy"])

    def test_predict(self):
        self.succeeds("run", "--config", self.config, "--set", "train.epochs=1")
        self.fails_and_leaves(content_of(self.folder), "predict", self.workspace / "partition", "--checkpoint",
                              self.workspace / "run", "--config", self.config, "--logits", "true", "--output",
                              self.folder / "output", limit=20_000, says=["logits.npy"])


if __name__ == "__main__":
    unittest.main()
