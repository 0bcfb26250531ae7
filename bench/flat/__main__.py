"""A program as one would write it without components: every resource of a recorded stack, with literal inputs.

`resources.json` beside it is written by `bench/recording.py`.
"""

import importlib
import json
import operator
import pathlib

import pulumi

recorded = json.loads(pathlib.Path(__file__).with_name("resources.json").read_text())
packages = {name: importlib.import_module(name) for name in {one["class"].partition(".")[0] for one in recorded}}

for resource in recorded:
    package, _, path = resource["class"].partition(".")
    secrets = {name: pulumi.Output.secret(value) for name, value in resource["secrets"].items()}
    operator.attrgetter(path)(packages[package])(resource["name"], **resource["inputs"], **secrets)
