#!/usr/bin/env python3
"""Writes what AWS's APIs answer, as TestState holds mocked results against it.

    pip install botocore && python3 generate.py > outputs.json

The models are botocore's (Apache License 2.0). Kept of them: the output structures of the services below, with types,
required members, enumerations and bounds. A member's name begins with a capital, as Step Functions writes it.
"""

import json
import sys

from botocore.loaders import Loader

# Step Functions' name of a service: botocore's.
SERVICES = {
    "dynamodb": "dynamodb",
    "events": "events",
    "kms": "kms",
    "lambda": "lambda",
    "s3": "s3",
    "sagemakerruntime": "sagemaker-runtime",
    "sfn": "stepfunctions",
    "sns": "sns",
    "sqs": "sqs",
}


def capital(name):
    return name[:1].upper() + name[1:]


# Newer than what Step Functions holds results against: Lambda's documented quota.
BOUNDS = {("FunctionConfiguration", "MemorySize"): {"max": 10240}}
COMPLEX = ("list", "map", "structure")


def reference(shapes, name):
    """The name of a structure, list or map; a scalar as it is: its type, or its type with what bounds it."""
    of = shapes[name]
    if of["type"] in COMPLEX:
        return "#" + name
    bounds = {key: of[key] for key in ("enum", "min", "max") if key in of}
    return {"type": of["type"], **bounds} if bounds else of["type"]


def bounded(structure, member, kept):
    bounds = BOUNDS.get((structure, member))
    return {**kept, **bounds} if bounds else kept


def shape(shapes, name):
    of = shapes[name]
    kept = {"type": of["type"]}
    if of["type"] == "structure":
        members = of["members"].items()
        kept["members"] = {
            capital(key): bounded(name, key, reference(shapes, member["shape"])) for key, member in members
        }
        if of.get("required"):
            kept["required"] = [capital(key) for key in of["required"]]
    else:
        kept["item"] = reference(shapes, of["member" if of["type"] == "list" else "value"]["shape"])
    return kept


def service(model):
    operations = {
        name[:1].lower() + name[1:]: operation["output"]["shape"]
        for name, operation in model["operations"].items()
        if "output" in operation
    }
    kept, waiting = {}, list(operations.values())
    while waiting:
        name = waiting.pop()
        if name in kept:
            continue
        kept[name] = shape(model["shapes"], name)
        inner = [*kept[name].get("members", {}).values(), kept[name].get("item")]
        waiting += [to[1:] for to in inner if isinstance(to, str) and to.startswith("#")]
    return {"operations": operations, "shapes": kept}


loader = Loader()
outputs = {
    name: service(loader.load_service_model(model, "service-2")) for name, model in SERVICES.items()
}
json.dump(outputs, sys.stdout, separators=(",", ":"), sort_keys=True)
print()
