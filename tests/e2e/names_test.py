#!/usr/bin/python3
"""Names go from the imported lists to what people read of predictions."""
import csv
import json
import unittest

import numpy

from program import ProgramTest

SECTIONS = ["admin", "games", "science, odd", "web"]


class Names(ProgramTest):
    """Two hundred packages, of which each depends on two of its own section; two are filed in the wrong one."""

    MISFILED = {"package-40": "web", "package-81": "admin"}

    def setUp(self):
        super().setUp()
        packages = self.folder / "Packages"
        packages.write_text("\n".join(self.stanza(i) for i in range(200)))
        self.settings = ["--config", self.config, "--set", "generate.kind=NO_KIND", "--set", "import.format=DEBIAN",
                         "--set", f"import.source=[\"{packages}\"]", "--set", "train.epochs=15",
                         "--set", "train.batch_size=32"]

    def stanza(self, i):
        section = self.MISFILED.get(f"package-{i}", SECTIONS[i % 4])
        word = SECTIONS[i % 4].split(",")[0]
        return (f"Package: package-{i}\nSection: {section}\nDepends: package-{(i + 4) % 200}, package-{(i + 8) % 200}\n"
                f"Description: {word} {word}-like {word}-ish\n")

    def run_all(self, *more, ranks=2):
        return self.succeeds("run", *self.settings, *more, ranks=ranks)

    def table(self, folder):
        with open(folder / "predictions.csv", newline="") as file:
            return list(csv.DictReader(file))

    def test_a_table_names_every_node_and_class(self):
        self.run_all("--set", "predict.format=CSV")
        predictions = numpy.load(self.workspace / "predictions" / "predictions.npy")
        probabilities = numpy.load(self.workspace / "predictions" / "probabilities.npy")
        names = (self.workspace / "dataset" / "names.txt").read_text().splitlines()
        table = self.table(self.workspace / "predictions")
        self.assertEqual([row["name"] for row in table], names)
        for i, row in enumerate(table):
            self.assertEqual(int(row["id"]), i)
            self.assertEqual(row["predicted"], SECTIONS[predictions[i]])
            self.assertAlmostEqual(float(row["probability"]), probabilities[i], places=5)
            number = int(row["name"].split("-")[1])
            self.assertEqual(row["true"], self.MISFILED.get(row["name"], SECTIONS[number % 4]))

    def test_probabilities_and_embeddings_are_those_of_the_logits(self):
        self.run_all()
        out = self.folder / "out"
        self.succeeds("predict", self.workspace / "partition", "--config", self.config, "--checkpoint",
                      self.workspace / "run", "--nodes", "test", "--logits", "true", "--embeddings", "true",
                      "--format", "csv", "--dataset", self.workspace / "dataset", "--output", out, ranks=2)
        logits = numpy.load(out / "logits.npy").astype(float)
        probabilities = numpy.exp(logits) / numpy.exp(logits).sum(axis=1, keepdims=True)
        numpy.testing.assert_allclose(numpy.load(out / "probabilities.npy"), probabilities.max(axis=1), rtol=1e-4)
        self.assertEqual([int(row["id"]) for row in self.table(out)], numpy.load(out / "nodes.npy").tolist())
        # The last layer is affine: logits of all nodes are one affine map of the embeddings.
        embeddings = numpy.load(out / "embeddings.npy").astype(float)
        self.assertEqual(embeddings.shape, (len(logits), 16))
        with_one = numpy.hstack([embeddings, numpy.ones((len(logits), 1))])
        map_, *_ = numpy.linalg.lstsq(with_one, logits, rcond=None)
        numpy.testing.assert_allclose(with_one @ map_, logits, atol=1e-3)

    def test_misfiled_nodes_are_listed_with_both_classes(self):
        printed = self.run_all("--set", "predict.misfiled=2").stdout.split("most confidently", 1)[1]
        for name, section in self.MISFILED.items():
            line = next(line for line in printed.splitlines() if line.endswith(name))
            self.assertIn(section, line)
            self.assertIn(SECTIONS[int(name.split("-")[1]) % 4], line)

    def explain(self, node, *more):
        return self.succeeds("explain", self.workspace / "partition", "--config", self.config, "--checkpoint",
                             self.workspace / "run", "--dataset", self.workspace / "dataset", "--node", node, *more)

    def test_an_explanation_says_what_prediction_says_and_names_its_reasons(self):
        self.run_all("--set", "predict.format=CSV")
        page = self.folder / "page.html"
        explained = json.loads(self.explain("package-40", "--json", "--html", page, "--top", "1000").stdout)
        row = next(row for row in self.table(self.workspace / "predictions") if row["name"] == "package-40")
        self.assertEqual(explained["id"], int(row["id"]))
        self.assertEqual(explained["true_class"], "web")
        self.assertEqual(explained["classes"][0]["class"], row["predicted"])
        self.assertAlmostEqual(explained["classes"][0]["probability"], float(row["probability"]), places=4)
        self.assertAlmostEqual(sum(each["probability"] for each in explained["classes"]), 1)
        self.assertAlmostEqual(sum(token["readout"] for token in explained["tokens"]), 1)
        self.assertEqual(sum(node["count"] for node in explained["nodes"]), 12)
        neighbours = {f"package-{(40 + far) % 200}" for far in [4, 8, -4, -8]}
        for node in explained["nodes"]:
            expected = 0 if node["name"] == "package-40" else 1 if node["name"] in neighbours else 2
            self.assertEqual(node["distance"], expected, node)
        for codeword in explained["codewords"]:
            self.assertEqual(len(codeword["typical"]), codeword["members"])
        shown = page.read_text()
        for node in explained["nodes"]:
            self.assertIn(f">{node['name']}</text>", shown)
        self.assertNotIn("http", shown)
        self.assertIn("codewords attended to", self.explain("package-40").stdout)

    def test_a_misspelt_node_is_answered_with_the_nearest_names(self):
        self.run_all()
        self.fails(2, "explain", self.workspace / "partition", "--checkpoint", self.workspace / "run", "--dataset",
                   self.workspace / "dataset", "--node", "pakcage-199", says=["--node", "nearest: package-199"])

    def test_a_table_without_a_dataset_or_with_another_is_refused(self):
        self.run_all()
        predict = ["predict", self.workspace / "partition", "--config", self.config, "--checkpoint",
                   self.workspace / "run", "--output", self.folder / "out", "--format", "csv"]
        self.fails(2, *predict, says=["--dataset"])
        self.succeeds("generate", "--config", self.config, "--output", self.folder / "other")
        self.fails(3, *predict, "--dataset", self.folder / "other", says=["name the dataset that was partitioned"])
        self.assertFalse((self.folder / "out").exists())


if __name__ == "__main__":
    unittest.main()
