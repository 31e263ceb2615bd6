#!/usr/bin/python3
"""`gigahop partition` as a user meets it: methods, forecasts, what a dead rank leaves behind."""
import os
import signal
import time
import unittest

import numpy

from launched import Launched
from program import ProgramTest

CONFIG = 2


class Partition(ProgramTest):
    def setUp(self):
        super().setUp()
        self.dataset = self.folder / "dataset"
        self.partition = self.folder / "partition"
        self.succeeds("generate", "--kind", "RMAT", "--nodes", "4096", "--feature-width", "4", "--output", self.dataset)

    def arguments(self, *more):
        return ["partition", self.dataset, "--output", self.partition, "--parts", "4", *more]

    def says_method(self, method, folder=None):
        manifest = ((folder or self.partition) / "partition.textproto").read_text()
        self.assertIn(f'method: "{method}"', manifest)
        self.assertIn('phase: "writing"', manifest)

    def test_the_default_follows_the_launch_and_is_recorded(self):
        for ranks, method in [(1, "METIS"), (2, "MULTILEVEL")]:
            output = self.folder / method
            self.succeeds("partition", self.dataset, "--output", output, ranks=ranks)
            self.says_method(method, output)
            self.succeeds("inspect", output, "--verify")

    def test_parts_from_a_file_are_taken_and_then_refined(self):
        parts = numpy.arange(4096, dtype=numpy.int64) % 4
        numpy.save(self.folder / "parts.npy", parts)
        self.succeeds(*self.arguments("--part-of-node", self.folder / "parts.npy"), ranks=2)
        self.says_method("GIVEN")
        self.assertTrue((numpy.load(self.partition / "part_of_node.npy") == parts).all())
        refined = self.folder / "refined"
        self.succeeds("partition", self.dataset, "--output", refined, "--parts", "4", "--refine", self.partition, ranks=2)
        self.says_method("REFINED", refined)
        self.succeeds("inspect", refined, "--verify")

    def test_settings_that_contradict_each_other_are_refused(self):
        self.fails(CONFIG, *self.arguments("--method", "HASH", "--refine", self.folder), says=["--refine", "MULTILEVEL"])
        self.fails(CONFIG, *self.arguments("--method", "GIVEN"), says=["partition.part_of_node"], ranks=2)
        self.assertFalse(self.partition.exists())

    def test_a_dry_run_forecasts_every_phase_and_writes_nothing(self):
        process = self.succeeds(*self.arguments("--dry-run"), ranks=2)
        for word in ["MULTILEVEL", "reading", "partitioning", "writing", "on disk"]:
            self.assertIn(word, process.stdout)
        self.assertEqual([path.name for path in self.folder.glob("partition*")], [])

    def test_a_rank_that_dies_leaves_nothing_under_the_final_name(self):
        with Launched(self.arguments("--set", "partition.chunk_bytes=64"), ranks=2, folder=self.folder) as launched:
            while not (self.folder / "partition.partial").exists():
                self.assertTrue(launched.is_running())
                time.sleep(0.002)
            os.kill(launched.ranks()[-1], signal.SIGKILL)
            deadline = time.monotonic() + 60
            while launched.is_running() and time.monotonic() < deadline:
                time.sleep(0.01)
            self.assertFalse(launched.is_running())
        self.assertFalse(self.partition.exists())
        self.succeeds(*self.arguments(), ranks=2)
        self.succeeds("inspect", self.partition, "--verify")


if __name__ == "__main__":
    unittest.main()
