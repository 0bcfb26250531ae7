"""A program as one would write it without components: every resource of a recorded stack, with literal inputs.

It has what the SDK and the engine charge for the same resources, and nothing else: no settings, no components, no
outputs to wait for. It imports the SDKs in the ordinary way, whole, as every example of theirs does; `import_whole`
beside `import_lazy` in the report says how much of the difference that is.

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
