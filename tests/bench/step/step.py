#!/usr/bin/env python3
"""The training step of gigahop against the same step in PyTorch, and against what oneDNN's products alone would take.

Both train the full model (local and global attention, dropout, Adam) on one batch that lies in memory: PyTorch the paper's way,
with the 3 K token rows of every seed gathered beforehand from independent samples (tests/golden/largegt_reference.py), gigahop
on its distinct tokens. They take turns in one run; what is quoted is the median step. Before that both compute the logits of the
same weights and the same samples, which must agree.

    cmake --preset release -DGIGAHOP_BENCH=ON && ninja -C build/release step_bench
    gigahop partition data/debian_packages/dataset --output PARTITION --parts 1 && gigahop encode PARTITION
    tests/bench/step/step.py --partition PARTITION --hidden 128 --sample 50

needs torch and safetensors. PyTorch needs some 12 KiB for every token of every seed at H = 128 and 24 KiB at H = 256;
--torch-seeds makes its batch smaller.
"""
import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "golden"))


class Gigahop:
    """step_bench as a process that answers one line at a time."""

    def __init__(self, options, folder, precision):
        settings = [f"threads={options.threads}", f"sampler.sample_size={options.sample}", f"model.num_heads={options.heads}",
                    f"model.hidden_width={options.hidden}", f"train.batch_size={options.batch}", *options.set]
        environment = dict(os.environ, OMP_NUM_THREADS=str(options.threads), OMPI_ALLOW_RUN_AS_ROOT="1",
                           OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
        self.process = subprocess.Popen([options.step_bench, options.partition, folder, *settings, *precision], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        self.about = json.loads(self.process.stdout.readline())

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def torch_model(options, about, folder):
    import torch
    import largegt_reference as reference
    from safetensors.torch import load_file

    reference.F, reference.K, reference.H, reference.A = about["features"], options.sample, options.hidden, options.heads
    reference.G, reference.M, reference.C = about["positional"], about["codewords"], about["classes"]
    reference.DROPOUT_FEED_FORWARD, reference.DROPOUT_ENCODER = 0.5, 0.3
    model = reference.LargeGt("full")
    weights = {name.replace("global.", "global_.", 1) if name.startswith("global.") else name: value
               for name, value in load_file(folder / "model.safetensors").items()}
    missing, unexpected = model.load_state_dict(weights, strict=False)
    assert not unexpected and all(name.endswith("num_batches_tracked") for name in missing), (missing, unexpected)
    return model


class Torch:
    """The whole step in PyTorch. precision: float32, or bfloat16 by autocast. attention: as the reference writes it, or
    torch's own fused function, which the reference leaves out so that it stays an oracle."""

    def __init__(self, options, about, folder):
        import numpy as np
        import torch
        torch.set_num_threads(options.threads)
        self.torch = torch
        self.model = torch_model(options, about, folder)
        nodes, sequences, labels, positional = (torch.from_numpy(np.load(folder / f"{name}.npy"))
                                                for name in ("nodes", "sequences", "labels", "positional"))
        self.num_seeds = min(options.torch_seeds or len(sequences), len(sequences))
        first = slice(0, self.num_seeds)
        self.tokens = nodes[sequences[first]].reshape(self.num_seeds, 3 * options.sample, -1)  # [B, 3 K, F], ahead of the step
        self.positional, self.labels = positional[first], labels[first]
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-3)

    def logits(self):
        self.model.eval()
        with self.torch.no_grad():
            return self.model.forward_rows(self.tokens, self.positional).numpy()

    def step(self, bfloat16):
        self.model.train()
        start = time.perf_counter()
        with self.torch.autocast("cpu", dtype=self.torch.bfloat16, enabled=bfloat16):
            logits = self.model.forward_rows(self.tokens, self.positional)
            loss = self.torch.nn.functional.cross_entropy(logits.float(), self.labels)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return time.perf_counter() - start


def fused_attention(model):
    """The local attention by torch.nn.functional.scaled_dot_product_attention."""
    import types
    import largegt_reference as reference
    import torch

    def forward(self, e):
        b, t, _ = e.shape
        u = self.norm1(e)
        q, k, v = (m(u).view(b, t, reference.A, reference.H).transpose(1, 2) for m in (self.query, self.key, self.value))
        y = torch.nn.functional.scaled_dot_product_attention(q, k, v)
        y = self.output(y.transpose(1, 2).reshape(b, t, reference.A * reference.H))
        o = self.norm2(reference.drop_encoder(self, self.residual(e) + reference.drop_encoder(self, y)))
        alpha = torch.softmax(self.readout(o[:, 1:]), dim=1)
        return o[:, 0] + (alpha * o[:, 1:]).sum(dim=1)

    model.local.forward = types.MethodType(forward, model.local)


def require_equal_logits(ours, peer, folder):
    import numpy as np
    ours.ask("logits INDEPENDENT")
    found, expected = np.load(folder / "INDEPENDENT.npy")[:peer.num_seeds], peer.logits()
    error = np.abs(found - expected).max() / np.abs(expected).max()
    assert error < 1e-3, f"logits differ by {error} of the largest"
    print(f"logits of both on the same weights and samples agree within {error:.1e} of the largest")


def print_breakdown(answer, seconds):
    operations = {name: time for name, (_, time) in answer["operations"].items()}
    groups = {}
    for name, time_ in operations.items():
        group = "products of tokens and seeds" if name.startswith("product ") else name
        groups[group] = groups.get(group, 0) + time_
    groups["between operations"] = seconds - sum(operations.values())
    for name, time_ in sorted(groups.items(), key=lambda item: -item[1]):
        if time_ > 0.003 * seconds:
            print(f"    {name:<32}{1e3 * time_:9.1f} ms {100 * time_ / seconds:5.1f} %")


def measure(options, folder):
    kinds = {f"gigahop {name}": Gigahop(options, folder, [f"train.precision={name}"] if name != "F32" else [])
             for name in options.precisions}
    first = next(iter(kinds.values()))
    print(f"{platform.processor() or platform.machine()}, {cpu_name()}, {options.threads} threads; {first.about}")
    peer = fused = None
    if not options.no_torch:
        peer, fused = Torch(options, first.about, folder), Torch(options, first.about, folder)
        fused_attention(fused.model)
        require_equal_logits(first, peer, folder)
    rates, answers = {}, {}
    for round_ in range(options.rounds):
        for kind, process in kinds.items():
            for variant in options.inputs:
                answer = process.ask(f"step {variant} {options.steps}")
                answers[kind, variant] = answer
                rates.setdefault((kind, variant), []).extend(
                    first.about["inputs"][variant]["seeds"] / seconds for seconds in answer["seconds"])
        if peer is None:
            continue
        for name, model in (("PyTorch", peer), ("PyTorch, fused attention", fused)):
            for precision, bfloat16 in (("float32", False), ("bf16 autocast", True)):
                if round_ == 0:
                    model.step(bfloat16)
                rates.setdefault((f"{name} {precision}", ""), []).extend(
                    model.num_seeds / model.step(bfloat16) for _ in range(max(1, options.steps // 2)))
    report(options, kinds, rates, answers)


def report(options, kinds, rates, answers):
    base = statistics.median(rates[("PyTorch float32", "")]) if ("PyTorch float32", "") in rates else None
    print("| step | input | seeds/s, median (least, most) | PyTorch float32 |\n|---|---|---|---|")
    for (kind, variant), values in rates.items():
        ratio = f"{statistics.median(values) / base:.2f} x" if base else ""
        print(f"| {kind} | {variant} | {statistics.median(values):,.0f} ({min(values):,.0f}, {max(values):,.0f}) | {ratio} |")
    for kind, process in kinds.items():
        for variant in options.inputs[:1]:
            ceiling = process.ask(f"ceiling {variant}")
            num_seeds = process.about["inputs"][variant]["seeds"]
            seconds = num_seeds / statistics.median(rates[kind, variant])
            print(f"{kind}, {variant}: {ceiling['operations'] / seconds / 1e9:.1f} GFLOP/s in a step of {1e3 * seconds:.0f} ms; oneDNN "
                  f"makes the same products in {1e3 * ceiling['seconds']:.0f} ms, {ceiling['operations'] / ceiling['seconds'] / 1e9:.1f} "
                  f"GFLOP/s: the step runs at {100 * ceiling['seconds'] / seconds:.0f} % of it")
            print_breakdown(answers[kind, variant], statistics.median(answers[kind, variant]["seconds"]))
        process.end()


def cpu_name():
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown processor"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--step-bench", default="build/release/tests/bench/step/step_bench")
    parser.add_argument("--partition", required=True, help="encoded, in one part")
    parser.add_argument("--sample", type=int, default=50, help="K")
    parser.add_argument("--hidden", type=int, default=128, help="H")
    parser.add_argument("--heads", type=int, default=2, help="A")
    parser.add_argument("--batch", type=int, default=1024, help="B")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=3, help="gigahop's per round; PyTorch makes half as many")
    parser.add_argument("--torch-seeds", type=int, default=0, help="seeds in PyTorch's batch; 0: all")
    parser.add_argument("--no-torch", action="store_true")
    parser.add_argument("--precisions", nargs="+", default=["F32", "BF16"])
    parser.add_argument("--inputs", nargs="+", default=["COORDINATED", "INDEPENDENT"],
                        choices=["COORDINATED", "INDEPENDENT", "NO_SHARED_TOKENS", "NO_COUNTS", "NEITHER"])
    parser.add_argument("--set", action="append", default=[], help="further settings for gigahop")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(options, pathlib.Path(folder))


if __name__ == "__main__":
    main()
