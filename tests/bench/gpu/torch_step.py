#!/usr/bin/env python3
"""The training step of gpu_bench in PyTorch, eager, on the same card: tests/golden/largegt_reference.py as it is written.

    tests/bench/gpu/torch_step.py [--device cuda] [NAME=VALUE ...]     names and defaults as gpu_bench has them

Random rows that lie in the device's memory, all 3 K token rows of every seed gathered beforehand; forward, loss, backward
and Adam, without the codebook's move, which gpu_bench makes. Prints one line for each precision.
"""
import argparse
import pathlib
import statistics
import sys
import time

import torch

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "golden"))
import largegt_reference as reference

EXTENTS = {"seeds": 1024, "sample": 100, "hidden": 256, "heads": 2, "features": 128, "positional": 64, "codewords": 4096,
           "classes": 47, "steps": 20}
OTHERS = ("nodes", "repeats", "copy_bytes", "product_size")  # of gpu_bench, without a meaning here


def extents(settings):
    values = dict(EXTENTS)
    for setting in settings:
        name, _, value = setting.partition("=")
        if name in values:
            values[name] = int(value)
        elif name not in OTHERS:
            sys.exit(f"torch_step.py: no setting is called {name}")
    return argparse.Namespace(**values)


class Step:
    def __init__(self, size, device):
        reference.F, reference.K, reference.H, reference.A = size.features, size.sample, size.hidden, size.heads
        reference.G, reference.M, reference.C = size.positional, size.codewords, size.classes
        reference.DROPOUT_FEED_FORWARD, reference.DROPOUT_ENCODER = 0.5, 0.3
        torch.manual_seed(1)
        self.device = device
        self.model = reference.LargeGt("full").to(device)
        self.model.codebook.histogram.fill_(1)
        self.model.codebook.codewords.normal_()
        self.model.codebook.running_var.fill_(1)
        self.tokens = torch.randn(size.seeds, 3 * size.sample, size.features, device=device)
        self.positional = torch.randn(size.seeds, size.positional, device=device)
        self.labels = torch.arange(size.seeds, device=device) % size.classes
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-3)

    def seconds(self, bfloat16):
        start = time.perf_counter()
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=bfloat16):
            logits = self.model.forward_rows(self.tokens, self.positional)
            loss = torch.nn.functional.cross_entropy(logits.float(), self.labels)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        loss = loss.item()  # waits for the device
        assert loss == loss, "the loss is not a number"
        return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("settings", nargs="*", metavar="NAME=VALUE")
    arguments = parser.parse_args()
    size, device = extents(arguments.settings), torch.device(arguments.device)
    for name, bfloat16 in (("float32", False), ("bf16 autocast", True)):
        step = Step(size, device)
        step.seconds(bfloat16)
        times = sorted(step.seconds(bfloat16) for _ in range(size.steps))
        median = statistics.median(times)
        print(f"PyTorch {torch.__version__}, {name}: {1e3 * median:.3f} ms (median of {len(times)}, {1e3 * times[0]:.3f} to "
              f"{1e3 * times[-1]:.3f}), {size.seeds / median:.0f} seeds/s")


if __name__ == "__main__":
    main()
