# Gradients of an ONNX file by PyTorch: operators one by one as torch functions, weights as leaves. Told what to compare by gradients.ts.

import json
import sys

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper

folder = sys.argv[1]
task = json.load(open(f"{folder}/task.json"))
model = onnx.load(task["model"])
opset = max(o.version for o in model.opset_import if o.domain in ("", "ai.onnx"))
torch.set_num_threads(1)


def read(entry):
    array = np.fromfile(f"{folder}/{entry['file']}", dtype=entry["dtype"]).reshape(entry["dims"])
    return torch.from_numpy(array.copy())


def ints(t):
    return [int(v) for v in t.reshape(-1).tolist()]


def symmetric(x, pads, value=0.0):
    """Padding in front of the operator: ONNX lists all beginnings, then all ends."""
    n = len(pads) // 2
    return F.pad(x, [p for k in reversed(range(n)) for p in (pads[k], pads[k + n])], value=value) if any(pads) else x


def pads_of(a, x, k, s, d):
    if a.get("auto_pad", b"NOTSET") in (b"SAME_UPPER", b"SAME_LOWER"):
        total = [max((-(-n // s_) - 1) * s_ + (k_ - 1) * d_ + 1 - n, 0) for n, k_, s_, d_ in zip(x.shape[2:], k, s, d)]
        low = [t // 2 if a["auto_pad"] == b"SAME_UPPER" else t - t // 2 for t in total]
        return low + [t - l for t, l in zip(total, low)]
    return list(a.get("pads", [0] * 2 * len(k)))


def reshape(x, shape, allowzero):
    return x.reshape([x.shape[i] if v == 0 and not allowzero else v for i, v in enumerate(shape)])


def slices(x, starts, ends, axes, steps):
    for s, e, a, t in zip(starts, ends, axes, steps):
        n = x.shape[a]
        where = list(range(n))[slice(s, e if not (t < 0 and e < -n) else None, t)]
        x = x.index_select(a, torch.tensor(where, dtype=torch.long))
    return x


def recurrent(op, a, i):
    x, w, r = i[0], i[1], i[2]
    h = a["hidden_size"]
    dirs = w.shape[0]
    steps, batch = x.shape[0], x.shape[1]
    b = i[3] if len(i) > 3 and i[3] is not None else torch.zeros(dirs, 2 * w.shape[1], dtype=x.dtype)
    first = lambda k, d: i[k][d] if len(i) > k and i[k] is not None else torch.zeros(batch, h, dtype=x.dtype)
    outs, lasts, cells = [], [], []
    for d in range(dirs):
        back = a.get("direction", b"forward") == b"reverse" or d == 1
        ht, ct, ys = first(5, d), first(6, d), []
        wb, rb = b[d][: w.shape[1]], b[d][w.shape[1] :]
        for t in reversed(range(steps)) if back else range(steps):
            gx, gh = x[t] @ w[d].T + wb, ht @ r[d].T + rb
            if op == "LSTM":
                ii, oo, ff, cc = (gx + gh).chunk(4, 1)
                ct = ff.sigmoid() * ct + ii.sigmoid() * cc.tanh()
                ht = oo.sigmoid() * ct.tanh()
            elif op == "GRU":
                (xz, xr, xh), (hz, hr, hh) = gx.chunk(3, 1), gh.chunk(3, 1)
                z, rr = (xz + hz).sigmoid(), (xr + hr).sigmoid()
                inner = rr * hh if a.get("linear_before_reset", 0) else (rr * ht) @ r[d][2 * h :].T + rb[2 * h :]
                ht = (1 - z) * (xh + inner).tanh() + z * ht
            else:
                ht = (gx + gh).tanh()
            ys.append(ht)
        outs.append(torch.stack(ys[::-1] if back else ys))
        lasts.append(ht)
        cells.append(ct)
    return [torch.stack(outs, 1), torch.stack(lasts), torch.stack(cells)]


def attention(a, i):
    q, k, v = i[:3]
    split = lambda t, h: t.reshape(t.shape[0], t.shape[1], h, -1).transpose(1, 2) if t.dim() == 3 else t
    heads = a.get("q_num_heads", q.shape[1])
    q, k, v = split(q, heads), split(k, a.get("kv_num_heads", k.shape[1])), split(v, a.get("kv_num_heads", v.shape[1]))
    assert not a.get("softcap", 0) and all(t is None for t in i[4:])
    mask = i[3] if len(i) > 3 else None
    y = F.scaled_dot_product_attention(q, k, v, mask, is_causal=bool(a.get("is_causal", 0)), scale=a.get("scale"), enable_gqa=True)
    return y.transpose(1, 2).reshape(y.shape[0], y.shape[2], -1) if i[0].dim() == 3 else y


def attributes(node):
    return {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}


def step(node, a, i, dtype):
    op, x = node.op_type, i[0] if i else None
    binary = {"Add": torch.add, "Sub": torch.sub, "Mul": torch.mul, "Div": lambda p, q: p / q if p.is_floating_point() else torch.div(p, q, rounding_mode="trunc"), "Pow": lambda p, q: p ** q.to(p.dtype), "Equal": torch.eq, "Mod": torch.remainder, "MatMul": torch.matmul}
    unary = {"Relu": F.relu, "Sigmoid": torch.sigmoid, "Tanh": torch.tanh, "Erf": torch.erf, "Sqrt": torch.sqrt, "Exp": torch.exp, "Neg": torch.neg, "HardSwish": F.hardswish, "Identity": lambda v: v, "Abs": torch.abs, "Log": torch.log, "Softplus": F.softplus}
    axis = a.get("axis", -1)
    if op in binary:
        return binary[op](i[0], i[1])
    if op in unary:
        return unary[op](x)
    if op == "Constant":
        value = torch.from_numpy(numpy_helper.to_array(a["value"]).copy())
        return value.to(dtype) if value.is_floating_point() else value
    if op == "ConstantOfShape":
        value = torch.from_numpy(numpy_helper.to_array(a["value"]).copy()) if "value" in a else torch.zeros(1)
        return torch.full(ints(x), value.item(), dtype=dtype if value.is_floating_point() else value.dtype)
    if op == "Cast":
        to = onnx.helper.tensor_dtype_to_np_dtype(a["to"])
        return x.to(dtype) if to in (np.float32, np.float64) else x.to(torch.from_numpy(np.zeros(1, to)).dtype)
    if op == "BatchNormalization":
        shape = [1, -1] + [1] * (x.dim() - 2)
        return (x - i[3].view(shape)) / (i[4].view(shape) + a.get("epsilon", 1e-5)).sqrt() * i[1].view(shape) + i[2].view(shape)
    if op in ("Conv", "ConvTranspose"):
        k, w = list(i[1].shape[2:]), i[1]
        s, d, g = a.get("strides", [1] * len(k)), a.get("dilations", [1] * len(k)), a.get("group", 1)
        b = i[2] if len(i) > 2 else None
        if op == "Conv":
            return [F.conv1d, F.conv2d, F.conv3d][len(k) - 1](symmetric(x, pads_of(a, x, k, s, d)), w, b, s, 0, d, g)
        p = a.get("pads", [0] * 2 * len(k))
        return F.conv_transpose2d(x, w, b, s, p[: len(k)], a.get("output_padding", 0), g, d)
    if op in ("MaxPool", "AveragePool"):
        k = a["kernel_shape"]
        s, d = a.get("strides", [1] * len(k)), a.get("dilations", [1] * len(k))
        p, up = pads_of(a, x, k, s, d), bool(a.get("ceil_mode", 0))
        if op == "MaxPool":
            return F.max_pool2d(symmetric(x, p, float("-inf")), k, s, 0, d, up)
        return F.avg_pool2d(x, k, s, p[:2], up, bool(a.get("count_include_pad", 0)))
    if op == "GlobalAveragePool":
        return x.mean(tuple(range(2, x.dim())), keepdim=True)
    if op == "Gemm":
        p, q = x.T if a.get("transA", 0) else x, i[1].T if a.get("transB", 0) else i[1]
        y = a.get("alpha", 1.0) * (p @ q)
        return y + a.get("beta", 1.0) * i[2] if len(i) > 2 else y
    if op == "LayerNormalization":
        return F.layer_norm(x, x.shape[axis:], i[1], i[2] if len(i) > 2 else None, a.get("epsilon", 1e-5))
    if op == "RMSNormalization":
        return F.rms_norm(x, x.shape[axis:], i[1], a.get("epsilon", 1e-5))
    if op == "Attention":
        return attention(a, i)
    if op == "Softmax":
        return F.softmax(x, axis)
    if op == "Gelu":
        return F.gelu(x, approximate=a.get("approximate", b"none").decode())
    if op == "HardSigmoid":
        return (a.get("alpha", 0.2) * x + a.get("beta", 0.5)).clamp(0, 1)
    if op == "Clip":
        bound = lambda k: i[k].item() if len(i) > k and i[k] is not None else None
        return x.clamp(bound(1), bound(2))
    if op == "Gather":
        axis, index = a.get("axis", 0), i[1].long()
        index = torch.where(index < 0, index + x.shape[axis], index)
        return x.index_select(axis, index.reshape(-1)).reshape(list(x.shape[:axis]) + list(index.shape) + list(x.shape[axis + 1 :]))
    if op == "GatherElements":
        return torch.gather(x, a.get("axis", 0), i[1].long())
    if op == "Concat":
        return torch.cat([v for v in i], axis)
    if op == "Split":
        axis, n = a.get("axis", 0), len(node.output)
        sizes = ints(i[1]) if len(i) > 1 else [-(-x.shape[axis] // n)] * (n - 1)
        sizes = sizes if len(sizes) == n else sizes + [x.shape[axis] - sum(sizes)]
        return list(torch.split(x, sizes, axis))
    if op == "Slice":
        axes = ints(i[3]) if len(i) > 3 and i[3] is not None else list(range(i[1].numel()))
        return slices(x, ints(i[1]), ints(i[2]), axes, ints(i[4]) if len(i) > 4 else [1] * len(axes))
    if op == "Pad":
        axes = [v % x.dim() for v in ints(i[3])] if len(i) > 3 and i[3] is not None else list(range(x.dim()))
        both, given = [0] * 2 * x.dim(), ints(i[1])
        for k, v in enumerate(axes):
            both[v], both[v + x.dim()] = given[k], given[k + len(axes)]
        assert a.get("mode", b"constant") == b"constant"
        return symmetric(x, both, i[2].item() if len(i) > 2 and i[2] is not None else 0)
    if op == "Shape":
        return torch.tensor(list(x.shape)[a.get("start", 0) : a.get("end")], dtype=torch.int64)
    if op == "Reshape":
        return reshape(x, ints(i[1]), a.get("allowzero", 0))
    if op == "Flatten":
        axis = a.get("axis", 1)
        return x.reshape(int(np.prod(x.shape[:axis])), -1)
    if op == "Transpose":
        return x.permute(a.get("perm", list(reversed(range(x.dim())))))
    if op in ("Squeeze", "Unsqueeze"):
        axes = a.get("axes") or (ints(i[1]) if len(i) > 1 else [k for k, n in enumerate(x.shape) if n == 1])
        if op == "Squeeze":
            return x.squeeze(tuple(axes))
        for v in sorted(v % (x.dim() + len(axes)) for v in axes):
            x = x.unsqueeze(v)
        return x
    if op == "Expand":
        return x.expand(torch.broadcast_shapes(x.shape, ints(i[1])))
    if op == "Range":
        return torch.arange(i[0].item(), i[1].item(), i[2].item(), dtype=i[0].dtype)
    if op == "Where":
        return torch.where(i[0], i[1], i[2])
    if op.startswith("Reduce"):
        axes = a.get("axes") or (ints(i[1]) if len(i) > 1 else list(range(x.dim())))
        return {"ReduceMean": torch.mean, "ReduceSum": torch.sum}[op](x, axes, keepdim=bool(a.get("keepdims", 1)))
    if op == "Resize":
        assert a.get("mode", b"nearest") == b"nearest"
        sizes = ints(i[3])[2:] if len(i) > 3 and i[3] is not None else [int(n * f) for n, f in zip(x.shape[2:], i[2].tolist()[2:])]
        return F.interpolate(x, size=sizes, mode="nearest")
    if op in ("LSTM", "GRU", "RNN"):
        return recurrent(op, a, i)
    raise SystemExit(f"no {op}")


def run(dtype, learnt):
    cast = lambda v: v.to(dtype) if v.is_floating_point() else v
    values = {t.name: cast(torch.from_numpy(numpy_helper.to_array(t).copy())) for t in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Constant" and node.output[0] in learnt:
            values[node.output[0]] = step(node, attributes(node), [], dtype)
    leaves = {name: values[name].clone().requires_grad_() for name in learnt}
    values.update(leaves)
    values.update({name: cast(read(entry)) for name, entry in task["inputs"].items()})
    for node in model.graph.node:
        if node.op_type == "Constant" and node.output[0] in leaves:
            continue
        out = step(node, attributes(node), [values[n] if n else None for n in node.input], dtype)
        for name, value in zip(node.output, out if isinstance(out, list) else [out]):
            values[name] = value
    loss = sum(((values[n] - cast(read(e)).reshape(values[n].shape)) ** 2).mean() for n, e in task["targets"].items())
    loss.backward()
    return {n: v.grad.double() if v.grad is not None else torch.zeros_like(v).double() for n, v in leaves.items()}, loss.item()


ours = {name: read(entry).double() for name, entry in task["gradients"].items()}
exact, loss = run(torch.float64, list(ours))
single, _ = run(torch.float32, list(ours))
whole = lambda g: torch.cat([g[name].flatten() for name in sorted(exact)])
error = lambda g, to: float((whole(g) - whole(to)).norm() / whole(to).norm())
print(json.dumps({
    "loss": loss,
    "error": error(ours, exact), "torch_error": error(single, exact), "to_torch": error(ours, single),
    "weights": len(exact), "norm": float(whole(exact).norm()),
    "worst": max(((float((ours[n] - exact[n]).norm() / exact[n].norm().clamp_min(1e-9 * float(whole(exact).norm()))), n) for n in exact), default=(0, "")),
}))
