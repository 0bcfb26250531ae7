"""Where images are kept: a repository each, whose tags never move and whose content is looked through."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from components.sdk import lazy

aws = lazy("pulumi_aws")

KEPT: Final = 50
"""Images that a release can be rolled back to."""
UNTAGGED_DAYS: Final = 7


@dataclass(frozen=True)
class RegistryArgs:
    """`name` is the prefix of the repositories' names; `images` what they are of; `key` the ARN of the key that they are
    encrypted with."""

    name: str
    images: Sequence[str]
    key: pulumi.Input[str]
    protect: bool


class Registry(pulumi.ComponentResource):
    """The repositories of one system.

    Creates a repository for each image: encrypted, tags immutable, every image scanned when it is pushed, old ones
    removed.

    Outputs: `arns` and `urls`, by the name of the image.
    """

    def __init__(self, args: RegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("platform:aws:Registry", args.name, None, opts)
        self._args = args
        repositories = {image: self._repository(image) for image in args.images}
        self.arns: dict[str, pulumi.Output[str]] = {image: one.arn for image, one in repositories.items()}
        self.urls: dict[str, pulumi.Output[str]] = {image: one.repository_url for image, one in repositories.items()}
        self.register_outputs({"urls": self.urls})

    def _repository(self, image: str) -> Any:
        name = f"{self._args.name}/{image}"
        repository = aws.ecr.Repository(
            name,
            name=name,
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[{"encryption_type": "KMS", "kms_key": self._args.key}],
            opts=pulumi.ResourceOptions(parent=self, protect=self._args.protect),
        )
        aws.ecr.LifecyclePolicy(
            name,
            repository=repository.name,
            policy=json.dumps({"rules": _expiry()}, sort_keys=True),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return repository


def _expiry() -> list[dict[str, Any]]:
    untagged = {
        "tagStatus": "untagged",
        "countType": "sinceImagePushed",
        "countUnit": "days",
        "countNumber": UNTAGGED_DAYS,
    }
    oldest = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": KEPT}
    return [
        {"rulePriority": order, "selection": selection, "action": {"type": "expire"}}
        for order, selection in enumerate((untagged, oldest), start=1)
    ]
