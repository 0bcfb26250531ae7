"""Deployments, who may pull images, and ways to where sources are."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Final

from sandbox import rules
from sandbox.cloud import Call, Kind, Reference
from sandbox.clouds.aws.base import Api, AwsKind, Named, Reading, policy
from sandbox.clouds.aws.releases import REPOSITORY
from sandbox.clouds.aws.tokens import ROLE
from sandbox.properties import Properties
from sandbox.schema import Failure

APPLICATION: Final = "aws:codedeploy/application:Application"


class RepositoryPolicy(AwsKind):
    """Who may pull and push."""

    token = "aws:ecr/repositoryPolicy:RepositoryPolicy"
    service = "ecr"
    autoname = False
    tag_operations = None
    references = (Reference("repository", (REPOSITORY,)),)
    replace_on = frozenset({"repository"})
    renames = {"policy": "policyText", "repository": "repositoryName"}
    creation = Api("SetRepositoryPolicy", mapped=True)
    changes = (creation,)
    identity = "{repository}"
    deletion = (Api("DeleteRepositoryPolicy", {"repositoryName": "{repository}"}),)
    readings = (Reading("GetRepositoryPolicy", {"repositoryName": "{repository}"}),)

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Policies of repositories say who."""
        yield from super().check(inputs, call)
        yield from policy(inputs, "policy", "Principal")


class Application(AwsKind):
    """What is deployed: moto cannot delete one, so that the sandbox's list alone keeps it."""

    token = APPLICATION
    service = "codedeploy"
    tag_operations = None
    unique = frozenset({"name"})
    renames = {"name": "applicationName"}
    creation = Api("CreateApplication", mapped=True, held=False)
    identity = "{name}"
    outputs = {"arn": "arn:aws:codedeploy:{region}:{account}:application:{id}"}

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Platforms are three."""
        yield from super().check(inputs, call)
        yield from rules.one_of(inputs, "computePlatform", ("ECS", "Lambda", "Server"))


class DeploymentGroup(AwsKind):
    """How it is deployed: moto cannot change or delete one, so that the sandbox's list alone keeps it."""

    token = "aws:codedeploy/deploymentGroup:DeploymentGroup"
    service = "codedeploy"
    naming = "deploymentGroupName"
    autoname = False
    tag_operations = None
    references = (
        Reference("serviceRoleArn", (ROLE,), output="arn"),
        Named("appName", (APPLICATION,), output="name"),
    )
    replace_on = frozenset({"appName"})
    renames = {
        "appName": "applicationName",
        "blueGreenDeploymentConfig": "blueGreenDeploymentConfiguration",
        "ecsService": "ecsServices",
        "autoscalingGroups": "autoScalingGroups",
        "targetGroupPairInfo": "targetGroupPairInfoList",
        "elbInfos": "elbInfoList",
        "targetGroupInfos": "targetGroupInfoList",
    }
    creation = Api("CreateDeploymentGroup", mapped=True, held=False)
    changes = (
        Api(
            "UpdateDeploymentGroup",
            {"applicationName": "{appName}", "currentDeploymentGroupName": "{deploymentGroupName}"},
            mapped=True,
            held=False,
        ),
    )
    identity = "{appName}:{deploymentGroupName}"
    outputs = {"arn": "arn:aws:codedeploy:{region}:{account}:deploymentgroup:{appName}/{deploymentGroupName}"}


class Connection(AwsKind):
    """A way to where sources are: moto has none, so that the sandbox's list alone keeps it."""

    token = "aws:codestarconnections/connection:Connection"
    service = "codestar-connections"
    tag_operations = None
    unique = frozenset({"name"})
    renames = {"name": "ConnectionName"}
    creation = Api("CreateConnection", mapped=True, held=False)
    identity = staticmethod(
        lambda p: f"arn:aws:codestar-connections:{p['region']}:{p['account']}:connection/{uuid.uuid4()}"
    )
    outputs = {"arn": "{id}", "connectionStatus": lambda _: "PENDING"}


KINDS: Final[tuple[Kind, ...]] = (RepositoryPolicy(), Application(), DeploymentGroup(), Connection())
