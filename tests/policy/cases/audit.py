"""Cases of audit."""

from __future__ import annotations

from typing import Any, Final

from tests.policy.cases import UNKNOWN, Case, Declared, Hidden, Kind, Of, System, bare

MOUNT: Final = Declared("vault.Mount", {"path": "kv", "type": "kv"})
VAULT: Final = Declared("scaleway.instance.Server", {"name": "acme-prod-ams-vault-1", "type": "DEV1-S"})
AUDIT: Final = Declared("vault.Audit", {"type": "file", "options": {"file_path": "/var/log/audit"}})
BUCKET: Final = Declared("aws.s3.Bucket", {"bucket": "media"})
LOGS: Final = Declared("aws.s3.Bucket", {"bucket": "logs"})
NETWORK: Final = Declared("aws.ec2.Vpc", {"cidr_block": "10.0.0.0/16"})


def trail(**inputs: Any) -> Declared:
    good = {"s3_bucket_name": "logs", "enable_log_file_validation": True, "is_multi_region_trail": True}
    return Declared("aws.cloudtrail.Trail", {**good, **inputs})


def logs(days: Any) -> Declared:
    return Declared("aws.cloudwatch.LogGroup", {"retention_in_days": days})


def balancer(access_logs: Any) -> Declared:
    return Declared("aws.lb.LoadBalancer", {"access_logs": access_logs})


def database(exports: Any) -> Declared:
    given = {"instance_class": "db.t3.micro", "engine": "mysql"}
    return Declared("aws.rds.Instance", {**given, "enabled_cloudwatch_logs_exports": exports})


def logging(bucket: Any) -> Declared:
    return Declared("aws.s3.BucketLogging", {"bucket": bucket, "target_bucket": Of("logs"), "target_prefix": "x"})


BARE: Final = {
    "aws:alb/loadBalancer:LoadBalancer": ["accessLogs.enabled is missing"],
    "aws:apigateway/stage:Stage": ["accessLogSettings.destinationArn is missing"],
    "aws:apigatewayv2/stage:Stage": ["accessLogSettings.destinationArn is missing"],
    "aws:cloudfront/distribution:Distribution": ["loggingConfig.bucket is missing"],
    "aws:cloudtrail/trail:Trail": ["enableLogFileValidation is missing", "isMultiRegionTrail is missing"],
    "aws:cloudwatch/logGroup:LogGroup": ["retentionInDays is missing"],
    "aws:docdb/cluster:Cluster": ["enabledCloudwatchLogsExports is missing"],
    "aws:eks/cluster:Cluster": ["enabledClusterLogTypes is missing"],
    "aws:lb/loadBalancer:LoadBalancer": ["accessLogs.enabled is missing"],
    "aws:mq/broker:Broker": ["logs.general is missing"],
    "aws:opensearch/domain:Domain": ["logPublishingOptions.logType is missing"],
    "aws:rds/cluster:Cluster": ["enabledCloudwatchLogsExports is missing"],
    "aws:rds/instance:Instance": ["enabledCloudwatchLogsExports is missing"],
}
CASES: Final = (
    *(Case(Kind.MISSING, f"bare {token}", bare(token), problems) for token, problems in BARE.items()),
    Case(Kind.PASS, "a trail of everything", trail()),
    *(
        Case(Kind.FAIL, f"a trail with {key} off", trail(**{key: False}), [f"{wire} is false"])
        for key, wire in (
            ("enable_log_file_validation", "enableLogFileValidation"),
            ("is_multi_region_trail", "isMultiRegionTrail"),
            ("enable_logging", "enableLogging"),
            ("include_global_service_events", "includeGlobalServiceEvents"),
        )
    ),
    Case(
        Kind.MISSING,
        "a trail that may be changed unseen",
        trail(enable_log_file_validation=None),
        ["enableLogFileValidation is missing"],
    ),
    Case(
        Kind.UNKNOWN,
        "a trail of who knows where",
        trail(is_multi_region_trail=UNKNOWN),
        ["isMultiRegionTrail is not known before the deployment"],
    ),
    Case(Kind.SECRET, "a trail of hidden everything", trail(is_multi_region_trail=Hidden(True))),
    *(Case(Kind.PASS, f"logs for {days} days", logs(days)) for days in (90, 365, 3650)),
    *(Case(Kind.FAIL, f"logs for {days} days", logs(days), [f"retentionInDays is {days}"]) for days in (1, 60, 3653)),
    Case(Kind.MISSING, "logs for ever", logs(None), ["retentionInDays is missing"]),
    Case(Kind.NESTED, "a balancer with a log", balancer({"bucket": "logs", "enabled": True})),
    Case(
        Kind.NESTED,
        "a balancer whose log is off",
        balancer({"bucket": "logs", "enabled": False}),
        ["accessLogs.enabled is false"],
    ),
    Case(Kind.MISSING, "a balancer without a log", balancer(None), ["accessLogs.enabled is missing"]),
    Case(Kind.PASS, "a database with a log", database(["audit"])),
    Case(Kind.MISSING, "a database without a log", database(None), ["enabledCloudwatchLogsExports is missing"]),
    Case(Kind.MISSING, "a database with no kind of log", database([]), ["enabledCloudwatchLogsExports is missing"]),
)
SYSTEMS: Final = (
    System(Kind.MISSING, "a vault without audit", {"kv": MOUNT}, ["1 mounts of a Vault without an audit device"]),
    System(Kind.PASS, "a vault with audit", {"kv": MOUNT, "audit": AUDIT}),
    System(Kind.PASS, "a vault on machines of ours", {"kv": MOUNT, "vault": VAULT}),
    System(Kind.MISSING, "a bucket without a log", {"b": BUCKET}, ["access to media is not logged"]),
    System(Kind.PASS, "a bucket with a log", {"b": BUCKET, "logs": LOGS, "l": logging(Of("b"))}),
    System(Kind.PASS, "a bucket with a log that names it", {"b": BUCKET, "logs": LOGS, "l": logging("media")}),
    System(
        Kind.FAIL,
        "two buckets of which one has a log",
        {"b": BUCKET, "logs": LOGS, "c": Declared("aws.s3.Bucket", {"bucket": "other"}), "l": logging(Of("b"))},
        ["access to other is not logged"],
    ),
    System(
        Kind.MISSING,
        "a network without a log",
        {"n": NETWORK},
        ["what flows in audit / a network without a log / n is not logged"],
    ),
    System(
        Kind.PASS,
        "a network with a log",
        {"n": NETWORK, "f": Declared("aws.ec2.FlowLog", {"vpc_id": Of("n"), "traffic_type": "ALL"})},
    ),
)
