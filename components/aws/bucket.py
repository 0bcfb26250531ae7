"""Object storage: private, encrypted, versioned, and over TLS alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi

from components.sdk import lazy

aws = lazy("pulumi_aws")

TLS_VERSION: Final = "1.2"
UNFINISHED_DAYS: Final = 7
"""How long the parts of an upload that was never completed are kept."""
CORS_SECONDS: Final = 3600
ACCESS: Final = "buckets"
"""Below this prefix, a bucket for logs has who accessed which of the others."""


@dataclass(frozen=True)
class BucketArgs:
    """`name` is unique in the world: 3 to 63 of a-z, 0-9, dots and dashes.

    `key` is the ARN of the key that objects are encrypted with; None for S3's own, which is what AWS's services that
    deliver access logs can write with. `logs` is the name of the bucket that access is logged to, below the prefix
    `buckets/<name>/`, where S3 may write (`components/aws/logs.py`); None for that bucket itself. Objects are removed
    after `expire_days`, where given; replaced and deleted versions after `noncurrent_days`.

    `statements` are further ones of the bucket's policy, as made by `grant`: services write by them. Pages of
    `cors_origins`, such as https://chat.example.org, may use `cors_methods`. With `by_acl`, services that know no other
    way (CloudFront's access logs) may be granted writing by an ACL. With `protect`, the engine refuses to delete the
    bucket; without, it is deleted with all that is in it.
    """

    name: str
    noncurrent_days: int
    protect: bool
    key: pulumi.Input[str] | None = None
    logs: pulumi.Input[str] | None = None
    expire_days: int | None = None
    statements: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    cors_origins: Sequence[pulumi.Input[str]] = field(default_factory=tuple)
    cors_methods: Sequence[str] = ("GET", "HEAD")
    by_acl: bool = False


def grant(service: str, *actions: str, on: str, when: Mapping[str, Any]) -> Mapping[str, Any]:
    """A statement of a bucket's policy: a service of AWS's, such as logging.s3.amazonaws.com, may act on what is below
    the prefix `on` (an ARN with a `*`), under conditions, which say on whose behalf."""
    return {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": sorted(actions),
        "Resource": on,
        "Condition": when,
    }


class Bucket(pulumi.ComponentResource):
    """A private bucket.

    Creates the bucket with versions, encryption, its owner as the owner of all objects, no public access, a policy that
    refuses what does not come over TLS 1.2 or newer, and a lifecycle; where asked for, a log of all access and CORS.

    Outputs: `name`, `arn`, `domain` (its host name in its region), `granted` (the name, which is known when the policy
    holds: for whoever may write by it alone), and `ready`: what must exist before it is used.
    """

    def __init__(self, args: BucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("platform:aws:Bucket", args.name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        bucket = aws.s3.Bucket(
            args.name,
            bucket=args.name,
            force_destroy=not args.protect,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        self.name: pulumi.Output[str] = bucket.bucket
        self.arn: pulumi.Output[str] = bucket.arn
        self.domain: pulumi.Output[str] = bucket.bucket_regional_domain_name
        versions = aws.s3.BucketVersioning(
            args.name, bucket=self.name, versioning_configuration={"status": "Enabled"}, opts=self._child
        )
        policy = self._privacy()
        self.granted: pulumi.Output[str] = policy.bucket
        self.ready: list[pulumi.Resource] = [bucket, versions, self._encryption(), policy]
        self._lifecycle(versions)
        if args.logs is not None:
            aws.s3.BucketLogging(
                args.name,
                bucket=self.name,
                target_bucket=args.logs,
                target_prefix=f"{ACCESS}/{args.name}/",
                # By day, so that logs can be looked through by date, and removed by it.
                target_object_key_format={"partitioned_prefix": {"partition_date_source": "EventTime"}},
                opts=self._child,
            )
        if args.cors_origins:
            self._cors()
        self.register_outputs({"name": self.name, "arn": self.arn})

    def _encryption(self) -> pulumi.Resource:
        key = self._args.key
        default = {"sse_algorithm": "AES256"} if key is None else {"sse_algorithm": "aws:kms", "kms_master_key_id": key}
        encryption: pulumi.Resource = aws.s3.BucketServerSideEncryptionConfiguration(
            self._args.name,
            bucket=self.name,
            rules=[
                {
                    "apply_server_side_encryption_by_default": default,
                    # One call of KMS for many objects.
                    "bucket_key_enabled": key is not None,
                    "blocked_encryption_types": ["SSE-C"],
                }
            ],
            opts=self._child,
        )
        return encryption

    def _privacy(self) -> Any:
        ownership = "BucketOwnerPreferred" if self._args.by_acl else "BucketOwnerEnforced"
        owner = aws.s3.BucketOwnershipControls(
            self._args.name, bucket=self.name, rule={"object_ownership": ownership}, opts=self._child
        )
        block = aws.s3.BucketPublicAccessBlock(
            self._args.name,
            bucket=self.name,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            # S3 refuses changes of one bucket's access at the same time (OperationAborted).
            opts=pulumi.ResourceOptions(parent=self, depends_on=[owner]),
        )
        document = {"Version": "2012-10-17", "Statement": [*self._tls(), *self._args.statements]}
        return aws.s3.BucketPolicy(
            self._args.name,
            bucket=self.name,
            policy=pulumi.Output.json_dumps(document, sort_keys=True),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[block]),
        )

    def _tls(self) -> list[dict[str, Any]]:
        # The ARN is made from the name, so that the policy is known before the bucket exists.
        arn = f"arn:aws:s3:::{self._args.name}"
        refused = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [arn, f"{arn}/*"]}
        return [
            {**refused, "Sid": "tls", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
            {**refused, "Sid": "old-tls", "Condition": {"NumericLessThan": {"s3:TlsVersion": TLS_VERSION}}},
        ]

    def _lifecycle(self, versions: pulumi.Resource) -> None:
        rules: list[dict[str, Any]] = [
            {
                "id": "replaced-versions",
                "status": "Enabled",
                "filter": {"prefix": ""},
                "noncurrent_version_expiration": {"noncurrent_days": self._args.noncurrent_days},
                "abort_incomplete_multipart_upload": {"days_after_initiation": UNFINISHED_DAYS},
            }
        ]
        if self._args.expire_days is not None:
            expiry = {"id": "old-objects", "status": "Enabled", "filter": {"prefix": ""}}
            rules.append({**expiry, "expiration": {"days": self._args.expire_days}})
        aws.s3.BucketLifecycleConfiguration(
            self._args.name,
            bucket=self.name,
            rules=rules,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[versions]),
        )

    def _cors(self) -> None:
        aws.s3.BucketCorsConfiguration(
            self._args.name,
            bucket=self.name,
            cors_rules=[
                {
                    "allowed_origins": self._args.cors_origins,
                    "allowed_methods": list(self._args.cors_methods),
                    "allowed_headers": ["*"],
                    "expose_headers": ["ETag"],
                    "max_age_seconds": CORS_SECONDS,
                }
            ],
            opts=self._child,
        )
