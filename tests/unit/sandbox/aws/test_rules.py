"""What AWS would refuse is refused, and the text names the property, the value, and what is accepted."""

from __future__ import annotations

import json

import pytest

from sandbox.cloud import CloudError
from sandbox.properties import Properties
from tests.unit.sandbox.aws.serverless import BEHAVIOR
from tests.unit.sandbox.aws.services import CONTAINERS
from tests.unit.sandbox.aws.snapshot import ALL
from tests.unit.sandbox.aws.world import Example, Examples, World

# Seen from the inputs alone: (example, changed inputs, property, part of the text)
SEEN: list[tuple[str, Properties, str, str]] = [
    ("vpc", {"cidrBlock": "10.0.0.0/8"}, "cidrBlock", "accepted is a network of /16 to /28"),
    ("vpc", {"cidrBlock": "10.0.0.1/16"}, "cidrBlock", "accepted is an IPv4 network"),
    ("vpc", {"instanceTenancy": "shared"}, "instanceTenancy", "accepted is one of default, dedicated"),
    ("vpc", {"region": "eu-west-9"}, "region", "accepted is one of eu-central-1"),
    ("vpc", {"region": "us-east-1"}, "region", "accepted is one of eu-central-1"),
    ("subnet", {"availabilityZone": "eu-west-1a"}, "availabilityZone", "eu-west-3a, eu-west-3b, eu-west-3c"),
    ("nat", {"allocationId": None}, "allocationId", "is required for connectivityType public"),
    ("route", {"gatewayId": None}, "gatewayId", "exactly one of gatewayId"),
    ("route", {"destinationIpv6CidrBlock": "::/0"}, "destinationCidrBlock", "exactly one of destinationCidrBlock"),
    ("s3_endpoint", {"serviceName": "com.amazonaws.eu-west-1.s3"}, "serviceName", "com.amazonaws.eu-west-3.<service>"),
    ("s3_endpoint", {"serviceName": "com.amazonaws.eu-west-3.sqs"}, "serviceName", "a Gateway endpoint accepts"),
    ("group", {"name": "sg-1"}, "name", "not beginning with sg-"),
    ("ingress", {"fromPort": 90, "toPort": 80}, "fromPort", "the smaller one first"),
    ("ingress", {"toPort": 70000}, "toPort", "accepted is 0 to 65535"),
    ("ingress", {"cidrIpv6": "::/0"}, "cidrIpv4", "exactly one of cidrIpv4"),
    ("egress", {"fromPort": 1}, "fromPort", "have no ports"),
    ("key", {"deletionWindowInDays": 5}, "deletionWindowInDays", "accepted is 7 to 30 days"),
    ("alias", {"name": "alias/aws/mine"}, "name", "not alias/aws/"),
    ("role", {"name": "a" * 65}, "name", "1 to 64"),
    ("role", {"assumeRolePolicy": "{}"}, "assumeRolePolicy", "accepted is JSON with Statement"),
    ("role", {"maxSessionDuration": 60}, "maxSessionDuration", "accepted is 3600 to 43200"),
    ("role_policy", {"policy": '{"Statement": [{"Effect": "Allow", "Action": "*"}]}'}, "policy", "has no Resource"),
    ("bucket", {"bucket": "Upper"}, "bucket", "3 to 63 of a-z"),
    (
        "versioning",
        {"versioningConfiguration": {"status": "On"}},
        "versioningConfiguration.status",
        "Enabled, Suspended",
    ),
    ("lifecycle", {"rules": [{"id": "a", "status": "Enabled"}]}, "rules[0]", "does nothing"),
    ("object", {"contentBase64": "eA=="}, "content", "at most one of content"),
    ("topic", {"name": "a.fifo"}, "name", "ending with .fifo where fifoTopic is true"),
    ("subscription", {"protocol": "email", "endpoint": "nobody"}, "endpoint", "a mail address"),
    ("subscription", {"protocol": "sms", "endpoint": "0700"}, "endpoint", "a telephone number"),
    ("queue", {"visibilityTimeoutSeconds": 50_000}, "visibilityTimeoutSeconds", "accepted is 0 to 43200 seconds"),
    ("queue", {"messageRetentionSeconds": 30}, "messageRetentionSeconds", "accepted is 60 to 1209600 seconds"),
    ("log_group", {"retentionInDays": 31}, "retentionInDays", "accepted is one of 0, 1, 3"),
    ("alarm", {"comparisonOperator": "More"}, "comparisonOperator", "GreaterThanThreshold"),
    ("alarm", {"period": 45}, "period", "a multiple of 60 seconds"),
    ("alarm", {"datapointsToAlarm": 9}, "datapointsToAlarm", "at most evaluationPeriods, 3"),
    ("dashboard", {"dashboardBody": '{"widgets": [{"type": "chart"}]}'}, "dashboardBody", "accepted is one of metric"),
    ("table", {"attributes": [{"name": "sensor", "type": "S"}]}, "attributes", "lacks 'at'"),
    ("table", {"billingMode": "FREE"}, "billingMode", "PAY_PER_REQUEST, PROVISIONED"),
    ("table", {"readCapacity": 5}, "readCapacity", "has no capacity"),
    ("function", {"memorySize": 64}, "memorySize", "accepted is 128 to 10240 MB"),
    ("function", {"timeout": 901}, "timeout", "accepted is 1 to 900 seconds"),
    ("function", {"runtime": "python3.8"}, "runtime", "takes no new functions"),
    ("function", {"handler": None}, "handler", "is required with packageType Zip"),
    (
        "function",
        {"environment": {"variables": {"AWS_REGION": "x"}}},
        "environment.variables.AWS_REGION",
        "is reserved",
    ),
    ("api_route", {"routeKey": "FETCH /x"}, "routeKey", "a method and a path"),
    ("api_route", {"authorizerId": None}, "authorizerId", "is required with authorizationType JWT"),
    ("integration", {"timeoutMilliseconds": 60_000}, "timeoutMilliseconds", "accepted is 50 to 30000"),
    ("pool", {"softwareTokenMfaConfiguration": None}, "mfaConfiguration", "needs one of"),
    ("client", {"callbackUrls": ["http://a.example.org"]}, "callbackUrls[0]", "accepted begins with https://"),
    ("sign_in", {"domain": "my-aws"}, "domain", "without aws"),
    ("distribution", {"defaultCacheBehavior": {**BEHAVIOR, "targetOriginId": "x"}}, "targetOriginId", "api, pages"),
    ("distribution", {"aliases": ["a.example.org"]}, "viewerCertificate.acmCertificateArn", "is required with aliases"),
    ("acl", {"scope": "CLOUDFRONT"}, "scope", "accepts the region us-east-1 alone"),
    ("acl_logs", {"logDestinationConfigs": ["arn:aws:s3:::logs"]}, "logDestinationConfigs[0]", "aws-waf-logs-"),
    ("rule", {"scheduleExpression": "cron(0 3 * * *)"}, "scheduleExpression", "six fields"),
    ("schedule", {"scheduleExpression": "daily"}, "scheduleExpression", "rate(5 minutes)"),
    ("record", {"records": ["192.0.2"]}, "records[0]", "accepts addresses"),
    ("record", {"ttl": None}, "ttl", "is required with records"),
    ("balancer", {"name": "internal-x"}, "name", "1 to 32"),
    ("balancer", {"subnets": ["{v6_a.id}"]}, "subnets", "needs 2 zones"),
    ("balancer", {"idleTimeout": 5000}, "idleTimeout", "accepted is 1 to 4000 seconds"),
    ("targets", {"stickiness": {"type": "cookie"}}, "stickiness.type", "lb_cookie, app_cookie, source_ip"),
    (
        "targets",
        {"stickiness": {"type": "lb_cookie", "cookieDuration": 700_000}},
        "stickiness.cookieDuration",
        "accepted is 1 to 604800 seconds",
    ),
    ("targets", {"targetType": "task"}, "targetType", "instance, ip, lambda, alb"),
    ("targets", {"deregistrationDelay": 4000}, "deregistrationDelay", "accepted is 0 to 3600 seconds"),
    ("redirect", {"protocol": "HTTPS"}, "certificateArn", "is required with protocol HTTPS"),
    (
        "listener",
        {"certificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/a"},
        "certificateArn",
        "in eu-west-3",
    ),
    ("listener_rule", {"priority": 0}, "priority", "accepted is 1 to 50000"),
    ("task", {"cpu": "300"}, "cpu", "Fargate accepts one of 256, 512"),
    ("task", {"memory": "8192"}, "memory", "with cpu 512 Fargate accepts 1024, 2048, 3072, 4096 MiB"),
    ("task", {"networkMode": "bridge"}, "networkMode", "Fargate accepts awsvpc alone"),
    (
        "task",
        {"containerDefinitions": json.dumps([{**CONTAINERS[0], "privileged": True}])},
        "containerDefinitions",
        "privileged is true, which Fargate does not accept",
    ),
    (
        "task",
        {"containerDefinitions": json.dumps([{**CONTAINERS[0], "readOnly": True}])},
        "containerDefinitions[0].readOnly",
        "goes nowhere in ContainerDefinition",
    ),
    ("service", {"platformVersion": "1.3.0"}, "platformVersion", "accepted is one of 1.4.0, LATEST"),
    ("service", {"deploymentMaximumPercent": 100}, "deploymentMaximumPercent", "no deployment could go on"),
    ("scaled", {"minCapacity": 11}, "minCapacity", "accepted is 0 to maxCapacity, 10"),
    ("cache", {"nodeType": "cache.huge"}, "nodeType", "cache.t4g.small"),
    ("cache", {"transitEncryptionEnabled": False}, "userGroupIds", "needs transitEncryptionEnabled"),
    ("cache_user", {"authenticationMode": {"type": "password", "passwords": ["short"]}}, "passwords[0]", "16 to 128"),
    ("documents", {"preferredBackupWindow": "at night"}, "preferredBackupWindow", "01:00-02:00"),
    ("document_instance", {"instanceClass": "db.m5.large"}, "instanceClass", "db.r6g.large"),
    ("sql", {"skipFinalSnapshot": False}, "finalSnapshotIdentifier", "is required unless skipFinalSnapshot"),
    ("sql", {"allocatedStorage": 5}, "allocatedStorage", "accepted is 20 to 65536 GiB"),
    ("sql", {"availabilityZone": "eu-west-3a"}, "availabilityZone", "exclude each other"),
    ("secret", {"recoveryWindowInDays": 3}, "recoveryWindowInDays", "accepted is 0 or 7 to 30 days"),
    ("budget", {"timeUnit": "WEEKLY"}, "timeUnit", "accepted is one of DAILY, MONTHLY"),
    ("vpc", {"ipv4IpamPoolId": 5}, "ipv4IpamPoolId", "accepted is a string"),
    ("vpc", {"colour": "blue"}, "colour", "is not a property"),
    ("routes", {"routes": [{"cidrBlock": "0.0.0.0/0"}]}, "routes", "has no place in the simulated ec2"),
]

# Seen by the cloud as it is: (example, changed inputs, part of the text)
REFUSED: list[tuple[str, Properties, str]] = [
    ("subnet", {"vpcId": "vpc-0"}, "vpcId: there is no Vpc 'vpc-0' in this account"),
    ("subnet", {"cidrBlock": "10.99.0.0/24"}, "10.99.0.0/24 is not in 10.20.0.0/16"),
    ("s3_endpoint", {"vpcId": "{other_vpc.id}"}, "accepted are resources of one VPC"),
    ("ingress", {"referencedSecurityGroupId": "sg-0", "cidrIpv4": None}, "there is no SecurityGroup"),
    ("flow_log", {"logDestination": "arn:aws:s3:::nowhere/x"}, "logDestination: there is no Bucket 'nowhere'"),
    ("role_policy", {"role": "nobody"}, "role: there is no Role 'nobody'"),
    ("attachment", {"policyArn": "arn:aws:iam::123456789012:policy/x"}, "policyArn: there is no Policy"),
    ("bucket_policy", {"bucket": "nowhere-1"}, "bucket: there is no Bucket 'nowhere-1'"),
    ("lock", {"bucket": "{bucket.id}"}, "set its objectLockEnabled"),
    (
        "notification",
        {"topics": [{"topicArn": "arn:aws:sns:eu-west-3:123456789012:x", "events": ["s3:ObjectCreated:*"]}]},
        "topics[0].topicArn: there is no Topic",
    ),
    ("queue", {"redrivePolicy": '{"deadLetterTargetArn": "arn:x"}'}, "redrivePolicy: there is no Queue 'arn:x'"),
    ("subscription", {"endpoint": "arn:aws:sqs:eu-west-3:123456789012:x"}, "endpoint: there is no Queue"),
    ("alarm", {"alarmActions": ["arn:aws:sns:eu-west-3:123456789012:x"]}, "alarmActions[0]: there is no Topic"),
    ("composite", {"alarmRule": 'ALARM("ghost")'}, "there is no alarm 'ghost'"),
    ("function", {"role": "{task_role.arn}"}, "must name the service lambda.amazonaws.com"),
    ("feed", {"eventSourceArn": "{fast.arn}"}, "less than the timeout of ingest, 30"),
    ("api_route", {"target": "integrations/x"}, "target: there is no Integration"),
    ("record", {"type": "CNAME", "name": "chat.example.org", "records": ["a.example.org"]}, "accepts no CNAME"),
    ("balancer", {"subnets": ["{subnet.id}", "{v6_a.id}"]}, "are both in eu-west-3a"),
    ("balancer", {"ipAddressType": "dualstack"}, "has no ipv6CidrBlock"),
    ("balancer", {"accessLogs": {"bucket": "{bucket.id}", "enabled": True}}, "Access Denied for bucket"),
    ("listener", {"certificateArn": "{certificate.arn}"}, "is not issued yet"),
    (
        "validation",
        {"certificateArn": "{certificate.arn}", "validationRecordFqdns": None},
        "is still PENDING_VALIDATION",
    ),
    (
        "service",
        {"loadBalancers": [{"targetGroupArn": "{targets.arn}", "containerName": "chat", "containerPort": 99}]},
        "container chat has no port 99",
    ),
    ("scaled", {"resourceId": "service/chat/ghost"}, "resourceId: there is no service 'chat/ghost'"),
    ("tracking", {"resourceId": "service/chat/ghost"}, "no Target is registered"),
    ("document_subnets", {"subnetIds": ["{subnet.id}"]}, "accepted are two zones or more"),
    ("cache", {"parameterGroupName": "ghost"}, "parameterGroupName: there is no ParameterGroup 'ghost'"),
    ("sql", {"engineVersion": "8.0.40"}, "is of family mysql8.4"),
    ("trail", {"s3BucketName": "{bucket.id}"}, "must let cloudtrail.amazonaws.com put objects"),
]


def changed(inputs: Properties, change: Properties) -> Properties:
    return {name: value for name, value in {**inputs, **change}.items() if value is not None}


@pytest.mark.parametrize(("name", "change", "where", "text"), SEEN)
def test_refused_at_once(name: str, change: Properties, where: str, text: str, session_world: World) -> None:
    example = ALL[name]
    failures = session_world.check(example.token, changed(example.inputs, change))
    said = [f"{failure.property}: {failure.reason}" for failure in failures]
    assert [line for line in said if where in line and text in line], said


@pytest.mark.parametrize(("name", "change", "text"), REFUSED)
def test_refused_by_the_cloud(name: str, change: Properties, text: str, world: World) -> None:
    extra = {
        "other_vpc": Example("aws:ec2/vpc:Vpc", {"cidrBlock": "10.30.0.0/16"}),
        "fast": Example("aws:sqs/queue:Queue", {"name": "fast", "visibilityTimeoutSeconds": 5}),
    }
    examples = Examples(world, {**ALL, **extra})
    example = ALL[name]
    for needed in example.needs:
        examples.row(needed)
    inputs = examples.inputs(changed(example.inputs, change))
    before = len(world.rows())
    with pytest.raises(CloudError) as refusal:
        world.create(example.token, inputs, name)
    assert text in str(refusal.value)
    assert len(world.rows()) == before
    examples.remove()
