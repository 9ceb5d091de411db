"""The endpoint's contract as people serve ONNX from Python: uvicorn, Starlette, Pillow, onnxruntime, one process.

Arguments: the model's folder, the port."""

import io
import json
import sys
from pathlib import Path

import numpy
import onnxruntime
import uvicorn
from PIL import Image
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

folder = Path(sys.argv[1])
shown = json.loads((folder / "config.json").read_text())["input"]
mean, deviation = (numpy.array(shown[name], dtype=numpy.float32) for name in ("mean", "std"))
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options)
(name,) = [value.name for value in session.get_inputs()]


async def ping(_):
    """It is up."""
    return Response()


async def invocations(request):
    """Scores of the image in the body."""
    image = Image.open(io.BytesIO(await request.body())).convert("RGB")
    pixels = (numpy.asarray(image, dtype=numpy.float32) / 255 - mean) / deviation
    (scores,) = session.run(None, {name: pixels.transpose(2, 0, 1)[None]})
    return JSONResponse(scores[0].tolist())


app = Starlette(routes=[Route("/ping", ping), Route("/invocations", invocations, methods=["POST"])])
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="warning", loop="uvloop", http="httptools")
