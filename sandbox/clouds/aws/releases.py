"""Where images are kept, and how releases are made."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from sandbox import rules
from sandbox.cloud import Call, CloudError, Kind, Reference
from sandbox.clouds.aws.base import Api, AwsKind, Reading
from sandbox.clouds.aws.kms import key
from sandbox.clouds.aws.tokens import BUCKET, ROLE
from sandbox.properties import Properties
from sandbox.schema import Failure
from sandbox.store import Row

REPOSITORY: Final = "aws:ecr/repository:Repository"
PROJECT: Final = "aws:codebuild/project:Project"


class Repository(AwsKind):
    """A repository of images."""

    token = REPOSITORY
    service = "ecr"
    unique = frozenset({"name"})
    replace_on = frozenset({"name", "encryptionConfigurations"})
    references = (key("encryptionConfigurations[].kmsKey"),)
    renames = {"name": "repositoryName"}
    apart = frozenset({"forceDelete"})
    creation = Api(
        "CreateRepository",
        {"encryptionConfiguration": lambda p: (p.get("encryptionConfigurations") or [None])[0]},
        takes=("encryptionConfigurations",),
        mapped=True,
        when=lambda _: True,
    )
    changes = (
        Api("PutImageTagMutability", {"repositoryName": "{id}", "imageTagMutability": "{imageTagMutability}"}),
        Api(
            "PutImageScanningConfiguration",
            {"repositoryName": "{id}", "imageScanningConfiguration": "{imageScanningConfiguration}"},
        ),
    )
    identity = "{name}"
    deletion = (Api("DeleteRepository", {"repositoryName": "{id}", "force": "{forceDelete}"}),)
    readings = (Reading("DescribeRepositories", {"repositoryNames": ["{id}"]}, "repositories[0]"),)
    outputs = {
        "arn": "repositoryArn",
        "repositoryUrl": "{account}.dkr.ecr.{region}.amazonaws.com/{id}",
        "registryId": "{account}",
    }


class LifecyclePolicy(AwsKind):
    """Which images of a repository go."""

    token = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
    service = "ecr"
    autoname = False
    tag_operations = None
    references = (Reference("repository", (REPOSITORY,)),)
    replace_on = frozenset({"repository"})
    creation = Api("PutLifecyclePolicy", {"repositoryName": "{repository}", "lifecyclePolicyText": "{policy}"})
    changes = (creation,)
    identity = "{repository}"
    deletion = (Api("DeleteLifecyclePolicy", {"repositoryName": "{id}"}),)
    readings = (Reading("GetLifecyclePolicy", {"repositoryName": "{id}"}),)

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """A policy is JSON with rules, each with a priority of its own."""
        yield from super().check(inputs, call)
        text = inputs.get("policy")
        if not isinstance(text, str):
            return
        try:
            priorities = [rule["rulePriority"] for rule in json.loads(text)["rules"]]
        except (ValueError, KeyError, TypeError):
            yield Failure(
                "policy", "is not a policy: accepted is JSON with rules: [{rulePriority, selection, action}, …]"
            )
            return
        if len(set(priorities)) < len(priorities):
            yield Failure("policy", f"has the priorities {priorities}; accepted is each once")


class Project(AwsKind):
    """What is done in one step of a pipeline. moto cannot change a project: that is kept in the sandbox's list alone."""

    token = PROJECT
    service = "codebuild"
    unique = frozenset({"name"})
    references = (Reference("serviceRole", (ROLE,), output="arn"), key("encryptionKey"))
    renames = {"buildTimeout": "timeoutInMinutes", "queuedTimeout": "queuedTimeoutInMinutes"}
    apart = frozenset({"projectVisibility", "badgeEnabled"})
    creation = Api(
        "CreateProject",
        {"source": lambda p: _located(p, "source"), "artifacts": lambda p: _located(p, "artifacts")},
        takes=("source", "artifacts"),
        mapped=True,
    )
    changes = (Api("UpdateProject", {"name": "{id}"}, mapped=True, held=False),)
    identity = "{name}"
    deletion = (Api("DeleteProject", {"name": "{id}"}),)
    readings = (Reading("BatchGetProjects", {"names": ["{id}"]}, "projects[0]"),)
    outputs = {"arn": "arn:aws:codebuild:{region}:{account}:project/{id}"}
    tag_operations = None


def _located(p: Properties, name: str) -> Properties | None:
    """moto wants a location also where a pipeline hands the sources over, and AWS wants none."""
    given = p.get(name)
    if not isinstance(given, dict) or given.get("type") != "CODEPIPELINE":
        return given
    return {**given, "location": "CODEPIPELINE"}


class Pipeline(AwsKind):
    """Stages that a release goes through."""

    token = "aws:codepipeline/pipeline:Pipeline"
    service = "codepipeline"
    unique = frozenset({"name"})
    references = (
        Reference("roleArn", (ROLE,), output="arn"),
        Reference("artifactStores[].location", (BUCKET,), output="bucket"),
        key("artifactStores[].encryptionKey.id"),
    )
    creation = Api(
        "CreatePipeline",
        {
            "pipeline": {
                "name": "{name}",
                "roleArn": "{roleArn}",
                "artifactStore": lambda p: _store(p),
                "stages": lambda p: _stages(p),
                "executionMode": "{executionMode}",
                "pipelineType": "{pipelineType}",
                "variables": "{variables}",
                "triggers": "{triggers}",
            }
        },
        takes=("artifactStores", "stages"),
    )
    changes = (Api("UpdatePipeline", creation.arguments, takes=("artifactStores", "stages")),)
    identity = "{name}"
    deletion = (Api("DeletePipeline", {"name": "{id}"}),)
    readings = (Reading("GetPipeline", {"name": "{id}"}, "pipeline"),)
    outputs = {"arn": "arn:aws:codepipeline:{region}:{account}:{id}"}

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """The first stage is the only one that has sources, and what a step takes was made before it."""
        yield from super().check(inputs, call)
        stages = inputs.get("stages")
        if not isinstance(stages, list):
            return
        if len(stages) < 2:
            yield Failure("stages", f"has {len(stages)} entries; accepted are 2 or more")
        made: set[str] = set()
        for number, stage in enumerate(stages):
            for index, action in enumerate(stage.get("actions") or []):
                where = f"stages[{number}].actions[{index}]"
                if rules.known(action.get("category")) and (action["category"] == "Source") != (number == 0):
                    yield Failure(f"{where}.category", "accepted is Source in the first stage, and there alone")
                for name in action.get("inputArtifacts") or []:
                    if name not in made:
                        yield Failure(f"{where}.inputArtifacts", f"{name!r} is no output of a step before")
                made |= set(action.get("outputArtifacts") or [])

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """Projects that steps name must be there."""
        there = {row.id for row in call.rows(PROJECT)}
        for stage in inputs["stages"]:
            for action in stage["actions"]:
                name = (action.get("configuration") or {}).get("ProjectName")
                if action["provider"] == "CodeBuild" and name not in there:
                    raise CloudError(f"stages: there is no Project {name!r} in this account")


def _store(p: Properties) -> Properties | None:
    stores = p.get("artifactStores")
    if not isinstance(stores, list) or not stores:
        return None
    return {name: value for name, value in stores[0].items() if name != "region"}


def _stages(p: Properties) -> list[Properties] | None:
    """In the API, what a kind of action is stands apart from what it does."""
    stages = p.get("stages")
    if not isinstance(stages, list):
        return None
    return [{**stage, "actions": [_action(action) for action in stage["actions"]]} for stage in stages]


def _action(action: Properties) -> Properties:
    kind = ("category", "owner", "provider", "version")
    rest = {name: value for name, value in action.items() if name not in (*kind, "inputArtifacts", "outputArtifacts")}
    return {
        **rest,
        "actionTypeId": {name: action.get(name) for name in kind},
        "inputArtifacts": [{"name": name} for name in action.get("inputArtifacts") or []],
        "outputArtifacts": [{"name": name} for name in action.get("outputArtifacts") or []],
    }


KINDS: Final[tuple[Kind, ...]] = (Repository(), LifecyclePolicy(), Project(), Pipeline())
