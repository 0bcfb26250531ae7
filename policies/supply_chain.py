"""What runs is what was tested: images by digest, tags that nobody can move, nothing piped from the network to a shell."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from policies.model import Policy, Resource, Severity, Violation
from policies.payloads import parts
from policies.values import Requirement, at, off, on, one_of, show
from policies.wire import UNKNOWN, leaves, reveal

DIGEST: Final = re.compile(r".+@sha256:[0-9a-f]{64}")
BY_DIGEST: Final = "an image by its digest, such as registry.example/app@sha256:…"
IMAGES: Final[Mapping[str, tuple[str, ...]]] = {
    "aws:lambda/function:Function": ("imageUri",),
    "aws:batch/jobDefinition:JobDefinition": ("containerProperties",),
    "aws:apprunner/service:Service": ("sourceConfiguration.imageRepository.imageIdentifier",),
    "scaleway:containers/container:Container": ("image", "registryImage"),
    "scaleway:index/container:Container": ("image", "registryImage"),
    "scaleway:job/definition:Definition": ("imageUri",),
    "scaleway:index/jobDefinition:JobDefinition": ("imageUri",),
}
"""Where a type names the image that it runs: one of these."""
TASK: Final = "aws:ecs/taskDefinition:TaskDefinition"
BATCH: Final = "aws:batch/jobDefinition:JobDefinition"
REGISTRIES: Final[Mapping[str, tuple[Requirement, ...]]] = {
    "aws:ecr/repository:Repository": (
        one_of("imageTagMutability", "IMMUTABLE", "IMMUTABLE_WITH_EXCLUSION"),
        on("imageScanningConfiguration.scanOnPush"),
    ),
    "scaleway:registry/namespace:Namespace": (off("isPublic"),),
}
TEXTS: Final = frozenset(["userData", "userDataBase64", "cloudInit", "create", "update", "stdin", "buildspec"])
"""Where commands are written down."""
PIPED: Final = re.compile(r"\b(?:curl|wget)\b[^|\n;&]*\|\s*(?:sudo\s+(?:-\S+\s+)*)?(?:/\S+/)?(?:ba|da|z|k)?sh\b")
WORDS: Final = ("curl", "wget", "--allow-unauthenticated", "--no-gpg-check", "trusted=yes")
"""One of them is in whatever the patterns find."""
UNSIGNED: Final = re.compile(
    r"--allow-unauthenticated|--no-gpg-check|\[[^\]\n]*trusted=yes[^\]\n]*\]|\b(?:curl|wget)\b[^\n]*\s(?:-k|--insecure|"
    r"--no-check-certificate)\b"
)


def check(resource: Resource) -> Iterator[Violation]:
    """Judge one resource."""
    if resource.type == TASK:
        yield from _containers(resource)
    elif resource.type in IMAGES:
        yield from _image(resource, IMAGES[resource.type])
    for requirement in REGISTRIES.get(resource.type, ()):
        yield from requirement.unmet(resource)
    for key in TEXTS & resource.inputs.keys():
        for path, _, text, _ in leaves(resource.inputs[key], key):
            if isinstance(text, str):
                yield from _commands(path, text)


def _image(resource: Resource, paths: tuple[str, ...]) -> Iterator[Violation]:
    found = [(place, value) for path in paths for place, value in at(resource.inputs, path)]
    for place, value in [(place, value) for place, value in found if value is not None] or found[:1]:
        if resource.type == BATCH:
            yield from _defined(place, value, lambda properties: [properties])
        elif value is not None or resource.type != "aws:lambda/function:Function":  # a function may be a file
            yield from _judged(place, value)


def _containers(resource: Resource) -> Iterator[Violation]:
    value = reveal(resource.inputs.get("containerDefinitions"))
    yield from _defined("containerDefinitions", value, lambda definitions: definitions)


def _defined(place: str, value: Any, containers: Any) -> Iterator[Violation]:
    """The images in a text of JSON.

    A text that takes in anything that is known late, such as the address of a database, is unknown as a whole in a
    preview. The update asks again when it is known, before the resource is made.
    """
    if value is UNKNOWN:
        return
    if not isinstance(value, str):
        yield Violation(f"{place} is {show(value)}: its images cannot be judged", BY_DIGEST)
        return
    try:
        for index, container in enumerate(containers(json.loads(value))):
            yield from _judged(f"{place}[{index}].image", container.get("image"))
    except (ValueError, TypeError, AttributeError):
        yield Violation(f"{place} cannot be read", "JSON with an image a container")


def _judged(place: str, image: Any) -> Iterator[Violation]:
    if not isinstance(image, str) or DIGEST.fullmatch(image) is None:
        yield Violation(f"{place} is {show(image)}", BY_DIGEST)


def _commands(path: str, text: str) -> Iterator[Violation]:
    for part in parts(text):
        if part.text is None or not any(word in part.text for word in WORDS):
            continue
        for pattern, what in ((PIPED, "is piped from the network into a shell"), (UNSIGNED, "is taken unsigned")):
            found = pattern.search(part.text)
            if found is not None:
                where = " > ".join((path, *part.where))
                yield Violation(
                    f"{where}: what is fetched {what} (`{found[0][:60]}`)",
                    "packages of a signed repository, or a file whose checksum is compared",
                )


POLICY: Final = Policy(
    name="supply-chain",
    description="Images are named by digest, tags cannot be moved, and nothing unchecked is run.",
    reason="What is behind a tag or an address can change overnight, and then runs with all rights.",
    clause="What is deployed is what was tested: images by digest, immutable tags, pinned packages.",
    severity=Severity.HIGH,
    remedy="Name the image by the digest that the release was tested with; let machines install from Debian's signed "
    "repositories, or compare the checksum of what they fetch.",
    check=check,
)
