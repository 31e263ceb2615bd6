#!/usr/bin/python3
"""Every importer from the command line: what it makes verifies; what it cannot read is one line and leaves nothing."""
import gzip
import os
import unittest

import numpy

from program import ProgramTest

CONFIG, DATA = 2, 3
SUB_COMMANDS = ["import", "generate", "partition", "encode", "train", "predict", "inspect", "run"]
NUM_NODES = 60


def ring_with_chords(num_nodes):
    """[E, 2]: enough edges for a small graph in which every node has neighbours."""
    nodes = numpy.arange(num_nodes)
    return numpy.concatenate([numpy.stack([nodes, (nodes + step) % num_nodes], 1) for step in (1, 7)])


class ImportTest(ProgramTest):
    """A graph of NUM_NODES nodes in 3 classes: 0..29 train, 30..44 are valid, 45..58 test; the last has no label."""

    def setUp(self):
        super().setUp()
        self.dataset = self.folder / "dataset"
        self.edges = ring_with_chords(NUM_NODES)
        random = numpy.random.default_rng(7)
        self.features = random.normal(size=(NUM_NODES, 5)).astype(numpy.float32)
        self.positional = random.normal(size=(NUM_NODES, 6)).astype(numpy.float32)
        self.labels = numpy.arange(NUM_NODES) % 3
        self.labels[-1] = -1
        self.splits = {"train": numpy.arange(30), "valid": numpy.arange(30, 45), "test": numpy.arange(45, 59)}

    def save(self, name, array):
        path = self.folder / name
        numpy.save(path, array)
        return path

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return path

    def attribute_flags(self):
        flags = ["--features", self.save("x.npy", self.features), "--labels", self.save("y.npy", self.labels)]
        for split, ids in self.splits.items():
            flags += [f"--{split}", self.save(f"{split}.npy", ids)]
        return flags

    def imports(self, *arguments):
        process = self.succeeds("import", *arguments, "--output", self.dataset)
        self.succeeds("inspect", self.dataset, "--verify")
        return process

    def refuses(self, says, *arguments, exit_code=DATA):
        process = self.fails(exit_code, "import", *arguments, "--output", self.dataset, says=says)
        lines = process.stderr.splitlines()
        self.assertEqual([line for line in lines if line.startswith("[rank")], lines[-1:], process.stderr)
        self.assertEqual([path.name for path in self.folder.glob("dataset*")], [])

    def array(self, name):
        return numpy.load(self.dataset / f"{name}.npy")

    def expect_attributes(self):
        numpy.testing.assert_array_equal(self.array("features"), self.features)
        numpy.testing.assert_array_equal(self.array("labels"), self.labels)
        for split, ids in self.splits.items():
            numpy.testing.assert_array_equal(self.array(split), ids)


class Edges(ImportTest):
    def source(self):
        return self.write("edges.txt", "".join(f"{a} {b}\n" for a, b in self.edges))

    def test_positional_encodings_of_a_file_reach_the_model(self):
        self.imports("--format", "EDGES", "--source", self.source(), *self.attribute_flags(), "--positional",
                     self.save("p.npy", self.positional))
        self.expect_attributes()
        numpy.testing.assert_array_equal(self.array("positional"), self.positional)
        partition, run = self.folder / "partition", self.folder / "run_folder"
        self.succeeds("partition", self.dataset, "--output", partition, "--parts", 2)
        process = self.succeeds("encode", partition, "--positional", "FILE")
        self.assertIn("width 6", process.stdout)
        for shard in partition.glob("part-*"):
            ids = numpy.load(shard / "original_ids.npy")
            numpy.testing.assert_array_equal(numpy.load(shard / "positional.npy"), self.positional[ids])
        self.succeeds("train", partition, "--config", self.config, "--run", run, "--epochs", 1, "--set",
                      "encode.positional=FILE", ranks=2)
        self.assertTrue((run / "metrics.jsonl").exists())

    def test_positional_encodings_are_finite_float32(self):
        flags = ["--format", "EDGES", "--source", self.source(), "--positional"]
        self.refuses(["p.npy", "float32", "float64"], *flags, self.save("p.npy", self.positional.astype(float)))
        self.positional[4, 2] = numpy.nan
        self.refuses(["p.npy", "node 4", "column 2"], *flags, self.save("p.npy", self.positional))

    def test_unlabelled_nodes_are_counted_in_the_summary(self):
        process = self.imports("--format", "edges", "--source", self.source(), *self.attribute_flags())
        self.assertIn("1 nodes are unlabelled", process.stdout)

    def test_an_empty_split(self):
        self.splits["valid"] = numpy.arange(0)
        self.refuses(["valid.npy", "none"], "--format", "EDGES", "--source", self.source(), *self.attribute_flags())

    def test_a_dry_run_names_what_is_missing_and_writes_nothing(self):
        self.refuses(["import.format"], "--dry-run", exit_code=CONFIG)
        self.refuses(["import.source"], "--format", "EDGES", "--dry-run", exit_code=CONFIG)
        self.refuses(["absent.txt", "none"], "--format", "EDGES", "--source", self.folder / "absent.txt", "--dry-run")
        self.refuses(["absent.npy", "none"], "--format", "EDGES", "--source", self.source(), "--labels",
                     self.folder / "absent.npy", "--dry-run")
        self.succeeds("import", "--format", "EDGES", "--source", self.source(), "--output", self.dataset, "--dry-run")
        self.assertFalse(self.dataset.exists())

    def test_run_imports_again_what_was_edited(self):
        source = self.source()
        flags = [f"import.{name}={value}" for name, value in
                 zip(["features", "labels", "train", "valid", "test"], self.attribute_flags()[1::2])]
        command = ["run", "--config", self.config, "--set", "generate.kind=NO_KIND", "--set", "import.format=EDGES",
                   "--set", f"import.source={source}", "--set", "train.epochs=1",
                   *(word for flag in flags for word in ("--set", flag))]
        edges = self.workspace / "dataset" / "edges.npy"
        self.succeeds(*command)
        first = edges.stat().st_mtime_ns
        self.succeeds(*command)
        self.assertEqual(edges.stat().st_mtime_ns, first)
        source.write_text(source.read_text() + "3 44\n")
        self.succeeds(*command)
        self.assertEqual(numpy.load(edges).shape[1], len(self.edges) + 1)
        self.assertTrue((self.workspace / "run.1").exists())


class Npz(ImportTest):
    def archive(self, **changes):
        masks = {f"{split}_mask": numpy.isin(numpy.arange(NUM_NODES), ids) for split, ids in self.splits.items()}
        arrays = {"edges": self.edges, "x": self.features, "y": self.labels, **masks, **changes}
        path = self.folder / "graph.npz"
        numpy.savez_compressed(path, **arrays)
        return path

    def flags(self, **changes):
        return ["--format", "NPZ", "--source", self.archive(**changes), "--npz-features", "x", "--npz-labels", "y",
                "--train-mask", "train_mask", "--valid-mask", "valid_mask", "--test-mask", "test_mask"]

    def test_arrays_are_taken_by_name(self):
        self.imports(*self.flags())
        self.expect_attributes()
        numpy.testing.assert_array_equal(self.array("edges"), self.edges.T)

    def test_a_mask_may_be_a_row_of_a_matrix(self):
        mask = numpy.isin(numpy.arange(NUM_NODES), self.splits["train"])
        flags = self.flags(train_mask=numpy.stack([~mask, mask]))
        flags[flags.index("train_mask")] = "train_mask[1]"
        self.imports(*flags)
        self.expect_attributes()

    def test_a_truncated_archive(self):
        flags = self.flags()
        path = self.folder / "graph.npz"
        path.write_bytes(path.read_bytes()[:-100])
        self.refuses(["graph.npz"], *flags)

    def test_a_label_beyond_the_classes(self):
        self.labels[3] = 70000
        self.refuses(["graph.npz", "node 3", "70000"], *self.flags())

    def test_an_empty_split(self):
        self.refuses(["test_mask", "none"], *self.flags(test_mask=numpy.zeros(NUM_NODES, bool)))

    def test_a_wrong_dtype(self):
        self.refuses(["edges", "float64"], *self.flags(edges=self.edges.astype(float)))
        self.refuses(["train_mask", "float32"], *self.flags(train_mask=numpy.ones(NUM_NODES, numpy.float32)))
        self.refuses(["graph.npz", "x.npy", "dtype"], *self.flags(x=numpy.array([["a", "b"]] * NUM_NODES)))


class Metis(ImportTest):
    def source(self):
        neighbours = [set() for _ in range(NUM_NODES)]
        for a, b in self.edges:
            neighbours[a].add(int(b))
            neighbours[b].add(int(a))
        lines = [" ".join(str(other + 1) for other in sorted(each)) for each in neighbours]
        return self.write("graph.metis", f"{NUM_NODES} {len(self.edges)}\n" + "\n".join(lines) + "\n")

    def test_a_graph_with_files_beside_it(self):
        self.imports("--format", "METIS", "--source", self.source(), *self.attribute_flags(), "--positional",
                     self.save("p.npy", self.positional))
        self.expect_attributes()
        numpy.testing.assert_array_equal(self.array("positional"), self.positional)
        self.assertEqual(self.array("edges").shape, (2, 2 * len(self.edges)))


class Ogb(ImportTest):
    def source(self, *split_names):
        def rows(values):
            return "".join(",".join(str(value) for value in numpy.atleast_1d(row)) + "\n" for row in values)

        labels = ["nan" if label < 0 else label for label in self.labels]
        for name, values in {"edge": self.edges, "node-feat": self.features, "node-label": labels,
                             "num-node-list": [NUM_NODES], "num-edge-list": [len(self.edges)]}.items():
            self.write(f"ogb/raw/{name}.csv.gz", rows(values))
        for split_name in split_names:
            for split, ids in self.splits.items():
                self.write(f"ogb/split/{split_name}/{split}.csv.gz", rows(ids))
        return self.folder / "ogb"

    def test_a_folder_of_csv_files(self):
        self.imports("--format", "OGB", "--source", self.source("time"), "--positional",
                     self.save("p.npy", self.positional))
        self.expect_attributes()
        numpy.testing.assert_array_equal(self.array("positional"), self.positional)

    def test_one_of_several_splits_is_chosen(self):
        source = self.source("time", "random")
        self.refuses(["random, time", "which split"], "--format", "OGB", "--source", source)
        self.imports("--format", "OGB", "--source", source, "--ogb-split", "random")
        self.expect_attributes()


class Debian(ImportTest):
    def packages(self):
        return "".join(f"Package: package{i:03}\nSection: {['libs', 'universe/net'][i % 2]}\n"
                       f"Depends: package{(i + 1) % 80:03} (>= 1), absent{i % 3}\n"
                       f"Description: the words of number {i}\n\n" for i in range(80))

    def test_packages_files_plain_and_compressed(self):
        edges = []
        for name in ["Packages", "Packages.gz"]:
            process = self.imports("--format", "debian", "--source", self.write(name, self.packages()))
            self.assertIn("80 nodes, 80 edges, 128 features, 2 classes", process.stdout)
            self.assertIn("80 dependencies on packages that are not in the lists were dropped", process.stdout)
            names = (self.dataset / "names.txt").read_text().split()
            self.assertEqual(names, [f"package{i:03}" for i in range(80)])
            edges.append(self.array("edges"))
            os.rename(self.dataset, self.folder / f"{name}.made")
        numpy.testing.assert_array_equal(*edges)

    def test_positional_encodings_are_for_graphs_from_files(self):
        self.refuses(["import.positional", "DEBIAN"], "--format", "DEBIAN", "--source",
                     self.write("Packages", self.packages()), "--positional", self.save("p.npy", self.positional),
                     exit_code=CONFIG)


class Generate(ImportTest):
    def test_rmat(self):
        self.succeeds("generate", "--kind", "rmat", "--nodes", 1000, "--edges-per-node", 4, "--output", self.dataset)
        process = self.succeeds("inspect", self.dataset, "--verify")
        self.assertIn("1,024 nodes", process.stdout)

    def test_a_kind_must_be_chosen(self):
        process = self.fails(CONFIG, "generate", "--output", self.dataset, "--dry-run", says=["generate.kind"])
        self.assertTrue(process.stderr.startswith("[rank"), process.stderr)


class Help(ProgramTest):
    def test_every_sub_command_shows_an_example(self):
        for command in SUB_COMMANDS:
            self.assertIn("Example", self.succeeds(command, "--help").stdout, command)


if __name__ == "__main__":
    unittest.main()
