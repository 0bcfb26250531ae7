"""Where logs go: groups that are searched, and a bucket for what is delivered as files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pulumi

from components.aws.bucket import ACCESS, Bucket, BucketArgs, grant
from components.sdk import lazy

aws = lazy("pulumi_aws")

RETENTION_DAYS: Final = 365
"""A year, so that what is noticed late can still be looked into."""
BALANCER: Final = "balancer"
NETWORK: Final = "network"


@dataclass(frozen=True)
class LogsArgs:
    """`name` is the prefix of all names; `key` the ARN of a key that the service logs may use."""

    name: str
    account: str
    region: str
    key: pulumi.Input[str]
    protect: bool


class Logs(pulumi.ComponentResource):
    """The logs of one system, kept for a year.

    Creates a bucket that load balancers (below `balancer/`), flow logs (below `network/`) and the access logs of buckets
    (below `buckets/`) of the account may write to, and nobody else; `group` adds encrypted log groups.

    Outputs: `bucket` (name), `bucket_arn`.
    """

    def __init__(self, args: LogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("platform:aws:Logs", args.name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        name = f"{args.name}-logs-{args.account}"
        arn = f"arn:aws:s3:::{name}"
        mine = {"aws:SourceAccount": args.account}
        bucket = Bucket(
            BucketArgs(
                name=name,
                noncurrent_days=1,
                expire_days=RETENTION_DAYS,
                protect=args.protect,
                statements=[
                    grant(
                        "logdelivery.elasticloadbalancing.amazonaws.com",
                        "s3:PutObject",
                        on=f"{arn}/{BALANCER}/AWSLogs/{args.account}/*",
                        when={
                            "ArnLike": {
                                "aws:SourceArn": f"arn:aws:elasticloadbalancing:{args.region}:{args.account}:loadbalancer/*"
                            }
                        },
                    ),
                    grant(
                        "delivery.logs.amazonaws.com",
                        "s3:PutObject",
                        on=f"{arn}/{NETWORK}/AWSLogs/{args.account}/*",
                        when={"StringEquals": {**mine, "s3:x-amz-acl": "bucket-owner-full-control"}},
                    ),
                    grant(
                        "logging.s3.amazonaws.com",
                        "s3:PutObject",
                        on=f"{arn}/{ACCESS}/*",
                        when={"StringEquals": mine},
                    ),
                    grant("delivery.logs.amazonaws.com", "s3:GetBucketAcl", on=arn, when={"StringEquals": mine}),
                ],
            ),
            self._child,
        )
        # Whoever is told the name delivers at once, and must be allowed to.
        self.bucket = bucket.granted
        self.bucket_arn = pulumi.Output.concat("arn:aws:s3:::", bucket.granted)
        self.register_outputs({"bucket": self.bucket})

    def group(self, name: str) -> Any:
        """Add a log group."""
        return aws.cloudwatch.LogGroup(
            name, name=name, retention_in_days=RETENTION_DAYS, kms_key_id=self._args.key, opts=self._child
        )
