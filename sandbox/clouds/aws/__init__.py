"""Simulated AWS: moto behind the engine's protocol, with the service models' and the API's own rules before it."""

from __future__ import annotations

from typing import Final

from sandbox.cloud import Cloud, by_token
from sandbox.clouds.aws import cloudwatch, ec2, iam, kms, messages, s3
from sandbox.clouds.aws.functions import FUNCTIONS

CLOUD: Final = Cloud(
    name="aws",
    kinds=by_token(*ec2.KINDS, *kms.KINDS, *iam.KINDS, *s3.KINDS, *messages.KINDS, *cloudwatch.KINDS),
    functions=FUNCTIONS,
    credentials=("accessKey", "secretKey"),
    variables=("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
)
