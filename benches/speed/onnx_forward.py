"""Milliseconds of one image through an ONNX file in onnxruntime, one thread: the median of many. Arguments: file, times."""

import statistics
import sys
import time

import numpy
import onnxruntime

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(sys.argv[1], options)
shape = [1 if isinstance(size, str) else size for size in session.get_inputs()[0].shape]
image = numpy.random.default_rng(0).standard_normal(shape, dtype=numpy.float32)
times = []
for _ in range(int(sys.argv[2])):
    begun = time.perf_counter()
    session.run(None, {session.get_inputs()[0].name: image})
    times.append(time.perf_counter() - begun)
print(statistics.median(times) * 1e3)
