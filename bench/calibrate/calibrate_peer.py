"""Calibrates one model with onnxruntime's Python calibrator, for comparison: MODEL SAMPLES COUNT METHOD.
Prints milliseconds, those of the processor, and peak bytes as JSON.
"""

import json
import sys
import tempfile
import time

import numpy
import onnxruntime
from onnxruntime import quantization


def peak_bytes():
    """Peak resident memory of this program; ru_maxrss would count the process it was forked from."""
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


METHODS = {
    "minmax": quantization.CalibrationMethod.MinMax,
    "percentile": quantization.CalibrationMethod.Percentile,
    "entropy": quantization.CalibrationMethod.Entropy,
}


def main():
    model, samples, count, method = sys.argv[1:5]
    start, processor = time.perf_counter(), time.process_time()
    images = numpy.memmap(samples, "<f4", "r").reshape(-1, 1, 3, 224, 224)

    class Reader(quantization.CalibrationDataReader):
        def __init__(self):
            self.next = 0

        def get_next(self):
            if self.next == int(count):
                return None
            self.next += 1
            return {"x": numpy.array(images[self.next - 1])}

    with tempfile.NamedTemporaryFile(suffix=".onnx") as augmented:
        calibrator = quantization.create_calibrator(
            model, ["Conv", "Gemm", "Add", "MaxPool", "GlobalAveragePool"],
            augmented_model_path=augmented.name,
            calibrate_method=METHODS[method],
        )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        calibrator.infer_session = onnxruntime.InferenceSession(
            augmented.name, sess_options=options, providers=["CPUExecutionProvider"]
        )
        calibrator.collect_data(Reader())
        tensors = len(calibrator.compute_data().data)
    answer = {
        "milliseconds": (time.perf_counter() - start) * 1000,
        "processor": (time.process_time() - processor) * 1000,
        "peak": peak_bytes(),
        "tensors": tensors,
    }
    print(json.dumps(answer))


main()
