"""AWS: moto behind the engine's protocol.

moto keeps everything in memory; the sandbox's list has what was asked for, and asks moto for it again at every start.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from typing import Any, ClassVar, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from sandbox import rules
from sandbox.cloud import Call, Cloud, CloudError, Kind, Reference, by_token
from sandbox.properties import Properties
from sandbox.schema import Failure
from sandbox.store import Row

REGIONS: Final = tuple(sorted(boto3.session.Session().get_available_regions("ec2")))
ACCOUNT_ID: Final = "123456789012"
BUCKET: Final = "aws:s3/bucket:Bucket"
ROLE: Final = "aws:iam/role:Role"


@functools.cache
def client(endpoint: str, service: str, region: str) -> Any:
    """A client of moto; who may call was decided when the provider was configured."""
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id="sandbox",
        aws_secret_access_key="sandbox",  # noqa: S106 - moto asks for some
    )


class AwsKind(Kind):
    """A resource of one service; `service` is boto3's name of it."""

    service: ClassVar[str]
    autoname = True

    def region(self, inputs: Properties, call: Call) -> str:
        """Its own region, or the provider's."""
        return str(inputs.get("region") or call.session.config.get("region") or "")

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """The region must exist, here or at the provider."""
        yield from rules.one_of(inputs, "region", REGIONS)
        if not self.region(inputs, call):
            yield Failure("region", "is required, since the provider has no default region")

    def api(self, inputs: Properties, call: Call) -> Any:
        """The service in the resource's region."""
        return client(call.servers.aws(), self.service, self.region(inputs, call))

    def new_id(self, inputs: Properties, call: Call) -> str:
        """Its name."""
        return str(inputs["name"])

    def on_create(self, identifier: str, inputs: Properties, outputs: Properties, call: Call) -> None:
        """Ask moto for it."""
        self._ask(self.make, inputs, call)

    def on_update(self, row: Row, inputs: Properties, outputs: Properties, call: Call) -> None:
        """Ask moto for it as it is now."""
        self._ask(self.make, inputs, call)

    def on_delete(self, row: Row, call: Call) -> None:
        """Let moto remove it."""
        self._ask(self.remove, row.outputs, call)

    def restore(self, row: Row, call: Call) -> None:
        """Ask moto for it again, after a restart."""
        self._ask(self.make, row.inputs, call)

    def _ask(self, action: Any, properties: Properties, call: Call) -> None:
        try:
            action(self.api(properties, call), properties)
        except (ClientError, BotoCoreError) as error:
            raise CloudError(str(error)) from None

    def make(self, api: Any, inputs: Properties) -> None:
        """The call that creates it, or changes it where it exists."""
        raise NotImplementedError

    def remove(self, api: Any, outputs: Properties) -> None:
        """The call that removes it."""
        raise NotImplementedError

    def arn(self, name: str, region: str) -> str:
        """Its full name."""
        return f"arn:aws:{self.service}:{region}:{ACCOUNT_ID}:{name}"

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """Its full name."""
        region = self.region(inputs, call)
        found = {"arn": self.arn(identifier, region), "region": region}
        return {name: value for name, value in found.items() if name in self.schema.outputs}


class Bucket(AwsKind):
    """A bucket."""

    token = BUCKET
    service = "s3"
    autoname = False
    replace_on = frozenset({"bucket", "bucketPrefix", "objectLockEnabled", "region"})
    unique = frozenset({"bucket"})

    def name_it(self, inputs: Properties, old: Properties, call: Call) -> Properties:
        """Buckets have their name in `bucket`."""
        if inputs.get("bucket") is not None:
            return inputs
        named = super().name_it({**inputs, "name": None}, {"name": old.get("bucket")}, call)
        name = named.get("name") or f"{call.logical_name}-{abs(hash(call.urn)) % 10**7:07d}"
        return {**inputs, "bucket": name.lower()}

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Names are those of S3."""
        yield from super().check(inputs, call)
        yield from rules.matches(inputs, "bucket", rules.BUCKET_NAME, "3 to 63 of a-z, 0-9, . and -")

    def new_id(self, inputs: Properties, call: Call) -> str:
        """Its name."""
        return str(inputs["bucket"])

    def arn(self, name: str, region: str) -> str:
        """Buckets' names have neither region nor account."""
        return f"arn:aws:s3:::{name}"

    def make(self, api: Any, inputs: Properties) -> None:
        """Create it."""
        region = api.meta.region_name
        where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        locked = bool(inputs.get("objectLockEnabled"))
        try:
            api.create_bucket(Bucket=inputs["bucket"], ObjectLockEnabledForBucket=locked, **where)
        except api.exceptions.BucketAlreadyOwnedByYou:
            return

    def remove(self, api: Any, outputs: Properties) -> None:
        """Delete it, with what is in it where that was asked for."""
        if outputs.get("forceDestroy"):
            for page in api.get_paginator("list_objects_v2").paginate(Bucket=outputs["bucket"]):
                for entry in page.get("Contents", []):
                    api.delete_object(Bucket=outputs["bucket"], Key=entry["Key"])
        api.delete_bucket(Bucket=outputs["bucket"])


class _BucketPart(AwsKind):
    service = "s3"
    autoname = False
    replace_on = frozenset({"bucket", "region"})
    references = (Reference("bucket", (BUCKET,), output="bucket"),)

    def new_id(self, inputs: Properties, call: Call) -> str:
        """A bucket has one."""
        return str(inputs["bucket"])


class BucketVersioning(_BucketPart):
    """Whether a bucket keeps old versions."""

    token = "aws:s3/bucketVersioning:BucketVersioning"  # noqa: S105 - a type

    def make(self, api: Any, inputs: Properties) -> None:
        """Set it."""
        status = {"Status": inputs["versioningConfiguration"]["status"]}
        api.put_bucket_versioning(Bucket=inputs["bucket"], VersioningConfiguration=status)

    def remove(self, api: Any, outputs: Properties) -> None:
        """Suspend it."""
        api.put_bucket_versioning(Bucket=outputs["bucket"], VersioningConfiguration={"Status": "Suspended"})


class BucketPublicAccessBlock(_BucketPart):
    """Whether a bucket can be opened to the public."""

    token = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"  # noqa: S105 - a type

    def make(self, api: Any, inputs: Properties) -> None:
        """Set it."""
        names = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
        block = {name[0].upper() + name[1:]: bool(inputs.get(name)) for name in names}
        api.put_public_access_block(Bucket=inputs["bucket"], PublicAccessBlockConfiguration=block)

    def remove(self, api: Any, outputs: Properties) -> None:
        """Take it away."""
        api.delete_public_access_block(Bucket=outputs["bucket"])


class Topic(AwsKind):
    """A topic that messages are published to."""

    token = "aws:sns/topic:Topic"  # noqa: S105 - a type
    service = "sns"
    replace_on = frozenset({"name", "fifoTopic", "region"})

    def new_id(self, inputs: Properties, call: Call) -> str:
        """Its full name."""
        return super().arn(inputs["name"], self.region(inputs, call))

    def arn(self, name: str, region: str) -> str:
        """Its id."""
        return name

    def make(self, api: Any, inputs: Properties) -> None:
        """Create it, or find it."""
        api.create_topic(Name=inputs["name"])

    def remove(self, api: Any, outputs: Properties) -> None:
        """Delete it."""
        api.delete_topic(TopicArn=outputs["arn"])


class Table(AwsKind):
    """A table of documents."""

    token = "aws:dynamodb/table:Table"  # noqa: S105 - a type
    service = "dynamodb"
    replace_on = frozenset({"name", "hashKey", "rangeKey", "region"})
    unique = frozenset({"name"})

    def arn(self, name: str, region: str) -> str:
        """Its full name."""
        return super().arn(f"table/{name}", region)

    def make(self, api: Any, inputs: Properties) -> None:
        """Create it."""
        keys = [(inputs["hashKey"], "HASH"), (inputs.get("rangeKey"), "RANGE")]
        attributes = [{"AttributeName": a["name"], "AttributeType": a["type"]} for a in inputs.get("attributes") or []]
        try:
            api.create_table(
                TableName=inputs["name"],
                KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys if name],
                AttributeDefinitions=attributes,
                BillingMode=inputs.get("billingMode", "PAY_PER_REQUEST"),
            )
        except api.exceptions.ResourceInUseException:
            return

    def remove(self, api: Any, outputs: Properties) -> None:
        """Delete it, unless it is protected."""
        if outputs.get("deletionProtectionEnabled"):
            raise CloudError(f"ValidationException: table {outputs['name']} is protected against deletion")
        api.delete_table(TableName=outputs["name"])


class Role(AwsKind):
    """A role that services take on."""

    token = ROLE
    service = "iam"
    replace_on = frozenset({"name", "namePrefix", "path"})
    unique = frozenset({"name"})

    def region(self, inputs: Properties, call: Call) -> str:
        """IAM is the same everywhere."""
        return "us-east-1"

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Names are IAM's, documents JSON."""
        yield from rules.matches(inputs, "name", r"^[\w+=,.@-]{1,64}$", "1 to 64 of letters, digits and +=,.@_-")
        text = inputs.get("assumeRolePolicy")
        if rules.known(text) and not _is_json(text):
            yield Failure("assumeRolePolicy", "is not a JSON document")

    def arn(self, name: str, region: str) -> str:
        """Its full name."""
        return f"arn:aws:iam::{ACCOUNT_ID}:role/{name}"

    def make(self, api: Any, inputs: Properties) -> None:
        """Create it, or change who may take it on."""
        policy = inputs["assumeRolePolicy"]
        text = policy if isinstance(policy, str) else json.dumps(policy)
        try:
            api.create_role(RoleName=inputs["name"], AssumeRolePolicyDocument=text)
        except api.exceptions.EntityAlreadyExistsException:
            api.update_assume_role_policy(RoleName=inputs["name"], PolicyDocument=text)

    def remove(self, api: Any, outputs: Properties) -> None:
        """Delete it."""
        api.delete_role(RoleName=outputs["name"])


def _is_json(text: Any) -> bool:
    if not isinstance(text, str):
        return True
    try:
        json.loads(text)
    except ValueError:
        return False
    return bool(re.match(r"\s*\{", text))


CLOUD: Final = Cloud(
    name="aws",
    kinds=by_token(Bucket(), BucketVersioning(), BucketPublicAccessBlock(), Topic(), Table(), Role()),
    credentials=("accessKey", "secretKey"),
    variables=("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
)
