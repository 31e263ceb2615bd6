"""Seconds of a training step on R ranks, from counts and costs. Pure arithmetic; scaling.py says where the numbers come from.

Letters as in src/model/README.md. A multiply-add counts as two operations; a training step takes three times the products
of its forward pass, and attention over the tokens of a seed once more, since its weights are computed again.
"""
import dataclasses
import math

import numpy
from scipy.optimize import nnls


@dataclasses.dataclass(frozen=True)
class Shape:
    F: int
    H: int
    A: int
    G: int
    M: int
    C: int

    def num_parameters(self):
        """By bucket of gradients, in the order in which the backward pass ends them; the table of src/model/README.md."""
        F, H, W, G, C = self.F, self.H, self.A * self.H, self.G, self.C
        head = W * (2 * W + 1) + 2 * W + H * (W + 1) + 2 * H + C * (H + 1)
        global_ = G * (H + 1) + 2 * W * (2 * G + 1) + W * (G + 1)
        seed = H * (F + 1) + 2 * H + H * (H + 1)
        local = 2 * H + 3 * W * (H + 1) + W * (W + 1) + W * (H + 1) + 2 * W + W
        token = H * (F + 1) + 2 * H * (H + 1)
        return [head, global_, seed, local, token]

    def batch_norm_bytes(self):
        """Of each all-reduce of a step."""
        widths = [self.H, self.A * self.H, self.H]
        return [8 * n for width in widths for n in (width, width, 2 * width)]

    def codebook_statistics_bytes(self):
        """Of each all-reduce of a step."""
        return [8 * 2 * self.G, 8 * 2 * self.G]

    def codebook_sums_bytes(self):
        return 4 * self.M * (2 * self.G + 2)

    def collective_bytes(self):
        """That a rank hands in per step, by phase."""
        return {"gradients": 4 * sum(self.num_parameters()), "batch norm": sum(self.batch_norm_bytes()),
                "codebook": sum(self.codebook_statistics_bytes()) + self.codebook_sums_bytes()}

    def operations(self, counts):
        """Of (products of rows, attention within samples) in a step with these seeds, entries, nodes and pairs."""
        F, H, W, G, M, C = self.F, self.H, self.A * self.H, self.G, self.M, self.C
        token = F * H + 2 * H * H + 4 * H * W
        seed = F * H + H * H + H * G + 2 * G * W + 2 * M * W + 2 * W * W + W * H + H * C
        rows = 3 * counts["nodes"] * token + 3 * counts["entries"] * W * W + counts["seeds"] * seed + 3 * M * G * W
        nearest = counts["seeds"] * M * 2 * G  # not in the backward pass
        return 6 * rows + 2 * nearest, 2 * 4 * 2 * 9 * counts["pairs"] * W


@dataclasses.dataclass(frozen=True)
class Network:
    """A message of n bytes takes alpha + beta n; what a rank pays to hand over one of many is overhead."""
    name: str
    alpha: float
    beta: float
    overhead: float

    def all_reduce(self, num_bytes, ranks):
        """Rabenseifner's: reduce-scatter and all-gather in log R rounds each."""
        if ranks == 1:
            return 0.0
        return 2 * math.ceil(math.log2(ranks)) * self.alpha + 2 * (ranks - 1) / ranks * num_bytes * self.beta

    def exchange(self, traffic, ranks):
        """Of a phase: its collectives are small, its messages go to all peers at once."""
        if ranks == 1:
            return 0.0
        rounds = traffic["messages"] / (ranks - 1) + traffic["collectives"] * math.ceil(math.log2(ranks))
        return rounds * self.alpha + traffic["messages"] * self.overhead + traffic["bytes"] * self.beta


@dataclasses.dataclass(frozen=True)
class Processor:
    """Seconds = fixed per parameter + operations / rate; loading = seconds per distinct node."""
    per_parameter: float
    row_rate: float
    attention_rate: float
    load_per_node: float

    def compute(self, shape, counts):
        rows, attention = shape.operations(counts)
        return self.per_parameter * sum(shape.num_parameters()) + rows / self.row_rate + attention / self.attention_rate

    def times(self, cores):
        return Processor(self.per_parameter / cores, self.row_rate * cores, self.attention_rate * cores,
                         self.load_per_node / cores)


def fit_line(sizes, seconds):
    """alpha, beta >= 0 with the least squares of relative errors, and the largest of these."""
    weights = 1 / numpy.asarray(seconds)
    matrix = numpy.column_stack([numpy.ones(len(sizes)), sizes]) * weights[:, None]
    solution, _ = nnls(matrix, numpy.ones(len(sizes)))
    return *solution, numpy.abs(matrix @ solution - 1).max()


def fit_processor(shape, steps):
    """From steps on one rank, and the largest relative error of their seconds."""
    seconds = numpy.array([step["step_seconds"] for step in steps])
    operations = numpy.array([shape.operations(step) for step in steps])
    matrix = numpy.column_stack([numpy.full(len(steps), sum(shape.num_parameters())), operations]) / seconds[:, None]
    # Nanoseconds per parameter and per thousand operations, so that the columns are of a size.
    scales = numpy.array([1e-9, 1e-12, 1e-12])
    solution, _ = nnls(matrix * scales, numpy.ones(len(steps)))
    solution *= scales
    load = sum(step["load_seconds"] for step in steps) / sum(step["nodes"] for step in steps)
    rates = [1 / value if value > 0 else math.inf for value in solution[1:]]
    return Processor(solution[0], *rates, load), numpy.abs(matrix @ solution - 1).max()


@dataclasses.dataclass(frozen=True)
class Prediction:
    compute: float
    reduce: float  # that the step waits for
    load: float
    hidden: bool   # loading is done by cores of its own, beside the step

    @property
    def step(self):
        together = self.compute + self.reduce
        return max(together, self.load) if self.hidden else together + self.load


def predict(shape, counts, traffic, ranks, processor, reducing, exchanging, hidden):
    """counts, traffic: of the rank that has most; reducing, exchanging: networks; hidden: communication and loading have
    cores of their own. Then gradients and what moves the codebook are summed while the backward pass runs, two thirds of the
    computation; the last bucket follows it."""
    compute = processor.compute(shape, counts)
    sizes = [shape.codebook_sums_bytes(), *(4 * size for size in shape.num_parameters())]
    sums = [reducing.all_reduce(size, ranks) for size in sizes]
    large = max(sums[-1], sum(sums) - compute * 2 / 3) if hidden else sum(sums)
    small = sum(reducing.all_reduce(size, ranks) for size in shape.batch_norm_bytes() + shape.codebook_statistics_bytes())
    load = processor.load_per_node * counts["nodes"] + sum(exchanging.exchange(phase, ranks) for phase in traffic.values())
    return Prediction(compute, large + small, load, hidden)
