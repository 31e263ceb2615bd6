"""The model of src/model/README.md as a PyTorch module: loads model.safetensors, writes weights for `train --init-from`.

    import largegt                                       # needs torch and safetensors
    model = largegt.load("run/checkpoints/step-000001200/model.safetensors").eval()
    logits = model(tokens, counts, positional)
    largegt.save(model, "weights.safetensors")           # gigahop train ... --init-from weights.safetensors

Letters: B seeds, L entries of the longest sample list, F features, G positional width, C classes. Widths, heads and the kind of
attention come from the file. The codebook is read, not trained: its moving averages are gigahop's own.
"""
import math

import torch
from safetensors.torch import load_file, save_file
from torch import nn


class Hidden(nn.Module):
    """Parameters alone: a linear map, a norm, perhaps more linear maps, under the names of the file."""

    def __init__(self, **modules):
        super().__init__()
        for name, module in modules.items():
            self.add_module(name, module)


class LargeGt(nn.Module):
    def __init__(self, attention, features, hidden, heads, positional, codewords, classes, dropout=0.5,
                 encoder_dropout=0.3):
        super().__init__()
        self.has_local, self.has_global = attention in ("FULL", "LOCAL"), attention in ("FULL", "GLOBAL")
        self.has_seed_branch = attention != "LOCAL"
        self.heads, self.hidden, self.positional = heads, hidden, positional
        self.dropout, self.encoder_dropout = nn.Dropout(dropout), nn.Dropout(encoder_dropout)
        f, h, w, g = features, hidden, heads * hidden, positional
        if self.has_seed_branch:
            self.seed_branch = Hidden(linear1=nn.Linear(f, h), norm=nn.BatchNorm1d(h), linear2=nn.Linear(h, h))
        if self.has_local:
            self.token_branch = Hidden(linear1=nn.Linear(f, h), linear2=nn.Linear(h, h), linear3=nn.Linear(h, h))
            self.local = Hidden(norm1=nn.LayerNorm(h), query=nn.Linear(h, w), key=nn.Linear(h, w), value=nn.Linear(h, w),
                                output=nn.Linear(w, w), residual=nn.Linear(h, w), norm2=nn.LayerNorm(w),
                                readout=nn.Linear(w, 1, bias=False))
        if self.has_global:
            self.add_module("global", Hidden(project=nn.Linear(h, g), query=nn.Linear(2 * g, w),
                                             key=nn.Linear(2 * g, w), value=nn.Linear(g, w)))
            self.codebook = Hidden()
            for name, shape in (("running_mean", (2 * g,)), ("running_var", (2 * g,)), ("codewords", (codewords, 2 * g)),
                                ("sums", (codewords, 2 * g)), ("sizes", (codewords,)), ("histogram", (codewords,))):
                self.codebook.register_buffer(name, torch.zeros(shape))
        self.head = Hidden(linear1=nn.Linear({"FULL": 2 * w, "NONE": h}.get(attention, w), w), norm1=nn.BatchNorm1d(w),
                           linear2=nn.Linear(w, h), norm2=nn.BatchNorm1d(h), linear3=nn.Linear(h, classes))

    def forward(self, tokens, counts, positional):
        """Logits [B, C].

        tokens      [B, L, 3, F]: x, Âx, Â²x of the nodes of each seed's list, the seed itself first
        counts      [B, L]: how often a node stands in the sample; 0 = padding
        positional  [B, G] of the seeds
        """
        parts = [self.local_part(tokens, counts)] if self.has_local else []
        if self.has_seed_branch:
            branch = self.seed_branch
            h = branch.linear2(self.dropout(torch.relu(branch.norm(branch.linear1(tokens[:, 0, 0])))))
            parts.append(self.global_part(h, positional) if self.has_global else h)
        x = self.dropout(torch.relu(self.head.norm1(self.head.linear1(torch.cat(parts, dim=1)))))
        return self.head.linear3(self.dropout(torch.relu(self.head.norm2(self.head.linear2(x)))))

    def split_heads(self, x):  # [..., rows, A H] -> [..., A, rows, H]
        return x.unflatten(-1, (self.heads, self.hidden)).transpose(-3, -2)

    def local_part(self, tokens, counts):
        branch, local = self.token_branch, self.local
        z = tokens.flatten(1, 2)
        log_counts = counts.to(z.dtype).log().repeat_interleave(3, dim=1)  # [B, T], padding -inf
        e = branch.linear3(branch.linear2(self.dropout(torch.relu(branch.linear1(z)))))
        u = local.norm1(e)
        q, k, v = (self.split_heads(map_(u)) for map_ in (local.query, local.key, local.value))
        weights = torch.softmax(q @ k.transpose(2, 3) / math.sqrt(self.hidden) + log_counts[:, None, None], dim=-1)
        y = local.output((weights @ v).transpose(1, 2).flatten(2))
        o = local.norm2(self.encoder_dropout(local.residual(e) + self.encoder_dropout(y)))
        others = counts.to(z.dtype).repeat_interleave(3, dim=1)
        others[:, 0] -= 1  # the seed's own token is what the others are added to
        alpha = torch.softmax(local.readout(o).squeeze(-1) + others.log(), dim=1)
        return o[:, 0] + (alpha[:, :, None] * o).sum(dim=1)

    def global_part(self, h, positional):
        maps, book = getattr(self, "global"), self.codebook
        e = book.codewords * torch.sqrt(book.running_var + 1e-5) + book.running_mean
        q = self.split_heads(maps.query(torch.cat([maps.project(h), positional], dim=1))[:, None])  # [B, A, 1, H]
        k, v = self.split_heads(maps.key(e)), self.split_heads(maps.value(e[:, :self.positional]))  # [A, M, H]
        weights = torch.softmax(q @ k.transpose(1, 2) / math.sqrt(self.hidden) + book.histogram.log(), dim=-1)
        return (weights @ v).flatten(1)


def from_tensors(tensors, **dropouts):
    """The module of such names and shapes, with their values."""
    width, hidden = tensors["head.linear1.weight"].shape[0], tensors["head.linear2.weight"].shape[0]
    has_local, has_global = "local.query.weight" in tensors, "global.query.weight" in tensors
    attention = {(True, True): "FULL", (True, False): "LOCAL", (False, True): "GLOBAL"}.get((has_local, has_global), "NONE")
    first = tensors["token_branch.linear1.weight" if has_local else "seed_branch.linear1.weight"]
    codewords, twice_positional = tensors["codebook.codewords"].shape if has_global else (0, 0)
    model = LargeGt(attention, first.shape[1], hidden, width // hidden, twice_positional // 2, codewords,
                    tensors["head.linear3.weight"].shape[0], **dropouts)
    problems = model.load_state_dict(tensors, strict=False)
    missing = [name for name in problems.missing_keys if not name.endswith("num_batches_tracked")]
    if missing or problems.unexpected_keys:
        raise ValueError(f"missing {missing}, unknown {problems.unexpected_keys}")
    return model


def load(path, **dropouts):
    return from_tensors(load_file(path), **dropouts)


def save(model, path):
    save_file({name: value.detach().float().contiguous() for name, value in model.state_dict().items()
               if not name.endswith("num_batches_tracked")}, path)
