"""An independent LargeGT in PyTorch, written from the equations of src/model/README.md, and the recorder of tests/golden/data.

It works the paper's way, so that it shares no idea with the C++: every seed carries its whole sequence of K slots with repeats,
all 3K tokens attend to all 3K tokens through one T x T matrix per head, and autograd makes the gradients. Everything is
computed in double precision and stored as float32. Names of parameters and state are those of model.safetensors.

    python tests/golden/largegt_reference.py            # rewrites tests/golden/data

needs torch, numpy and safetensors.
"""

import math
import pathlib

import numpy as np
import torch
from safetensors.numpy import save_file
from torch import nn

N, F, H, A, G, M, C, K, B = 40, 12, 8, 2, 4, 16, 5, 6, 7
DROPOUT_FEED_FORWARD, DROPOUT_ENCODER = 0.0, 0.0  # the recorded numbers are without; tests/bench/step sets them
NUM_BATCHES, NUM_STEPS, LEARNING_RATE = 3, 10, 1e-2
ATTENTIONS = ("full", "local", "global", "none")
WEIGHT_SEED = 16  # one for which no assignment to a codeword is a close call
DATA = pathlib.Path(__file__).parent / "data"


def drop_feed_forward(module, x):
    return nn.functional.dropout(x, DROPOUT_FEED_FORWARD, module.training)


def drop_encoder(module, x):
    return nn.functional.dropout(x, DROPOUT_ENCODER, module.training)


class SeedBranch(nn.Module):
    """h = W2 relu(BN(W1 x + b1)) + b2."""

    def __init__(self):
        super().__init__()
        self.linear1, self.norm, self.linear2 = nn.Linear(F, H), nn.BatchNorm1d(H), nn.Linear(H, H)

    def forward(self, x):
        return self.linear2(drop_feed_forward(self, torch.relu(self.norm(self.linear1(x)))))


class TokenBranch(nn.Module):
    """e = We (W4 relu(W3 z + b3) + b4) + be."""

    def __init__(self):
        super().__init__()
        self.linear1, self.linear2, self.linear3 = nn.Linear(F, H), nn.Linear(H, H), nn.Linear(H, H)

    def forward(self, z):
        return self.linear3(self.linear2(drop_feed_forward(self, torch.relu(self.linear1(z)))))


class Local(nn.Module):
    """One pre-norm encoder layer over the T tokens of a seed, then the read-out into token 0."""

    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(H), nn.LayerNorm(A * H)
        self.query, self.key, self.value = (nn.Linear(H, A * H) for _ in range(3))
        self.output, self.residual = nn.Linear(A * H, A * H), nn.Linear(H, A * H)
        self.readout = nn.Linear(A * H, 1, bias=False)

    def forward(self, e):  # [B, T, H] -> [B, A H]
        b, t, _ = e.shape
        u = self.norm1(e)
        q, k, v = (m(u).view(b, t, A, H).transpose(1, 2) for m in (self.query, self.key, self.value))
        weights = torch.softmax(q @ k.transpose(2, 3) / math.sqrt(H), dim=-1)  # [B, A, T, T]
        y = self.output((weights @ v).transpose(1, 2).reshape(b, t, A * H))
        o = self.norm2(drop_encoder(self, self.residual(e) + drop_encoder(self, y)))
        alpha = torch.softmax(self.readout(o[:, 1:]), dim=1)  # [B, T - 1, 1]
        return o[:, 0] + (alpha * o[:, 1:]).sum(dim=1)


class Global(nn.Module):
    """Attention of a seed to all codewords that have nodes, each weighing as many as it has."""

    def __init__(self):
        super().__init__()
        self.project = nn.Linear(H, G)
        self.query, self.key, self.value = nn.Linear(2 * G, A * H), nn.Linear(2 * G, A * H), nn.Linear(G, A * H)

    def forward(self, h, positional, codebook):  # -> [B, A H], g [B, 2 G]
        g = torch.cat([self.project(h), positional], dim=1)
        e = codebook.embedding()
        q, k, v = self.query(g).view(-1, A, H), self.key(e).view(M, A, H), self.value(e[:, :G]).view(M, A, H)
        logits = torch.einsum("bah,mah->bam", q, k) / math.sqrt(H) + torch.log(codebook.histogram)
        return torch.einsum("bam,mah->bah", torch.softmax(logits, dim=2), v).reshape(-1, A * H), g.detach()


class Codebook(nn.Module):
    """Moving averages, never trained by gradients."""

    def __init__(self):
        super().__init__()
        for name, shape in (("codewords", (M, 2 * G)), ("sums", (M, 2 * G)), ("sizes", (M,)), ("histogram", (M,)),
                            ("running_mean", (2 * G,)), ("running_var", (2 * G,))):
            self.register_buffer(name, torch.zeros(shape))

    def embedding(self):
        return self.codewords * torch.sqrt(self.running_var + 1e-5) + self.running_mean

    @torch.no_grad()
    def update(self, g, nodes, assignments):
        """Moves the codewords, assigns `nodes`, and returns the margin of the closest decision."""
        normalised = nn.functional.batch_norm(g, self.running_mean, self.running_var, training=True, momentum=0.1)
        distances = torch.cdist(normalised, self.codewords)
        codes = distances.argmin(dim=1)
        two = distances.topk(2, largest=False).values
        one_hot = nn.functional.one_hot(codes, M).to(g.dtype)
        size = 0.99 * self.sizes + 0.01 * one_hot.sum(dim=0)
        n = size.sum()
        self.sizes.copy_((size + 1e-5) / (n + 1e-5 * M) * n)
        self.sums.copy_(0.99 * self.sums + 0.01 * one_hot.T @ normalised)
        self.codewords.copy_(self.sums / self.sizes[:, None])
        for node, code in zip(nodes, codes.tolist()):
            assignments[node] = code
        self.histogram.copy_(torch.from_numpy(np.bincount(assignments, minlength=M)))
        return (two[:, 1] - two[:, 0]).min().item()


class Head(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.linear1, self.norm1 = nn.Linear(width, A * H), nn.BatchNorm1d(A * H)
        self.linear2, self.norm2 = nn.Linear(A * H, H), nn.BatchNorm1d(H)
        self.linear3 = nn.Linear(H, C)

    def forward(self, x):
        x = drop_feed_forward(self, torch.relu(self.norm1(self.linear1(x))))
        return self.linear3(drop_feed_forward(self, torch.relu(self.norm2(self.linear2(x)))))


class LargeGt(nn.Module):
    def __init__(self, attention):
        super().__init__()
        self.attention = attention
        if attention != "local":
            self.seed_branch = SeedBranch()
        if attention in ("local", "full"):
            self.token_branch, self.local = TokenBranch(), Local()
        if attention in ("global", "full"):
            self.global_ = Global()
            self.codebook = Codebook()
        self.head = Head({"full": 2 * A * H, "none": H}.get(attention, A * H))

    def forward(self, tokens, positional, sequences):  # [N, 3, F], [N, G], [B, K]
        return self.forward_rows(tokens[sequences].reshape(len(sequences), 3 * K, F), positional[sequences[:, 0]])

    def forward_rows(self, tokens, positional):  # of the seeds: [B, 3 K, F], [B, G]
        parts = []
        if self.attention in ("local", "full"):
            parts.append(self.local(self.token_branch(tokens)))
        if self.attention != "local":
            h = self.seed_branch(tokens[:, 0])
            if self.attention == "none":
                parts.append(h)
            else:
                out, self.rows = self.global_(h, positional, self.codebook)
                parts.append(out)
        return self.head(torch.cat(parts, dim=1))


def make_graph(rng):
    """Neighbour lists; node 0 and node 1 have none, node 2 hangs on node 3 alone, so its sample returns to it."""
    neighbours = [set() for _ in range(N)]
    for a, b in rng.integers(4, N, size=(2 * N, 2)):
        if a != b:
            neighbours[a].add(int(b))
            neighbours[b].add(int(a))
    neighbours[2], neighbours[3] = {3}, {2}
    return neighbours


def make_sequence(i, neighbours, rng):
    """The K slots of seed i as the design says; node 0 is isolated and takes itself, node 1 takes random nodes."""
    if not neighbours[i]:
        return [i] + ([i] * (K - 1) if i == 0 else rng.integers(0, N, K - 1).tolist())
    candidates = sorted(neighbours[i]) + sorted(set().union(*(neighbours[j] for j in neighbours[i])))
    if len(candidates) >= K - 1:
        return [i] + rng.choice(candidates, K - 1, replace=False).tolist()
    return [i] + [candidates[s % len(candidates)] for s in range(K - 1)]


def make_inputs(rng):
    neighbours = make_graph(rng)
    adjacency = np.eye(N)
    for i, of_i in enumerate(neighbours):
        adjacency[i, list(of_i)] = 1
    scale = adjacency.sum(axis=1) ** -0.5
    normalised = scale[:, None] * adjacency * scale[None, :]
    labels = rng.integers(0, C, N)
    features = rng.normal(size=(N, F)) + rng.normal(size=(C, F))[labels]
    tokens = np.stack([features, normalised @ features, normalised @ normalised @ features], axis=1)
    batches = [np.concatenate([[0, 1, 2], 3 + rng.permutation(N - 3)[: B - 3]])]
    batches += [rng.permutation(N)[:B] for _ in range(NUM_BATCHES - 1)]
    sequences = np.array([[make_sequence(int(i), neighbours, rng) for i in batch] for batch in batches])
    assignments = rng.integers(0, M - 1, N)  # codeword M - 1 has no node
    return {"tokens": tokens.astype(np.float32), "positional": rng.normal(size=(N, G)).astype(np.float32),
            "labels": labels.astype(np.int64), "sequences": sequences.astype(np.int64),
            "assignments": assignments.astype(np.int64)}


def fill(model, assignments, rng):
    """Values of generic size everywhere, so that no term is too small to be seen; exact in float32."""
    with torch.no_grad():
        for name, value in model.state_dict().items():
            if name.endswith("num_batches_tracked"):
                continue
            draw = rng.normal(size=tuple(value.shape))
            if value.dim() >= 2:
                draw *= 1.5 / math.sqrt(value.shape[1])
            elif name.endswith(("norm.weight", "norm1.weight", "norm2.weight", "running_var", "sizes")):
                draw = 1 + 0.3 * np.abs(draw)
            else:
                draw *= 0.3
            value.copy_(torch.from_numpy(draw.astype(np.float32)))
        if hasattr(model, "codebook"):
            book = model.codebook
            book.codewords.copy_(torch.from_numpy(rng.normal(size=(M, 2 * G)).astype(np.float32)))
            book.sums.copy_((book.codewords * book.sizes[:, None]).float())
            book.histogram.copy_(torch.from_numpy(np.bincount(assignments, minlength=M)))


def public_name(name):
    return name.replace("global_.", "global.")


def values(model):
    return {public_name(name): value.detach().numpy().astype(np.float32) for name, value in model.state_dict().items()
            if not name.endswith("num_batches_tracked")}


def record(attention, inputs, rng):
    torch.set_default_dtype(torch.float64)
    model = LargeGt(attention).double()
    assignments = inputs["assignments"].copy()
    fill(model, assignments, rng)
    tokens, positional = (torch.from_numpy(inputs[name]).double() for name in ("tokens", "positional"))
    labels, sequences = torch.from_numpy(inputs["labels"]), torch.from_numpy(inputs["sequences"])
    out = {f"before/{name}": value for name, value in values(model).items()}
    model.eval()
    out["evaluated_logits"] = model(tokens, positional, sequences[0]).detach().numpy().astype(np.float32)
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    losses, margins = [], []
    for step in range(NUM_STEPS):
        batch = sequences[step % NUM_BATCHES]
        model.train()
        logits = model(tokens, positional, batch)
        loss = nn.functional.cross_entropy(logits, labels[batch[:, 0]])
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.item())
        if step == 0:
            out["logits"] = logits.detach().numpy().astype(np.float32)
            for name, parameter in model.named_parameters():
                out[f"gradient/{public_name(name)}"] = parameter.grad.numpy().astype(np.float32)
        optimizer.step()
        if hasattr(model, "codebook"):
            margins.append(model.codebook.update(model.rows, batch[:, 0].tolist(), assignments))
    out["losses"] = np.array(losses, dtype=np.float64)
    if hasattr(model, "codebook"):
        out["assignments"] = assignments
        out |= {f"after/codebook.{name}": value.numpy().astype(np.float32)
                for name, value in model.codebook.state_dict().items()}
    save_file({name: np.ascontiguousarray(value) for name, value in out.items()}, DATA / f"{attention}.safetensors")
    print(attention, np.round(losses, 4), "closest assignment decided by", min(margins, default=math.inf))


def main():
    rng = np.random.default_rng(20231)
    DATA.mkdir(exist_ok=True)
    inputs = make_inputs(rng)
    save_file(inputs, DATA / "inputs.safetensors")
    for attention in ATTENTIONS:
        record(attention, inputs, np.random.default_rng(WEIGHT_SEED))


if __name__ == "__main__":
    main()
