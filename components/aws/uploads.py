"""Files that people send each other: uploaded without passing the gateways, and looked through before anybody gets them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pulumi

from components.aws.bucket import Bucket, BucketArgs
from components.aws.role import Role, RoleArgs, Statement, allow
from components.sdk import lazy

aws = lazy("pulumi_aws")

CLEAN: Final = ("GuardDutyMalwareScanStatus", "NO_THREATS_FOUND")
"""The tag that GuardDuty puts on a file that it has looked through (GuardDuty user guide, "Tag-based access control")."""
SCANNER: Final = "malware-protection-plan.guardduty.amazonaws.com"
REPLACED_DAYS: Final = 1
"""Nobody replaces a file; where it happens, the old one goes."""


@dataclass(frozen=True)
class UploadsArgs:
    """`name` is the prefix of all names; `key` the ARN of the key that files are encrypted with; `page` the origin, such
    as https://chat.example.eu, whose scripts may upload; files are removed after `expire_days`."""

    name: str
    account: str
    region: str
    key: pulumi.Input[str]
    page: str
    expire_days: int
    logs: pulumi.Input[str]
    protect: bool


class Uploads(pulumi.ComponentResource):
    """A bucket for files of users.

    Creates the bucket, into which the page may POST what a gateway has signed (S3 itself holds it to the signed type and
    size: a policy of a bucket knows no types), and the plan by which GuardDuty looks through every file. Until a file has
    been found clean, nobody may read it, whatever else is allowed.

    Outputs: `bucket` (name), `arn`; `permissions`: what a task needs to sign uploads and downloads.
    """

    def __init__(self, args: UploadsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("platform:aws:Uploads", args.name, None, opts)
        self._args = args
        child = pulumi.ResourceOptions(parent=self)
        name = f"{args.name}-files-{args.account}"
        scanner = f"{args.name}-scanner"
        bucket = Bucket(
            BucketArgs(
                name=name,
                key=args.key,
                noncurrent_days=REPLACED_DAYS,
                expire_days=args.expire_days,
                logs=args.logs,
                cors_origins=[args.page],
                cors_methods=["GET", "POST"],
                statements=list(_until_clean(f"arn:aws:s3:::{name}/*", args.account, scanner)),
                protect=args.protect,
            ),
            child,
        )
        role = Role(RoleArgs(scanner, SCANNER, args.account, self._scanning(bucket.arn)), child)
        aws.guardduty.MalwareProtectionPlan(
            args.name,
            role=role.arn,
            protected_resource={"s3_bucket": {"bucket_name": bucket.name}},
            actions=[{"taggings": [{"status": "ENABLED"}]}],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*role.ready, *bucket.ready]),
        )
        self.bucket = bucket.name
        self.arn = bucket.arn
        self.permissions: list[Statement] = [
            allow("s3:GetObject", "s3:PutObject", on=[pulumi.Output.concat(bucket.arn, "/*")]),
            allow("kms:Decrypt", "kms:GenerateDataKey", on=[args.key]),
        ]
        self.register_outputs({"bucket": self.bucket})

    def _scanning(self, arn: pulumi.Output[str]) -> list[Statement]:
        """As GuardDuty's user guide has it ("Prerequisite: Create or update IAM role policy")."""
        args = self._args
        objects = pulumi.Output.concat(arn, "/*")
        rule = f"arn:aws:events:{args.region}:{args.account}:rule/DO-NOT-DELETE-AmazonGuardDutyMalwareProtectionS3*"
        return [
            allow("s3:GetObject", "s3:GetObjectVersion", on=[objects]),
            allow(
                "s3:GetObjectTagging",
                "s3:GetObjectVersionTagging",
                "s3:PutObjectTagging",
                "s3:PutObjectVersionTagging",
                on=[objects],
            ),
            allow("s3:PutObject", on=[pulumi.Output.concat(arn, "/malware-protection-resource-validation-object")]),
            allow("s3:GetBucketNotification", "s3:ListBucket", "s3:PutBucketNotification", on=[arn]),
            allow("kms:Decrypt", "kms:GenerateDataKey", on=[args.key]),
            allow(
                "events:DeleteRule",
                "events:DescribeRule",
                "events:ListTargetsByRule",
                "events:PutRule",
                "events:PutTargets",
                "events:RemoveTargets",
                on=[rule],
            ),
        ]


def _until_clean(objects: str, account: str, scanner: str) -> list[dict[str, Any]]:
    """Nobody but the scanner reads what is not known to be clean, or says what is."""
    tag, clean = CLEAN
    names = [
        f"arn:aws:iam::{account}:role/{scanner}",
        f"arn:aws:sts::{account}:assumed-role/{scanner}/GuardDutyMalwareProtection",
    ]
    everybody = {"Effect": "Deny", "Principal": "*", "Resource": objects}
    return [
        {
            **everybody,
            "Sid": "unless-clean",
            "Action": ["s3:GetObject", "s3:GetObjectVersion"],
            "Condition": {"StringNotEquals": {f"s3:ExistingObjectTag/{tag}": clean, "aws:PrincipalArn": names}},
        },
        {
            **everybody,
            "Sid": "scanner-tags",
            "Action": ["s3:PutObjectTagging", "s3:PutObjectVersionTagging"],
            "Condition": {"StringNotEquals": {"aws:PrincipalArn": names}},
        },
    ]
