#!/usr/bin/python3
"""Graphs come in from arrays in memory, as src/dataset/README.md says, and parts go out to other tools."""
import pathlib
import re
import types
import unittest

import numpy

from program import ProgramTest

README = pathlib.Path(__file__).resolve().parents[2] / "src" / "dataset" / "README.md"


class Exchange(ProgramTest):
    def partition(self, *more):
        self.succeeds("generate", "--config", self.config, "--output", self.folder / "dataset")
        self.succeeds("partition", self.folder / "dataset", "--config", self.config, "--output",
                      self.folder / "partition", *more)

    def entries(self, shard):
        """(source, target) of a part's rows, original ids."""
        part_of_node = numpy.load(self.folder / "partition" / "part_of_node.npy")
        original_of_global = numpy.argsort(part_of_node, kind="stable")
        owned, halo = numpy.load(shard / "original_ids.npy"), numpy.load(shard / "halo_ids.npy")
        offsets, columns = numpy.load(shard / "row_offsets.npy"), numpy.load(shard / "column_ids.npy")
        ids = numpy.concatenate([owned, original_of_global[halo]])
        return numpy.repeat(owned, numpy.diff(offsets)), ids[columns]

    def export(self, part, format, file):
        self.succeeds("export", self.folder / "partition", "--part", part, "--format", format, "--output", file)

    def test_exported_edges_of_all_parts_are_the_symmetrised_graph(self):
        self.partition()
        found = []
        for part in range(4):
            self.export(part, "edges", self.folder / "part.txt")
            found.append(numpy.loadtxt(self.folder / "part.txt", dtype=numpy.int64))
        edges = numpy.load(self.folder / "dataset" / "edges.npy")
        edges = edges[:, edges[0] != edges[1]]
        expected = {tuple(edge) for edge in numpy.hstack([edges, edges[::-1]]).T.tolist()}
        found = [tuple(edge) for edge in numpy.concatenate(found).tolist()]
        self.assertEqual(len(found), len(expected))
        self.assertEqual(set(found), expected)

    def test_a_part_in_metis_format_is_imported_as_its_inner_graph(self):
        self.partition()
        self.export(2, "metis", self.folder / "part.graph")
        self.succeeds("import", "--format", "METIS", "--source", self.folder / "part.graph", "--output",
                      self.folder / "again")
        owned = numpy.load(self.folder / "partition" / "part-0002" / "original_ids.npy")
        sources, targets = self.entries(self.folder / "partition" / "part-0002")
        inner = numpy.isin(targets, owned)
        expected = {tuple(sorted(edge)) for edge in zip(sources[inner].tolist(), targets[inner].tolist())}
        edges = owned[numpy.load(self.folder / "again" / "edges.npy")]
        self.assertEqual({tuple(sorted(edge)) for edge in edges.T.tolist()}, expected)

    def test_what_cannot_be_exported_is_refused(self):
        self.partition("--set", "partition.directed=true")
        export = ["export", self.folder / "partition", "--output", self.folder / "file"]
        self.fails(2, *export, "--part", 4, "--format", "edges", says=["a part in [0, 4)"])
        self.fails(2, *export, "--part", 0, "--format", "metis", says=["directed"])
        self.assertFalse((self.folder / "file").exists())

    def test_the_recipe_of_the_readme_makes_a_dataset(self):
        recipe, command = re.findall(r"```(?:python|sh)\n(.*?)```", README.read_text().split("## From numpy", 1)[1],
                                     re.DOTALL)[:2]
        generator = numpy.random.default_rng(1)
        edges, features = generator.integers(0, 50, (120, 2)), generator.random((50, 3), numpy.float32)
        labels, split = generator.integers(0, 3, 50), generator.integers(0, 3, 50)
        variables = {"graph": types.SimpleNamespace(edges=[tuple(edge) for edge in edges.tolist()]),
                     "features": features, "labels": labels, "split": split}
        exec(recipe.replace('"graph.npz"', repr(str(self.folder / "graph.npz"))), variables)  # pylint: disable=exec-used
        words = command.split()
        self.assertEqual(words[0], "gigahop")
        self.succeeds(*[str(self.folder / word) if word in ("graph.npz", "dataset") else word for word in words[1:]])
        dataset = self.folder / "dataset"
        numpy.testing.assert_array_equal(numpy.load(dataset / "edges.npy"), edges.T)
        numpy.testing.assert_array_equal(numpy.load(dataset / "features.npy"), features)
        numpy.testing.assert_array_equal(numpy.load(dataset / "labels.npy"), labels)
        for number, name in enumerate(["train", "valid", "test"]):
            numpy.testing.assert_array_equal(numpy.load(dataset / f"{name}.npy"), numpy.flatnonzero(split == number))
        self.succeeds("inspect", dataset, "--verify")


if __name__ == "__main__":
    unittest.main()
