#!/usr/bin/env python3
"""Trains the PyTorch model of tests/golden/largegt_reference.py the paper's way, on samples drawn once in advance.

Every node's sample is drawn independently before the first step and stays for the whole run, in training and in
evaluation. Batches, learning rate, dropout, Adam and codebook are those of gigahop (src/model/README.md), with random
numbers of torch and numpy. CONFIG is a whole configuration, as `gigahop train ... --print-config` prints it; PARTITION is
encoded, in one part. Prints one json line per epoch, with the names of metrics.jsonl.

    tests/bench/accuracy/largegt_torch.py PARTITION --config CONFIG

needs numpy, scipy, torch and safetensors.
"""
import argparse
import json
import math
import pathlib
import sys
import time

import numpy as np
import scipy.sparse
import torch

from mlp_baseline import load

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "golden"))
import largegt_reference as reference  # noqa: E402

ROWS_PER_PRODUCT = 1024


def read_config(path):
    """{section: {name: value}} of a printed configuration; values outside of sections are in section ""."""
    config, section = {"": {}}, ""
    for line in pathlib.Path(path).read_text().splitlines():
        words = line.split()
        if words[-1] == "{":
            section = words[0]
            config[section] = {}
        elif words[-1] == "}":
            section = ""
        else:
            value = " ".join(words[1:])
            try:
                config[section][words[0].rstrip(":")] = json.loads(value)
            except ValueError:  # the name of an enumerator
                config[section][words[0].rstrip(":")] = value
    return config


def fixed_sequences(offsets, columns, sample_size, isolated, rng):
    """[N, K]: every node, then its sample of K - 1 of its neighbours and the distinct ends of its two-step walks."""
    num_nodes = len(offsets) - 1
    adjacency = scipy.sparse.csr_matrix((np.ones(len(columns), np.float32), columns, offsets), shape=(num_nodes, num_nodes))
    sequences = np.repeat(np.arange(num_nodes)[:, None], sample_size, axis=1)
    for first in range(0, num_nodes, ROWS_PER_PRODUCT):
        two_steps = adjacency[first:first + ROWS_PER_PRODUCT] @ adjacency
        for row in range(two_steps.shape[0]):
            node = first + row
            candidates = np.concatenate([columns[offsets[node]:offsets[node + 1]],
                                         two_steps.indices[two_steps.indptr[row]:two_steps.indptr[row + 1]]])
            if len(candidates) >= sample_size - 1:
                sequences[node, 1:] = candidates[rng.choice(len(candidates), sample_size - 1, replace=False)]
            elif len(candidates) > 0:
                sequences[node, 1:] = np.resize(candidates, sample_size - 1)  # repeats them cyclically
            elif isolated == "RANDOM":
                sequences[node, 1:] = rng.choice(num_nodes, sample_size - 1, replace=False)
    return torch.from_numpy(sequences)


def make_model(config, num_features, num_positional, num_classes):
    """With the initial values of src/model/README.md."""
    shape = config["model"]
    assert shape["attention"] == "FULL", "only the full model"
    reference.F, reference.G, reference.C = num_features, num_positional, num_classes
    reference.K, reference.H, reference.A = config["sampler"]["sample_size"], shape["hidden_width"], shape["num_heads"]
    reference.M = shape["num_codewords"]
    reference.DROPOUT_FEED_FORWARD, reference.DROPOUT_ENCODER = shape["dropout_feed_forward"], shape["dropout_encoder"]
    model = reference.LargeGt("full")
    for module in model.local.modules():
        if isinstance(module, torch.nn.Linear):
            torch.nn.init.normal_(module.weight, std=0.02)
            if module.bias is not None:
                torch.nn.init.zeros_(module.bias)
    book = model.codebook
    torch.nn.init.normal_(book.codewords)
    book.sums.copy_(book.codewords)
    book.sizes.fill_(1)
    book.running_var.fill_(1)
    return model


def learning_rate(train, step, num_steps):
    warm_up = train["warm_up_steps"]
    if step < warm_up:
        return train["learning_rate"] * (step + 1) / warm_up
    if train["schedule"] == "CONSTANT":
        return train["learning_rate"]
    return train["learning_rate"] * 0.5 * (1 + math.cos(math.pi * min((step - warm_up) / max(num_steps - warm_up, 1), 1)))


class Trainer:
    def __init__(self, partition, config):
        self.config = config
        torch.manual_seed(config[""]["seed"])
        self.rng = np.random.default_rng(config[""]["seed"])
        assert len(list(pathlib.Path(partition).glob("part-*"))) == 1, "the partition has one part"
        part = pathlib.Path(partition) / "part-0000"
        self.tokens, self.labels, self.splits = load(partition)
        self.positional = torch.from_numpy(np.load(part / "positional.npy"))
        self.sequences = fixed_sequences(np.load(part / "row_offsets.npy"), np.load(part / "column_ids.npy"),
                                         config["sampler"]["sample_size"], config["sampler"]["isolated"], self.rng)
        self.model = make_model(config, self.tokens.shape[2], self.positional.shape[1], int(self.labels.max()) + 1)
        self.assignments = self.rng.integers(0, reference.M, len(self.labels))
        self.model.codebook.histogram.copy_(torch.from_numpy(np.bincount(self.assignments, minlength=reference.M)))
        self.optimizer = torch.optim.Adam(self.model.parameters(), weight_decay=config["train"]["weight_decay"])
        self.steps_done = 0

    def step(self, seeds, num_steps):
        """The sum of the seeds' losses, and how many are classified rightly."""
        self.optimizer.param_groups[0]["lr"] = learning_rate(self.config["train"], self.steps_done, num_steps)
        logits = self.model(self.tokens, self.positional, self.sequences[seeds])
        loss = torch.nn.functional.cross_entropy(logits, self.labels[seeds])
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.model.codebook.update(self.model.rows, seeds.tolist(), self.assignments)
        self.steps_done += 1
        return loss.item() * len(seeds), (logits.argmax(dim=1) == self.labels[seeds]).sum().item()

    def train_epoch(self, num_epochs):
        self.model.train()
        train = self.splits["train"][torch.from_numpy(self.rng.permutation(len(self.splits["train"])))]
        num_batches = math.ceil(len(train) / self.config["train"]["batch_size"])
        bounds = [len(train) * batch // num_batches for batch in range(num_batches + 1)]
        start, loss, correct = time.perf_counter(), 0.0, 0
        for first, end in zip(bounds, bounds[1:]):
            of_step = self.step(train[first:end], num_epochs * num_batches)
            loss, correct = loss + of_step[0], correct + of_step[1]
        return {"loss": loss / len(train), "train_accuracy": correct / len(train),
                "seeds_per_second": len(train) / (time.perf_counter() - start)}

    @torch.no_grad()
    def accuracy(self, split):
        self.model.eval()
        batches = self.splits[split].split(self.config["train"]["evaluation_batch_size"])
        correct = 0
        for seeds in batches:
            logits = self.model(self.tokens, self.positional, self.sequences[seeds])
            correct += (logits.argmax(dim=1) == self.labels[seeds]).sum().item()
        return correct / len(self.splits[split])

    def run(self):
        train = self.config["train"]
        assert train["clip_gradient_norm"] == train["max_seconds"] == train["max_steps"] == 0, "not made here"
        for epoch in range(train["epochs"]):
            line = {"kind": "epoch", "epoch": epoch + 1, **self.train_epoch(train["epochs"])}
            every = train["evaluate_every_epochs"]
            if epoch + 1 == train["epochs"] or (every > 0 and (epoch + 1) % every == 0):
                line |= {f"{split}_accuracy": self.accuracy(split) for split in ("valid", "test")}
            print(json.dumps(line), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("partition")
    parser.add_argument("--config", required=True, help="printed by gigahop, with every setting")
    options = parser.parse_args()
    config = read_config(options.config)
    if config[""]["threads"] > 0:
        torch.set_num_threads(config[""]["threads"])
    Trainer(options.partition, config).run()


if __name__ == "__main__":
    main()
