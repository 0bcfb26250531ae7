"""A program as one would write it without components: every resource of a recorded stack, with literal inputs.

It has what the SDK and the engine charge for the same resources, and nothing else: no settings, no components, no
outputs to wait for. It imports the SDKs in the ordinary way, whole, as every example of theirs does; `import_whole`
beside `import_lazy` in the report says how much of the difference that is.

`resources.json` beside it is written by `bench/recording.py`.
"""

import json
import operator
import pathlib

import pulumi
import pulumi_command
import pulumi_ovh
import pulumi_random
import pulumi_tls
import pulumi_vault
import pulumiverse_scaleway

PACKAGES = {
    package.__name__: package
    for package in (pulumi_command, pulumi_ovh, pulumi_random, pulumi_tls, pulumi_vault, pulumiverse_scaleway)
}

for resource in json.loads(pathlib.Path(__file__).with_name("resources.json").read_text()):
    package, _, path = resource["class"].partition(".")
    secrets = {name: pulumi.Output.secret(value) for name, value in resource["secrets"].items()}
    operator.attrgetter(path)(PACKAGES[package])(resource["name"], **resource["inputs"], **secrets)
