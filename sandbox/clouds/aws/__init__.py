"""Simulated AWS: moto behind the engine's protocol, with the service models' and the API's own rules before it."""

from __future__ import annotations

from typing import Final

from sandbox.cloud import Cloud, by_token
from sandbox.clouds.aws import (
    accounts,
    apigateway,
    balancers,
    cloudfront,
    cloudwatch,
    cognito,
    databases,
    deployments,
    dns,
    dynamodb,
    ec2,
    ecs,
    events,
    iam,
    kms,
    lambdas,
    messages,
    releases,
    s3,
    scaling,
    waf,
    watching,
)
from sandbox.clouds.aws.functions import FUNCTIONS

SERVICES: Final = (
    ec2,
    kms,
    iam,
    s3,
    messages,
    cloudwatch,
    dynamodb,
    lambdas,
    apigateway,
    cognito,
    cloudfront,
    waf,
    events,
    databases,
    releases,
    watching,
    dns,
    balancers,
    ecs,
    scaling,
    deployments,
    accounts,
)
CLOUD: Final = Cloud(
    name="aws",
    kinds=by_token(*(kind for service in SERVICES for kind in service.KINDS)),
    functions=FUNCTIONS,
    credentials=("accessKey", "secretKey"),
    variables=("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
)
