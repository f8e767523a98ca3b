# Runs a network that training.ts wrote down in PyTorch: gradients of the first batch, and a loss per step.

import json
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

NUDGED = int(sys.argv[3]) if len(sys.argv) > 3 else 5

folder, threads = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(threads)
task = json.load(open(f"{folder}/task.json"))


def read(entry):
    array = np.fromfile(f"{folder}/{entry['file']}", dtype=entry["dtype"]).reshape(entry["dims"])
    return torch.from_numpy(array.copy())


def pads(node, default=0):
    return (node["attributes"].get("pads") or [default, default])[0]


def run(weights, stats, x, training):
    values = {"x": x, "": None, **weights, **stats}
    for node in task["nodes"]:
        a = node["attributes"]
        i = [values[name] for name in node["inputs"]]
        op = node["op"]
        stride = (a.get("strides") or [1])[0]
        if op == "Conv":
            out = F.conv2d(i[0], i[1], i[2] if len(i) > 2 else None, stride, pads(node), 1, a.get("group", 1))
        elif op == "BatchNormalization":
            out = F.batch_norm(i[0], None if training else i[3], None if training else i[4], i[1], i[2], training, 0.1, 1e-5)
        elif op == "Relu":
            out = F.relu(i[0])
        elif op == "Clip":
            out = F.hardtanh(i[0], float(i[1]), float(i[2]))
        elif op == "MaxPool":
            out = F.max_pool2d(i[0], a["kernel_shape"][0], stride)
        elif op == "GlobalAveragePool":
            out = i[0].mean((2, 3), keepdim=True)
        elif op == "Flatten":
            out = i[0].flatten(1)
        elif op == "Gemm":
            out = torch.addmm(i[2], i[0], i[1])
        elif op == "MatMul":
            out = i[0] @ i[1]
        elif op == "Add":
            out = i[0] + i[1]
        elif op == "Mul":
            out = i[0] * i[1]
        elif op == "Div":
            out = i[0] / i[1]
        elif op == "Erf":
            out = torch.erf(i[0])
        elif op == "Softmax":
            out = F.softmax(i[0], -1)
        elif op == "Identity":
            out = i[0]
        elif op == "LayerNormalization":
            out = F.layer_norm(i[0], i[1].shape, i[1], i[2], 1e-5)
        elif op == "Gather":
            out = F.embedding(i[1], i[0])
        elif op == "Reshape":
            shape = [i[0].shape[k] if d == 0 else int(d) for k, d in enumerate(i[1].tolist())]
            out = i[0].reshape(shape)
        elif op == "Transpose":
            out = i[0].permute(a["perm"])
        elif op == "ReduceMean":
            out = i[0].mean(a["axes"])
        else:
            raise SystemExit(f"no {op}")
        values[node["outputs"][0]] = out
    return values["y"]


samples, labels = read(task["x"]), read(task["labels"])
initial = {name: read(entry) for name, entry in task["weights"].items()}
stats = {name: read(entry) for name, entry in task["constants"].items()}


def gradients(dtype):
    weights = {name: value.to(dtype).clone().requires_grad_() for name, value in initial.items()}
    constants = {name: v.to(dtype) if v.is_floating_point() else v for name, v in stats.items()}
    rows = torch.tensor(task["batches"][0])
    x = samples[rows]
    loss = F.cross_entropy(run(weights, constants, x.to(dtype) if x.is_floating_point() else x, False), labels[rows])
    loss.backward()
    return {name: value.grad.double() for name, value in weights.items()}


exact, single = gradients(torch.float64), gradients(torch.float32)
ours = {name: read(entry).double() for name, entry in task["gradients"].items()}
whole = lambda g: torch.cat([g[name].flatten() for name in sorted(exact)])
error = lambda g: float((whole(g) - whole(exact)).norm() / whole(exact).norm())
largest = lambda g: max(float((g[n] - exact[n]).abs().max() / exact[n].abs().max().clamp_min(1e-6 * float(whole(exact).abs().max()))) for n in exact)



def nudged(value, seed):
    """Each element as it is, or the next number of float32 on either side, at random."""
    if seed is None:
        return value
    steps = torch.randint(-1, 2, value.shape, generator=torch.Generator().manual_seed(seed))
    towards = torch.where(steps > 0, torch.inf, -torch.inf)
    return torch.where(steps == 0, value, torch.nextafter(value, towards.to(value.dtype)))


def train(dtype, seed=None):
    """Losses and milliseconds of every step."""
    weights = {name: nudged(value, seed).to(dtype).clone().requires_grad_() for name, value in initial.items()}
    constants = {name: v.to(dtype) if v.is_floating_point() else v for name, v in stats.items()}
    optimizer = torch.optim.SGD(weights.values(), lr=task["learning_rate"], momentum=0.9)
    losses, times = [], []
    for batch in task["batches"]:
        rows = torch.tensor(batch)
        x, t = samples[rows], labels[rows]
        if x.is_floating_point():
            x = x.to(dtype)
        start = time.process_time()
        loss = F.cross_entropy(run(weights, constants, x, True), t)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        times.append(1000 * (time.process_time() - start))
    return losses, times


losses, times = train(torch.float32)
# Rounding alone leads float32 away from this: how far PyTorch's own run is from it is the measure for ours.
precise, _ = train(torch.float64)
# And from itself, where the last bit of the weights to begin with is another.
others = [train(torch.float32, seed)[0] for seed in range(NUDGED)]
print(json.dumps({
    "error": error(ours), "torch_error": error(single),
    "largest": largest(ours), "torch_largest": largest(single),
    "losses": losses, "losses_precise": precise, "losses_nudged": others, "median_ms": float(np.median(times[5:])),
}))
