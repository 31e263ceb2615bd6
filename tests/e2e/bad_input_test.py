#!/usr/bin/python3
"""Every wrong file, field or value is one line with file, place, expected, found; exit code 2 or 3; nothing is left."""
import os
import subprocess
import unittest

import numpy

from program import GIGAHOP, ProgramTest, gigahop

CONFIG, DATA = 2, 3


class BadSettings(ProgramTest):
    def test_an_unknown_field_is_named_with_line_and_column(self):
        self.config.write_text("train {\n  epoch: 3\n}\n")
        self.fails(CONFIG, "run", "--config", self.config, says=["small.textproto:2", "epoch"])

    def test_all_values_out_of_range_are_named_at_once(self):
        self.fails(CONFIG, "run", "--config", self.config, "--set", "train.batch_size=0", "--set",
                   "model.dropout_encoder=1.5", says=["train.batch_size", "model.dropout_encoder"])

    def test_an_unknown_sub_command_is_a_config_error(self):
        process = gigahop("trian")
        self.assertEqual(process.returncode, CONFIG)
        self.assertIn("subcommand", process.stderr)
        self.assertIn("trian", process.stderr)

    def test_more_ranks_than_parts(self):
        self.fails(CONFIG, "run", "--config", self.config, "--set", "partition.num_parts=1", ranks=2,
                   says=["ranks", "parts"])


    def test_a_config_that_never_ends_or_that_nobody_writes(self):
        self.fails(CONFIG, "run", "--config", "/dev/zero", says=["/dev/zero", "1,048,576 bytes"])
        pipe = self.folder / "pipe"
        os.mkfifo(pipe)
        self.fails(CONFIG, "run", "--config", pipe, says=["pipe", "nobody writes"])

    def test_a_config_may_come_through_a_pipe(self):
        command = "cat $1 <(sleep 0.3; echo 'seed: 77') | \"$0\" run --config /dev/stdin --print-config"
        for form in [command, "\"$0\" run --config <(cat $1; sleep 0.3; echo 'seed: 77') --print-config"]:
            with self.subTest(form):
                process = subprocess.run(["bash", "-c", form, GIGAHOP, self.config], capture_output=True, text=True,
                                         timeout=60)
                self.assertEqual(process.returncode, 0, process.stderr)
                self.assertIn("seed: 77", process.stdout)


class BadEdges(ProgramTest):
    def import_edges(self, text, *more):
        edges = self.folder / "edges.txt"
        edges.write_text(text)
        return ["import", "--format", "EDGES", "--source", edges, "--output", self.folder / "dataset", *more]

    def refuses(self, says, *arguments):
        process = self.fails(DATA, *arguments, says=says)
        self.assertEqual(sorted(path.name for path in self.folder.glob("dataset*")), [])
        return process

    def test_negative_id(self):
        self.refuses(["edges.txt", "line 2", "-4"], *self.import_edges("0 1\n1 -4\n"))

    def test_no_edges(self):
        self.refuses(["edges.txt", "edge"], *self.import_edges("# nothing\n"))

    def test_not_a_number(self):
        self.refuses(["edges.txt", "line 2", "zero"], *self.import_edges("0 1\nzero one\n"))

    def test_id_beyond_the_number_of_nodes(self):
        self.refuses(["edges.txt", "line 1", "7"], *self.import_edges("0 7\n", "--set", "import.num_nodes=5"))

    def test_nan_features_are_named_by_node_and_column(self):
        features = numpy.zeros((2, 3), numpy.float32)
        features[1, 2] = numpy.nan
        numpy.save(self.folder / "features.npy", features)
        self.refuses(["features.npy", "node 1", "column 2"], *self.import_edges("0 1\n", "--features",
                                                                                self.folder / "features.npy"))
        self.succeeds(*self.import_edges("0 1\n", "--features", self.folder / "features.npy", "--nan", "ZERO"))

    def test_fortran_order(self):
        numpy.save(self.folder / "features.npy", numpy.asfortranarray(numpy.ones((2, 3), numpy.float32)))
        self.refuses(["features.npy", "Fortran"], *self.import_edges("0 1\n", "--features", self.folder / "features.npy"))

    def test_features_of_another_number_of_nodes(self):
        numpy.save(self.folder / "features.npy", numpy.ones((5, 3), numpy.float32))
        self.refuses(["features.npy", "5"], *self.import_edges("0 1\n", "--features", self.folder / "features.npy",
                                                               "--set", "import.num_nodes=2"))

    def test_truncated_file(self):
        path = self.folder / "features.npy"
        numpy.save(path, numpy.ones((2, 3), numpy.float32))
        path.write_bytes(path.read_bytes()[:-5])
        self.refuses(["features.npy"], *self.import_edges("0 1\n", "--features", path))


class BadFolders(ProgramTest):
    def setUp(self):
        super().setUp()
        self.succeeds("run", "--config", self.config, "--set", "train.epochs=1", ranks=2)

    def test_a_truncated_shard_array_is_named(self):
        path = self.workspace / "partition" / "part-0002" / "tokens.npy"
        path.write_bytes(path.read_bytes()[:-672])
        self.fails(DATA, "train", self.workspace / "partition", "--config", self.config, "--run", self.folder / "run",
                   ranks=2, says=["part-0002", "tokens.npy", "expected", "found"])
        self.assertFalse((self.folder / "run" / "checkpoints").exists())

    def test_a_flipped_bit_is_found_by_verify(self):
        path = self.workspace / "partition" / "part-0001" / "column_ids.npy"
        content = bytearray(path.read_bytes())
        content[-3] ^= 1
        path.write_bytes(content)
        self.fails(DATA, "inspect", self.workspace / "partition", "--verify", says=["column_ids.npy"])

    def test_shards_of_another_graph_than_the_checkpoints(self):
        other = self.folder / "other"
        self.succeeds("run", "--config", self.config, "--set", f"workspace={other}", "--set", "generate.num_nodes=1500",
                      "--set", "train.epochs=0", ranks=2)
        self.fails(DATA, "train", other / "partition", "--config", self.config, "--run", self.workspace / "run",
                   "--resume", ranks=2, says=["graph"])

    def test_another_format_version(self):
        manifest = self.workspace / "dataset" / "dataset.textproto"
        manifest.write_text(manifest.read_text().replace("format_version: 1", "format_version: 9"))
        self.fails(DATA, "partition", self.workspace / "dataset", "--output", self.folder / "partition",
                   says=["format version 1", "9"])
        self.assertFalse((self.folder / "partition").exists())

    def test_more_ranks_than_parts(self):
        self.fails(CONFIG, "encode", self.workspace / "partition", "--config", self.config, ranks=5,
                   says=["ranks", "parts"])
        self.fails(CONFIG, "train", self.workspace / "partition", "--config", self.config, "--run", self.folder / "run",
                   ranks=5, says=["ranks", "parts"])
        self.assertFalse((self.folder / "run").exists())

    def test_a_partition_of_another_format_version(self):
        shard = "part-0001/shard.textproto"
        for name, ranks in [("partition.textproto", 1), (shard, 1), (shard, 2)]:
            with self.subTest(name, ranks=ranks):
                manifest = self.workspace / "partition" / name
                good = manifest.read_text()
                manifest.write_text(good.replace("format_version: 1", "format_version: 9"))
                self.assertNotEqual(good, manifest.read_text())
                self.fails(DATA, "train", self.workspace / "partition", "--config", self.config, "--run",
                           self.folder / "run", ranks=ranks, says=[name, "format version 1", "9"])
                manifest.write_text(good)

    def test_no_output_goes_into_a_dataset_or_a_partition(self):
        dataset, partition = self.workspace / "dataset", self.workspace / "partition"
        (self.folder / "link").symlink_to(partition)
        before = sorted(self.workspace.rglob("*"))
        for output in [dataset / "part", dataset, self.folder / "link" / "part", partition / "part-0001" / "deeper"]:
            for command in [["partition", dataset, "--output", output], ["generate", "--output", output],
                            ["train", partition, "--run", output],
                            ["export", partition, "--part", "1", "--output", output / "labels.npy"],
                            ["predict", partition, "--checkpoint", self.workspace / "run", "--output", output / "out"]]:
                if output == dataset and command[0] != "export":
                    continue
                with self.subTest(command):
                    self.fails(CONFIG, *command, "--config", self.config, says=[str(output), "outside", "beside it"])
        self.assertEqual(sorted(self.workspace.rglob("*")), before)

    def test_a_folder_that_is_not_gigahops_own_is_not_replaced(self):
        for name in ["dataset", "partition"]:
            with self.subTest(name):
                other = self.folder / f"other-{name}"
                (other / name).mkdir(parents=True)
                mine = other / name / "mine.txt"
                mine.write_text("0 1\n")
                self.fails(CONFIG, "run", "--config", self.config, "--workspace", other,
                           says=[f"{other}/{name}", "would be replaced"])
                self.assertEqual(mine.read_text(), "0 1\n")

    def test_a_dataset_that_its_own_source_lies_in_is_not_replaced(self):
        edges = self.workspace / "dataset" / "edges.txt"
        edges.write_text("0 1\n")
        self.fails(CONFIG, "run", "--config", self.config, "--set", "generate.kind=NO_KIND", "--set",
                   "import.format=EDGES", "--set", f"import.source={edges}", says=[str(edges), "would be replaced"])
        self.assertEqual(edges.read_text(), "0 1\n")

    def test_a_folder_that_is_there_is_not_overwritten(self):
        self.fails(DATA, "partition", self.workspace / "dataset", "--config", self.config, "--output",
                   self.workspace / "partition", says=["partition"])
        self.succeeds("inspect", self.workspace / "partition", "--verify")


if __name__ == "__main__":
    unittest.main()
