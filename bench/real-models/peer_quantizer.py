"""Quantizes one model with onnxruntime's Python quantizer, for comparison. Request: JSON on standard input
{model, calibration (safetensors), output, variant: "defaults" | "u8s8"}; answer: one line of JSON on standard output.
"""

import json
import sys
import time


def read_samples(path, names):
    import numpy

    dtypes = {"F32": "<f4", "I32": "<i4", "I64": "<i8"}
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        body = file.read()
    arrays = {}
    for name in names:
        entry = header[name]
        begin, end = entry["data_offsets"]
        arrays[name] = numpy.frombuffer(body[begin:end], dtypes[entry["dtype"]]).reshape(entry["shape"])
    return arrays


def quantize(request):
    import onnx
    from onnxruntime import quantization

    model = onnx.load(request["model"])
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [value.name for value in model.graph.input if value.name not in constants]
    samples = read_samples(request["calibration"], inputs)
    count = len(samples[inputs[0]])

    class Reader(quantization.CalibrationDataReader):
        def __init__(self):
            self.next = 0

        def get_next(self):
            if self.next == count:
                return None
            feed = {name: array[self.next : self.next + 1] for name, array in samples.items()}
            self.next += 1
            return feed

    options = {}
    if request["variant"] == "u8s8":
        opset = max(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx"))
        if opset < 13:  # DequantizeLinear knows an axis from opset 13 on
            model = onnx.version_converter.convert_version(model, 13)
        options = {
            "activation_type": quantization.QuantType.QUInt8,
            "weight_type": quantization.QuantType.QInt8,
            "per_channel": True,
        }
    quantization.quantize_static(
        model,
        request["output"],
        Reader(),
        quant_format=quantization.QuantFormat.QDQ,
        calibrate_method=quantization.CalibrationMethod.MinMax,
        **options,
    )


def peak_bytes():
    """Peak resident memory of this program; ru_maxrss would count the process it was forked from."""
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def main():
    import logging

    logging.disable(logging.WARNING)
    request = json.load(sys.stdin)
    start = time.perf_counter()
    error = None
    try:
        quantize(request)
    except Exception as failure:
        error = f"{type(failure).__name__}: {failure}"[:300]
    answer = {
        "quantize_ms": (time.perf_counter() - start) * 1000,
        "peak_bytes": peak_bytes(),
        "error": error,
    }
    sys.stdout.write("\n" + json.dumps(answer) + "\n")


main()
