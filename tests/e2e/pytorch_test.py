#!/usr/bin/python3
"""Weights go to PyTorch and come back: src/model/largegt.py computes what gigahop computes."""
import pathlib
import sys
import unittest

import numpy

from program import ProgramTest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SKIPPED = 77  # what CTest takes for skipped
sys.path.insert(0, str(REPOSITORY / "src" / "model"))
try:
    import torch
    from safetensors.torch import load_file

    import largegt
except ModuleNotFoundError as missing:
    print(f"skipped: {missing.name} is not installed; pip install torch safetensors")
    sys.exit(SKIPPED)


class PyTorch(ProgramTest):
    def run_all(self, attention):
        self.succeeds("run", "--config", self.config, "--set", f"model.attention={attention}", ranks=2)
        checkpoints = self.workspace / "run" / "checkpoints"
        return max(checkpoints.glob("step-*")) / "model.safetensors"

    def rows(self, file):
        """An array of all parts by original id."""
        parts = sorted((self.workspace / "partition").glob("part-*"))
        ids = numpy.concatenate([numpy.load(part / "original_ids.npy") for part in parts])
        values = numpy.concatenate([numpy.load(part / file) for part in parts])
        return torch.from_numpy(values[numpy.argsort(ids)])

    def predict(self, checkpoint):
        out = self.folder / "out"
        self.succeeds("predict", self.workspace / "partition", "--config", self.config, "--checkpoint", checkpoint,
                      "--logits", "true", "--output", out)
        return numpy.load(out / "logits.npy")

    def logits(self, model):
        """Without local attention a seed's list is the seed alone."""
        tokens, positional = self.rows("tokens.npy"), self.rows("positional.npy")
        with torch.no_grad():
            return model(tokens[:, None], torch.ones(len(tokens), 1), positional).numpy()

    def test_the_module_repeats_the_recorded_logits_of_every_kind_of_attention(self):
        inputs = load_file(REPOSITORY / "tests" / "golden" / "data" / "inputs.safetensors")
        sequences = inputs["sequences"][0]
        lists = [[int(row[0])] + sorted(set(row.tolist()) - {int(row[0])}) for row in sequences]
        longest = max(map(len, lists))
        nodes = torch.tensor([nodes + [0] * (longest - len(nodes)) for nodes in lists])
        counts = torch.tensor([[row.tolist().count(node) for node in nodes] + [0] * (longest - len(nodes))
                               for row, nodes in zip(sequences, lists)])
        for attention in ("full", "local", "global", "none"):
            recorded = load_file(REPOSITORY / "tests" / "golden" / "data" / f"{attention}.safetensors")
            model = largegt.from_tensors({name.removeprefix("before/"): value for name, value in recorded.items()
                                          if name.startswith("before/")}).eval()
            with torch.no_grad():
                logits = model(inputs["tokens"][nodes], counts, inputs["positional"][sequences[:, 0]])
            numpy.testing.assert_allclose(logits, recorded["evaluated_logits"], atol=2e-5, err_msg=attention)

    def test_a_checkpoint_predicts_the_same_in_pytorch(self):
        for attention in ("GLOBAL", "NONE"):
            weights = self.run_all(attention)
            model = largegt.load(weights).eval()
            numpy.testing.assert_allclose(self.logits(model), self.predict(weights.parent), atol=1e-4)

    def test_weights_changed_in_pytorch_are_what_training_starts_from(self):
        model = largegt.load(self.run_all("NONE")).eval()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter += 0.1 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1))
        largegt.save(model, self.folder / "weights.safetensors")
        self.succeeds("train", self.workspace / "partition", "--config", self.config, "--run", self.folder / "second",
                      "--set", "model.attention=NONE", "--set", "train.epochs=0", "--init-from",
                      self.folder / "weights.safetensors")
        numpy.testing.assert_allclose(self.predict(self.folder / "second"), self.logits(model), atol=1e-4)


if __name__ == "__main__":
    unittest.main()
