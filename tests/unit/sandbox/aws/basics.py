"""Examples: networks, keys, roles, buckets, messages, logs and alarms."""

from __future__ import annotations

import json

from sandbox.properties import Properties
from tests.unit.sandbox.aws.world import Example, Look

ANYBODY: Properties = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [ANYBODY]})
BOTH = ["lambda.amazonaws.com", "ecs-tasks.amazonaws.com"]
OTHER_TRUST = json.dumps({"Version": "2012-10-17", "Statement": [{**ANYBODY, "Principal": {"Service": BOTH}}]})


def policy(action: str, resource: str = "*", principal: str = "") -> str:
    statement: Properties = {"Effect": "Allow", "Action": action, "Resource": resource}
    if principal:
        statement["Principal"] = {"AWS": principal}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


ACCOUNT = "arn:aws:iam::123456789012:root"
NETWORK: dict[str, Example] = {
    "vpc": Example(
        "aws:ec2/vpc:Vpc",
        {
            "cidrBlock": "10.20.0.0/16",
            "enableDnsHostnames": True,
            "enableDnsSupport": True,
            "tags": {"Name": "a"},
            "assignGeneratedIpv6CidrBlock": True,
        },
        Look("ec2", "DescribeVpcs", {"VpcIds": ["{id}"]}, "Vpcs[0].[CidrBlock, Tags[0].Value]"),
        ["10.20.0.0/16", "a"],
        {"tags": {"Name": "b"}},
        ["10.20.0.0/16", "b"],
        Look("ec2", "ModifyVpcAttribute", {"VpcId": "{id}", "EnableDnsHostnames": {"Value": False}}),
        {"enableDnsHostnames": False},
    ),
    "subnet": Example(
        "aws:ec2/subnet:Subnet",
        {"vpcId": "{vpc.id}", "cidrBlock": "10.20.1.0/24", "availabilityZone": "eu-west-3a"},
        Look("ec2", "DescribeSubnets", {"SubnetIds": ["{id}"]}, "Subnets[0].[AvailabilityZone, MapPublicIpOnLaunch]"),
        ["eu-west-3a", False],
        {"mapPublicIpOnLaunch": True},
        ["eu-west-3a", True],
        Look("ec2", "ModifySubnetAttribute", {"SubnetId": "{id}", "MapPublicIpOnLaunch": {"Value": False}}),
        {"mapPublicIpOnLaunch": False},
    ),
    "subnet_b": Example(
        "aws:ec2/subnet:Subnet",
        {"vpcId": "{vpc.id}", "cidrBlock": "10.20.2.0/24", "availabilityZone": "eu-west-3b"},
    ),
    "gateway": Example(
        "aws:ec2/internetGateway:InternetGateway",
        {"vpcId": "{vpc.id}"},
        Look(
            "ec2",
            "DescribeInternetGateways",
            {"InternetGatewayIds": ["{id}"]},
            "InternetGateways[0].Attachments[0].State",
        ),
        "available",
        {"tags": {"Name": "out"}},
        "available",
        Look("ec2", "DetachInternetGateway", {"InternetGatewayId": "{id}", "VpcId": "{vpcId}"}),
        {"vpcId": None},
    ),
    "eip": Example(
        "aws:ec2/eip:Eip",
        {"domain": "vpc", "tags": {"Name": "nat"}},
        Look("ec2", "DescribeAddresses", {"AllocationIds": ["{id}"]}, "Addresses[0].[Domain, Tags[0].Value]"),
        ["vpc", "nat"],
        {"tags": {"Name": "other"}},
        ["vpc", "other"],
        Look("ec2", "CreateTags", {"Resources": ["{id}"], "Tags": [{"Key": "Name", "Value": "mine"}]}),
        {"tags": {"Name": "mine"}},
    ),
    "nat": Example(
        "aws:ec2/natGateway:NatGateway",
        {"subnetId": "{subnet.id}", "allocationId": "{eip.id}"},
        Look(
            "ec2",
            "DescribeNatGateways",
            {"NatGatewayIds": ["{id}"]},
            "NatGateways[?State!='deleted'] | [0].State",
        ),
        "available",
        {"tags": {"Name": "n"}},
        "available",
        Look("ec2", "CreateTags", {"Resources": ["{id}"], "Tags": [{"Key": "Name", "Value": "mine"}]}),
        {"tags": {"Name": "mine"}},
    ),
    "routes": Example(
        "aws:ec2/routeTable:RouteTable",
        {"vpcId": "{vpc.id}", "tags": {"Name": "r"}},
        Look("ec2", "DescribeRouteTables", {"RouteTableIds": ["{id}"]}, "RouteTables[0].Tags[0].Value"),
        "r",
        {"tags": {"Name": "s"}},
        "s",
    ),
    "route": Example(
        "aws:ec2/route:Route",
        {"routeTableId": "{routes.id}", "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "{gateway.id}"},
        Look(
            "ec2",
            "DescribeRouteTables",
            {"RouteTableIds": ["{routeTableId}"]},
            "RouteTables[0].Routes[?DestinationCidrBlock=='0.0.0.0/0'] | [0].[starts_with(GatewayId || '', 'igw-'), "
            "starts_with(NatGatewayId || '', 'nat-')]",
        ),
        [True, False],
        {"gatewayId": None, "natGatewayId": "{nat.id}"},
        [False, True],
    ),
    "association": Example(
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        {"routeTableId": "{routes.id}", "subnetId": "{subnet.id}"},
        Look(
            "ec2",
            "DescribeRouteTables",
            {"RouteTableIds": ["{routeTableId}"]},
            "RouteTables[0].Associations[?RouteTableAssociationId=='{id}'] | [0].Main",
        ),
        False,
    ),
    "s3_endpoint": Example(
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        {"vpcId": "{vpc.id}", "serviceName": "com.amazonaws.eu-west-3.s3", "routeTableIds": ["{routes.id}"]},
        Look(
            "ec2",
            "DescribeVpcEndpoints",
            {"VpcEndpointIds": ["{id}"]},
            "VpcEndpoints[?State!='deleted'] | [0].[VpcEndpointType, length(RouteTableIds)]",
        ),
        ["Gateway", 1],
        {"policy": policy("s3:GetObject", principal="*")},
        ["Gateway", 1],
    ),
    "logs_endpoint": Example(
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        {
            "vpcId": "{vpc.id}",
            "vpcEndpointType": "Interface",
            "serviceName": "com.amazonaws.eu-west-3.logs",
            "subnetIds": ["{subnet.id}"],
            "securityGroupIds": ["{group.id}"],
            "privateDnsEnabled": True,
        },
        Look(
            "ec2",
            "DescribeVpcEndpoints",
            {"VpcEndpointIds": ["{id}"]},
            "VpcEndpoints[?State!='deleted'] | [0].[VpcEndpointType, length(SubnetIds)]",
        ),
        ["Interface", 1],
        {"subnetIds": ["{subnet.id}", "{subnet_b.id}"]},
        ["Interface", 2],
    ),
    "flow_log": Example(
        "aws:ec2/flowLog:FlowLog",
        {
            "vpcId": "{vpc.id}",
            "trafficType": "ALL",
            "logDestinationType": "s3",
            "logDestination": "{bucket.arn}/network",
            "destinationOptions": {
                "fileFormat": "parquet",
                "hiveCompatiblePartitions": False,
                "perHourPartition": True,
            },
        },
        Look("ec2", "DescribeFlowLogs", {"FlowLogIds": ["{id}"]}, "FlowLogs[0].[TrafficType, LogDestinationType]"),
        ["ALL", "s3"],
    ),
    "group": Example(
        "aws:ec2/securityGroup:SecurityGroup",
        {"name": "web", "description": "What the web may do", "vpcId": "{vpc.id}", "tags": {"role": "web"}},
        Look(
            "ec2",
            "DescribeSecurityGroups",
            {"GroupIds": ["{id}"]},
            "SecurityGroups[0].[GroupName, length(IpPermissions), length(IpPermissionsEgress)]",
        ),
        ["web", 0, 0],
        {"ingress": [{"protocol": "tcp", "fromPort": 443, "toPort": 443, "cidrBlocks": ["10.0.0.0/8"]}]},
        ["web", 1, 0],
        Look(
            "ec2",
            "RevokeSecurityGroupIngress",
            {"GroupId": "{id}", "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/8"},
        ),
        {"ingress": []},
    ),
    "default_group": Example(
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        {"vpcId": "{vpc.id}", "ingress": [], "egress": []},
        Look(
            "ec2",
            "DescribeSecurityGroups",
            {"GroupIds": ["{id}"]},
            "SecurityGroups[0].[GroupName, length(IpPermissions), length(IpPermissionsEgress)]",
        ),
        ["default", 0, 0],
        {"egress": [{"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": ["10.0.0.0/8"]}]},
        ["default", 0, 1],
        stays=True,
    ),
    "ingress": Example(
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        {
            "securityGroupId": "{group.id}",
            "ipProtocol": "tcp",
            "fromPort": 443,
            "toPort": 443,
            "cidrIpv4": "0.0.0.0/0",
            "description": "everybody",
        },
        Look(
            "ec2",
            "DescribeSecurityGroupRules",
            {"SecurityGroupRuleIds": ["{id}"]},
            "SecurityGroupRules[0].[IsEgress, FromPort, CidrIpv4]",
        ),
        [False, 443, "0.0.0.0/0"],
        {"fromPort": 80, "toPort": 80},
        [False, 80, "0.0.0.0/0"],
        Look(
            "ec2",
            "ModifySecurityGroupRules",
            {
                "GroupId": "{securityGroupId}",
                "SecurityGroupRules": [
                    {
                        "SecurityGroupRuleId": "{id}",
                        "SecurityGroupRule": {
                            "IpProtocol": "tcp",
                            "FromPort": 22,
                            "ToPort": 22,
                            "CidrIpv4": "0.0.0.0/0",
                        },
                    }
                ],
            },
        ),
        {"fromPort": 22, "toPort": 22},
    ),
    "egress": Example(
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        {"securityGroupId": "{group.id}", "ipProtocol": "-1", "referencedSecurityGroupId": "{group.id}"},
        Look(
            "ec2",
            "DescribeSecurityGroupRules",
            {"SecurityGroupRuleIds": ["{id}"]},
            "SecurityGroupRules[0].[IsEgress, IpProtocol]",
        ),
        [True, "-1"],
    ),
}
KEYS: dict[str, Example] = {
    "key": Example(
        "aws:kms/key:Key",
        {"description": "a", "enableKeyRotation": True, "deletionWindowInDays": 7, "tags": {"use": "x"}},
        Look("kms", "DescribeKey", {"KeyId": "{id}"}, "KeyMetadata.[Description, KeyState]"),
        ["a", "Enabled"],
        {"description": "b"},
        ["b", "Enabled"],
        Look("kms", "DisableKeyRotation", {"KeyId": "{id}"}),
        {"enableKeyRotation": False},
        stays=True,
    ),
    "alias": Example(
        "aws:kms/alias:Alias",
        {"name": "alias/data", "targetKeyId": "{key.keyId}"},
        Look("kms", "ListAliases", {}, "Aliases[?AliasName=='alias/data'] | [0].AliasName"),
        "alias/data",
    ),
    "key_policy": Example(
        "aws:kms/keyPolicy:KeyPolicy",
        {"keyId": "{key.id}", "policy": policy("kms:*", principal=ACCOUNT)},
        Look("kms", "GetKeyPolicy", {"KeyId": "{id}", "PolicyName": "default"}, "contains(Policy, 'kms:*')"),
        True,
        {"policy": policy("kms:Decrypt", principal=ACCOUNT)},
        False,
        stays=True,
    ),
}
RIGHTS: dict[str, Example] = {
    "role": Example(
        "aws:iam/role:Role",
        {"name": "worker", "assumeRolePolicy": TRUST, "description": "works", "tags": {"a": "b"}},
        Look("iam", "GetRole", {"RoleName": "{id}"}, "Role.AssumeRolePolicyDocument.Statement[0].Principal.Service"),
        "lambda.amazonaws.com",
        {"assumeRolePolicy": OTHER_TRUST},
        BOTH,
        Look("iam", "UpdateRole", {"RoleName": "{id}", "Description": "plays"}),
        {"description": "plays"},
    ),
    "role_policy": Example(
        "aws:iam/rolePolicy:RolePolicy",
        {"name": "read", "role": "{role.id}", "policy": policy("s3:GetObject")},
        Look(
            "iam", "GetRolePolicy", {"RoleName": "{role}", "PolicyName": "read"}, "PolicyDocument.Statement[0].Action"
        ),
        "s3:GetObject",
        {"policy": policy("s3:PutObject")},
        "s3:PutObject",
        Look(
            "iam",
            "PutRolePolicy",
            {"RoleName": "{role}", "PolicyName": "read", "PolicyDocument": policy("s3:DeleteObject")},
        ),
        {"policy": policy("s3:DeleteObject")},
    ),
    "policy": Example(
        "aws:iam/policy:Policy",
        {"name": "shared", "policy": policy("s3:GetObject"), "tags": {"a": "b"}},
        Look("iam", "GetPolicy", {"PolicyArn": "{id}"}, "Policy.[PolicyName, DefaultVersionId]"),
        ["shared", "v1"],
        {"policy": policy("s3:PutObject")},
        ["shared", "v2"],
    ),
    "attachment": Example(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        {"role": "{role.id}", "policyArn": "{policy.arn}"},
        Look("iam", "ListAttachedRolePolicies", {"RoleName": "{role}"}, "AttachedPolicies[0].PolicyName"),
        "shared",
    ),
    "profile": Example(
        "aws:iam/instanceProfile:InstanceProfile",
        {"name": "machine", "role": "{role.id}"},
        Look("iam", "GetInstanceProfile", {"InstanceProfileName": "{id}"}, "InstanceProfile.Roles[0].RoleName"),
        "worker",
        {"tags": {"c": "d"}},
        "worker",
    ),
}
STORAGE: dict[str, Example] = {
    "bucket": Example(
        "aws:s3/bucket:Bucket",
        {"bucket": "uploads-of-ours", "tags": {"a": "b"}},
        Look("s3", "GetBucketTagging", {"Bucket": "{id}"}, "TagSet"),
        [{"Key": "a", "Value": "b"}],
        {"tags": {"a": "c"}},
        [{"Key": "a", "Value": "c"}],
        Look("s3", "PutBucketTagging", {"Bucket": "{id}", "Tagging": {"TagSet": [{"Key": "a", "Value": "z"}]}}),
        {"tags": {"a": "z"}},
    ),
    "locked": Example("aws:s3/bucket:Bucket", {"bucket": "locked-bucket", "objectLockEnabled": True}),
    "logs_bucket": Example("aws:s3/bucket:Bucket", {"bucket": "logs-of-ours", "forceDestroy": True}),
    "versioning": Example(
        "aws:s3/bucketVersioning:BucketVersioning",
        {"bucket": "{bucket.id}", "versioningConfiguration": {"status": "Enabled"}},
        Look("s3", "GetBucketVersioning", {"Bucket": "{id}"}, "Status"),
        "Enabled",
        {"versioningConfiguration": {"status": "Suspended"}},
        "Suspended",
        Look(
            "s3",
            "PutBucketVersioning",
            {"Bucket": "{id}", "VersioningConfiguration": {"Status": "Enabled"}},
        ),
        {"versioningConfiguration": {"status": "Enabled"}},
        stays=True,
    ),
    "block": Example(
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        {
            "bucket": "{bucket.id}",
            "blockPublicAcls": True,
            "blockPublicPolicy": True,
            "ignorePublicAcls": True,
            "restrictPublicBuckets": True,
        },
        Look("s3", "GetPublicAccessBlock", {"Bucket": "{id}"}, "PublicAccessBlockConfiguration.BlockPublicPolicy"),
        True,
        {"blockPublicPolicy": False},
        False,
        Look(
            "s3",
            "PutPublicAccessBlock",
            {
                "Bucket": "{id}",
                "PublicAccessBlockConfiguration": {
                    "BlockPublicAcls": False,
                    "BlockPublicPolicy": False,
                    "IgnorePublicAcls": True,
                    "RestrictPublicBuckets": True,
                },
            },
        ),
        {"blockPublicAcls": False},
    ),
    "encryption": Example(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        {
            "bucket": "{bucket.id}",
            "rules": [
                {
                    "applyServerSideEncryptionByDefault": {
                        "sseAlgorithm": "aws:kms",
                        "kmsMasterKeyId": "{key.arn}",
                    },
                    "bucketKeyEnabled": True,
                }
            ],
        },
        Look(
            "s3",
            "GetBucketEncryption",
            {"Bucket": "{id}"},
            "ServerSideEncryptionConfiguration.Rules[0].[ApplyServerSideEncryptionByDefault.SSEAlgorithm, "
            "BucketKeyEnabled]",
        ),
        ["aws:kms", True],
        {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}, "bucketKeyEnabled": False}]},
        ["AES256", False],
    ),
    "lifecycle": Example(
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        {
            "bucket": "{bucket.id}",
            "rules": [
                {
                    "id": "old",
                    "status": "Enabled",
                    "filter": {"prefix": "in/"},
                    "transitions": [{"days": 30, "storageClass": "STANDARD_IA"}],
                    "expiration": {"days": 90},
                    "noncurrentVersionExpiration": {"noncurrentDays": 30},
                    "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
                }
            ],
        },
        Look(
            "s3",
            "GetBucketLifecycleConfiguration",
            {"Bucket": "{id}"},
            "Rules[0].[ID, Expiration.Days, Filter.Prefix, Transitions[0].StorageClass]",
        ),
        ["old", 90, "in/", "STANDARD_IA"],
        {"rules": [{"id": "new", "status": "Enabled", "filter": {"prefix": ""}, "expiration": {"days": 5}}]},
        ["new", 5, "", None],
    ),
    "ownership": Example(
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        {"bucket": "{bucket.id}", "rule": {"objectOwnership": "BucketOwnerEnforced"}},
        Look("s3", "GetBucketOwnershipControls", {"Bucket": "{id}"}, "OwnershipControls.Rules[0].ObjectOwnership"),
        "BucketOwnerEnforced",
        {"rule": {"objectOwnership": "BucketOwnerPreferred"}},
        "BucketOwnerPreferred",
    ),
    "bucket_policy": Example(
        "aws:s3/bucketPolicy:BucketPolicy",
        {"bucket": "{bucket.id}", "policy": policy("s3:GetObject", "arn:aws:s3:::uploads-of-ours/*", ACCOUNT)},
        Look("s3", "GetBucketPolicy", {"Bucket": "{id}"}, "contains(Policy, 'GetObject')"),
        True,
        {"policy": policy("s3:PutObject", "arn:aws:s3:::uploads-of-ours/*", ACCOUNT)},
        False,
    ),
    "cors": Example(
        "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration",
        {
            "bucket": "{bucket.id}",
            "corsRules": [
                {
                    "allowedMethods": ["PUT"],
                    "allowedOrigins": ["https://chat.example.org"],
                    "allowedHeaders": ["*"],
                    "exposeHeaders": ["ETag"],
                    "maxAgeSeconds": 3000,
                }
            ],
        },
        Look("s3", "GetBucketCors", {"Bucket": "{id}"}, "CORSRules[0].[AllowedMethods[0], MaxAgeSeconds]"),
        ["PUT", 3000],
        {"corsRules": [{"allowedMethods": ["GET"], "allowedOrigins": ["*"]}]},
        ["GET", None],
    ),
    "log_delivery": Example(
        "aws:s3/bucketPolicy:BucketPolicy",
        {
            "bucket": "{logs_bucket.id}",
            "policy": json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "logging.s3.amazonaws.com"},
                            "Action": ["s3:PutObject"],
                            "Resource": "arn:aws:s3:::logs-of-ours/*",
                        }
                    ],
                }
            ),
        },
    ),
    "logging": Example(
        "aws:s3/bucketLogging:BucketLogging",
        {"bucket": "{bucket.id}", "targetBucket": "{logs_bucket.id}", "targetPrefix": "s3/"},
        Look("s3", "GetBucketLogging", {"Bucket": "{id}"}, "LoggingEnabled.TargetPrefix"),
        "s3/",
        {"targetPrefix": "other/"},
        "other/",
        needs=("log_delivery",),
    ),
    "notification": Example(
        "aws:s3/bucketNotification:BucketNotification",
        {
            "bucket": "{bucket.id}",
            "topics": [{"topicArn": "{topic.arn}", "events": ["s3:ObjectCreated:*"], "filterSuffix": ".csv"}],
        },
        Look(
            "s3",
            "GetBucketNotificationConfiguration",
            {"Bucket": "{id}"},
            "TopicConfigurations[0].[Events[0], Filter.Key.FilterRules[0].Value]",
        ),
        ["s3:ObjectCreated:*", ".csv"],
        {"topics": [{"topicArn": "{topic.arn}", "events": ["s3:ObjectRemoved:*"], "filterSuffix": ".csv"}]},
        ["s3:ObjectRemoved:*", ".csv"],
    ),
    "lock": Example(
        "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
        {"bucket": "{locked.id}", "rule": {"defaultRetention": {"mode": "GOVERNANCE", "days": 3}}},
        Look(
            "s3",
            "GetObjectLockConfiguration",
            {"Bucket": "{id}"},
            "ObjectLockConfiguration.Rule.DefaultRetention.Days",
        ),
        3,
        {"rule": {"defaultRetention": {"mode": "GOVERNANCE", "days": 5}}},
        5,
        stays=True,
    ),
    "object": Example(
        "aws:s3/bucketObjectv2:BucketObjectv2",
        {"bucket": "{bucket.id}", "key": "index.html", "content": "hello", "contentType": "text/html"},
        Look("s3", "HeadObject", {"Bucket": "{bucket}", "Key": "index.html"}, "[ContentType, ContentLength]"),
        ["text/html", 5],
        {"content": "hello world"},
        ["text/html", 11],
        Look("s3", "DeleteObject", {"Bucket": "{bucket}", "Key": "index.html"}),
    ),
}
MESSAGES: dict[str, Example] = {
    "topic": Example(
        "aws:sns/topic:Topic",
        {"name": "alarms", "displayName": "Alarms", "kmsMasterKeyId": "{key.id}", "tags": {"a": "b"}},
        Look("sns", "GetTopicAttributes", {"TopicArn": "{id}"}, "Attributes.DisplayName"),
        "Alarms",
        {"displayName": "Other"},
        "Other",
        Look(
            "sns",
            "SetTopicAttributes",
            {"TopicArn": "{id}", "AttributeName": "DisplayName", "AttributeValue": "Changed"},
        ),
        {"displayName": "Changed"},
    ),
    "subscription": Example(
        "aws:sns/topicSubscription:TopicSubscription",
        {"topic": "{topic.arn}", "protocol": "sqs", "endpoint": "{queue.arn}", "rawMessageDelivery": True},
        Look("sns", "GetSubscriptionAttributes", {"SubscriptionArn": "{id}"}, "Attributes.RawMessageDelivery"),
        "true",
        {"rawMessageDelivery": False},
        "false",
    ),
    "topic_policy": Example(
        "aws:sns/topicPolicy:TopicPolicy",
        {"arn": "{topic.arn}", "policy": policy("sns:Publish", principal=ACCOUNT)},
        Look("sns", "GetTopicAttributes", {"TopicArn": "{id}"}, "contains(Attributes.Policy, 'sns:Publish')"),
        True,
        stays=True,
    ),
    "dead": Example("aws:sqs/queue:Queue", {"name": "dead"}),
    "queue": Example(
        "aws:sqs/queue:Queue",
        {
            "name": "work",
            "visibilityTimeoutSeconds": 60,
            "messageRetentionSeconds": 86400,
            "sqsManagedSseEnabled": True,
            "redrivePolicy": '{"deadLetterTargetArn": "{dead.arn}", "maxReceiveCount": 5}',
            "tags": {"a": "b"},
        },
        Look(
            "sqs", "GetQueueAttributes", {"QueueUrl": "{id}", "AttributeNames": ["All"]}, "Attributes.VisibilityTimeout"
        ),
        "60",
        {"visibilityTimeoutSeconds": 90},
        "90",
        Look("sqs", "SetQueueAttributes", {"QueueUrl": "{id}", "Attributes": {"VisibilityTimeout": "30"}}),
        {"visibilityTimeoutSeconds": 30},
    ),
    "queue_policy": Example(
        "aws:sqs/queuePolicy:QueuePolicy",
        {"queueUrl": "{queue.id}", "policy": policy("sqs:SendMessage", principal=ACCOUNT)},
        Look(
            "sqs",
            "GetQueueAttributes",
            {"QueueUrl": "{id}", "AttributeNames": ["All"]},
            "contains(Attributes.Policy || '', 'sqs:SendMessage')",
        ),
        True,
        stays=True,
    ),
    "redrive": Example(
        "aws:sqs/redrivePolicy:RedrivePolicy",
        {
            "queueUrl": "{plain.id}",
            "redrivePolicy": '{"deadLetterTargetArn": "{dead.arn}", "maxReceiveCount": 5}',
        },
        Look(
            "sqs",
            "GetQueueAttributes",
            {"QueueUrl": "{id}", "AttributeNames": ["All"]},
            "contains(Attributes.RedrivePolicy || '', 'dead')",
        ),
        True,
        stays=True,
    ),
    "plain": Example("aws:sqs/queue:Queue", {"name": "plain"}),
    "redrive_allow": Example(
        "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy",
        {"queueUrl": "{dead.id}", "redriveAllowPolicy": '{"redrivePermission": "allowAll"}'},
    ),
}
ALARMS: dict[str, Example] = {
    "log_group": Example(
        "aws:cloudwatch/logGroup:LogGroup",
        {"name": "/app/web", "retentionInDays": 30, "kmsKeyId": "{key.arn}", "tags": {"a": "b"}},
        Look(
            "logs",
            "DescribeLogGroups",
            {"logGroupNamePrefix": "/app/web"},
            "logGroups[0].[logGroupName, retentionInDays]",
        ),
        ["/app/web", 30],
        {"retentionInDays": 90},
        ["/app/web", 90],
        Look("logs", "PutRetentionPolicy", {"logGroupName": "{id}", "retentionInDays": 7}),
        {"retentionInDays": 7},
    ),
    "filter": Example(
        "aws:cloudwatch/logMetricFilter:LogMetricFilter",
        {
            "name": "errors",
            "logGroupName": "{log_group.id}",
            "pattern": "ERROR",
            "metricTransformation": {"name": "Errors", "namespace": "App", "value": "1"},
        },
        Look("logs", "DescribeMetricFilters", {"filterNamePrefix": "errors"}, "metricFilters[0].filterPattern"),
        "ERROR",
        {"pattern": "FATAL"},
        "FATAL",
    ),
    "log_policy": Example(
        "aws:cloudwatch/logResourcePolicy:LogResourcePolicy",
        {"policyName": "writers", "policyDocument": policy("logs:PutLogEvents", principal=ACCOUNT)},
        Look("logs", "DescribeResourcePolicies", {}, "resourcePolicies[?policyName=='writers'] | [0].policyName"),
        "writers",
    ),
    "alarm": Example(
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        {
            "name": "old-messages",
            "comparisonOperator": "GreaterThanThreshold",
            "evaluationPeriods": 3,
            "namespace": "AWS/SQS",
            "metricName": "ApproximateAgeOfOldestMessage",
            "dimensions": {"QueueName": "work"},
            "period": 60,
            "statistic": "Maximum",
            "threshold": 60,
            "alarmActions": ["{topic.arn}"],
            "okActions": ["{topic.arn}"],
        },
        Look(
            "cloudwatch", "DescribeAlarms", {"AlarmNames": ["{id}"]}, "MetricAlarms[0].[Threshold, Dimensions[0].Value]"
        ),
        [60.0, "work"],
        {"threshold": 90},
        [90.0, "work"],
    ),
    "calculated": Example(
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        {
            "name": "error-share",
            "comparisonOperator": "GreaterThanThreshold",
            "evaluationPeriods": 3,
            "threshold": 5,
            "metricQueries": [
                {"id": "share", "expression": "100 * errors / hits", "label": "Errors", "returnData": True},
                {
                    "id": "errors",
                    "metric": {"namespace": "App", "metricName": "Errors", "period": 60, "stat": "Sum"},
                },
                {"id": "hits", "metric": {"namespace": "App", "metricName": "Hits", "period": 60, "stat": "Sum"}},
            ],
        },
        Look("cloudwatch", "DescribeAlarms", {"AlarmNames": ["{id}"]}, "MetricAlarms[0].Metrics[0].Expression"),
        "100 * errors / hits",
    ),
    "composite": Example(
        "aws:cloudwatch/compositeAlarm:CompositeAlarm",
        {
            "alarmName": "trouble",
            "alarmRule": 'ALARM("{alarm.id}") OR ALARM("{calculated.id}")',
            "alarmActions": ["{topic.arn}"],
        },
        update={"alarmRule": 'ALARM("old-messages")'},
    ),
    "dashboard": Example(
        "aws:cloudwatch/dashboard:Dashboard",
        {"dashboardName": "chat", "dashboardBody": '{"widgets": []}'},
        Look("cloudwatch", "GetDashboard", {"DashboardName": "chat"}, "DashboardBody"),
        '{"widgets": []}',
        {"dashboardBody": '{"widgets": [{"type": "text", "properties": {"markdown": "x"}}]}'},
        '{"widgets": [{"type": "text", "properties": {"markdown": "x"}}]}',
    ),
}
BASICS = {**NETWORK, **KEYS, **RIGHTS, **STORAGE, **MESSAGES, **ALARMS}
