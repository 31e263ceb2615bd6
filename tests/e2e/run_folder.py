"""What a run folder holds, for comparing one training with another."""
import json

# Of a line of metrics.jsonl, what does not depend on the clock or on the machine's memory.
FIGURES = ["kind", "step", "epoch", "loss", "train_accuracy", "valid_accuracy", "test_accuracy", "learning_rate",
           "gradient_norm", "codewords_used"]


def figures(run):
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{name: line.get(name) for name in FIGURES} for line in lines]


def checkpoints(run, done):
    """Steps of the checkpoints that are whole (done) or being written, ascending."""
    folders = (run / "checkpoints").glob("step-*")
    return sorted(int(folder.name[5:]) for folder in folders if (folder / "DONE").exists() == done)


def checkpoint(run, step):
    return run / "checkpoints" / f"step-{step:09}"


def arrays(folder):
    """Bytes of each array of a checkpoint's folder."""
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*"))
            if path.suffix in (".safetensors", ".npy")}
