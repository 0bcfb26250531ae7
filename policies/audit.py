"""Who did what is written down, whole, and kept long enough."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from policies.model import Policy, Resource, Severity, Stack, Violation
from policies.roles import MACHINES, role_of
from policies.values import Requirement, given, not_off, on, unmet
from policies.wire import UNKNOWN

DAYS: Final = (90, 10 * 365)
"""Logs are kept for a quarter at least, so that an intruder who is found late is found; and they end."""
EXPORTS: Final = "the kinds of log that go to CloudWatch"
REQUIREMENTS: Final[Mapping[str, tuple[Requirement, ...]]] = {
    "aws:cloudtrail/trail:Trail": (
        not_off("enableLogging"),
        on("enableLogFileValidation"),
        on("isMultiRegionTrail"),
        not_off("includeGlobalServiceEvents"),
    ),
    "aws:lb/loadBalancer:LoadBalancer": (on("accessLogs.enabled"),),
    "aws:alb/loadBalancer:LoadBalancer": (on("accessLogs.enabled"),),
    "aws:cloudfront/distribution:Distribution": (given("loggingConfig.bucket", "a bucket for the access log"),),
    "aws:apigateway/stage:Stage": (given("accessLogSettings.destinationArn", "a group of logs"),),
    "aws:apigatewayv2/stage:Stage": (given("accessLogSettings.destinationArn", "a group of logs"),),
    "aws:rds/instance:Instance": (given("enabledCloudwatchLogsExports[]", EXPORTS),),
    "aws:rds/cluster:Cluster": (given("enabledCloudwatchLogsExports[]", EXPORTS),),
    "aws:docdb/cluster:Cluster": (given("enabledCloudwatchLogsExports[]", EXPORTS),),
    "aws:eks/cluster:Cluster": (given("enabledClusterLogTypes[]", "audit among them"),),
    "aws:opensearch/domain:Domain": (given("logPublishingOptions[].logType", "AUDIT_LOGS among them"),),
    "aws:mq/broker:Broker": (on("logs.general"),),
    "aws:cloudwatch/logGroup:LogGroup": (
        Requirement(
            "retentionInDays",
            lambda value: isinstance(value, int | float) and DAYS[0] <= value <= DAYS[1],
            f"{DAYS[0]} to {DAYS[1]} days",
        ),
    ),
}
BUCKET: Final = "aws:s3/bucket:Bucket"
BUCKET_LOGS: Final = frozenset(["aws:s3/bucketLogging:BucketLogging", "aws:s3/bucketLoggingV2:BucketLoggingV2"])
NETWORK: Final = "aws:ec2/vpc:Vpc"
FLOW_LOG: Final = "aws:ec2/flowLog:FlowLog"
VAULT_MOUNTS: Final = frozenset(["vault:index/mount:Mount", "vault:index/authBackend:AuthBackend"])
VAULT_AUDIT: Final = "vault:index/audit:Audit"


def check(resource: Resource) -> Iterator[Violation]:
    """Judge one resource."""
    yield from unmet(resource, REQUIREMENTS)


def check_stack(stack: Stack) -> Iterator[Violation]:
    """Judge what is written down by a resource beside it."""
    yield from _vault(stack)
    targets = _named(stack, BUCKET_LOGS, "targetBucket")
    logged = _named(stack, BUCKET_LOGS, "bucket")
    for bucket in stack.of_type(BUCKET):
        names = {bucket.urn, bucket.get("bucket"), bucket.label} - {None, UNKNOWN}
        if not names & logged and not names & targets:
            yield Violation(f"access to {bucket.label} is not logged", "a BucketLogging of the bucket", bucket.urn)
    flows = _named(stack, {FLOW_LOG}, "vpcId")
    for network in stack.of_type(NETWORK):
        if network.urn not in flows:
            yield Violation(f"what flows in {network.label} is not logged", "a FlowLog of the network", network.urn)


def _named(stack: Stack, types: frozenset[str] | set[str], key: str) -> set[Any]:
    """What resources of some types name by a property: URNs, and names that are known."""
    found: set[Any] = set()
    for resource in stack.of_type(*types):
        found.update(resource.dependencies.get(key, ()))
        found.add(resource.get(key))
    return found - {None, UNKNOWN}


def _vault(stack: Stack) -> Iterator[Violation]:
    mounts = stack.of_type(*VAULT_MOUNTS)
    # Machines of the role vault have their audit device from machines/ansible/roles/vault.
    own = any(resource.type in MACHINES and role_of(resource) == "vault" for resource in stack.resources)
    if mounts and not own and not stack.of_type(VAULT_AUDIT):
        yield Violation(
            f"{len(mounts)} mounts of a Vault without an audit device in this stack ({mounts[0].label} …)",
            "an Audit of the Vault, or machines of the role vault, which write down every request by themselves",
            mounts[0].urn,
        )


POLICY: Final = Policy(
    name="audit",
    description="Access is written down everywhere, in logs that cannot be changed unseen and that are kept.",
    reason="What nobody has written down, nobody can find out after an incident, nor prove to those whose data it was.",
    clause="Everything is audited: trails, access logs, audit devices of Vault, retention.",
    severity=Severity.MEDIUM,
    remedy="Turn on the log that the message names, and keep it for a quarter or longer.",
    check=check,
    check_stack=check_stack,
)
