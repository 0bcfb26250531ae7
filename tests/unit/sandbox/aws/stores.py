"""Examples: databases and caches, images and releases, and what watches."""

from __future__ import annotations

import json

from tests.unit.sandbox.aws.basics import TRUST
from tests.unit.sandbox.aws.world import Example, Look

CACHES: dict[str, Example] = {
    "cache_subnets": Example(
        "aws:elasticache/subnetGroup:SubnetGroup",
        {"name": "cache", "description": "a cache", "subnetIds": ["{subnet.id}", "{subnet_b.id}"]},
    ),
    "cache_parameters": Example(
        "aws:elasticache/parameterGroup:ParameterGroup",
        {
            "name": "cache",
            "family": "valkey8",
            "description": "never evict",
            "parameters": [{"name": "maxmemory-policy", "value": "noeviction"}],
        },
        update={"parameters": [{"name": "maxmemory-policy", "value": "allkeys-lru"}]},
    ),
    "cache_user": Example(
        "aws:elasticache/user:User",
        {
            "userId": "cache-tx",
            "userName": "tx",
            "engine": "valkey",
            "accessString": "on ~chat:* -@all +@read",
            "authenticationMode": {"type": "password", "passwords": ["a-long-password-of-a-test"]},
        },
        Look("elasticache", "DescribeUsers", {"UserId": "{id}"}, "Users[0].[UserName, Authentication.Type]"),
        ["tx", "password"],
        {"accessString": "on ~chat:* -@all +@write"},
        ["tx", "password"],
    ),
    "cache_users": Example(
        "aws:elasticache/userGroup:UserGroup",
        {"userGroupId": "cache", "engine": "valkey", "userIds": ["{cache_user.id}"]},
    ),
    "cache": Example(
        "aws:elasticache/replicationGroup:ReplicationGroup",
        {
            "replicationGroupId": "cache",
            "description": "a cache",
            "engine": "valkey",
            "engineVersion": "8.0",
            "nodeType": "cache.t4g.small",
            "numCacheClusters": 2,
            "automaticFailoverEnabled": True,
            "multiAzEnabled": True,
            "transitEncryptionEnabled": True,
            "transitEncryptionMode": "required",
            "atRestEncryptionEnabled": True,
            "subnetGroupName": "{cache_subnets.id}",
            "parameterGroupName": "{cache_parameters.id}",
            "userGroupIds": ["{cache_users.id}"],
            "securityGroupIds": ["{group.id}"],
            "maintenanceWindow": "tue:02:00-tue:03:00",
            "snapshotRetentionLimit": 7,
            "logDeliveryConfigurations": [
                {
                    "destination": "{log_group.id}",
                    "destinationType": "cloudwatch-logs",
                    "logFormat": "json",
                    "logType": "slow-log",
                }
            ],
        },
        Look(
            "elasticache",
            "DescribeReplicationGroups",
            {"ReplicationGroupId": "{id}"},
            "ReplicationGroups[0].[Description, length(MemberClusters)]",
        ),
        ["a cache", 2],
        {"description": "another cache"},
        ["another cache", 2],
    ),
}
DATABASES: dict[str, Example] = {
    "document_subnets": Example(
        "aws:docdb/subnetGroup:SubnetGroup",
        {"name": "documents", "subnetIds": ["{subnet.id}", "{subnet_b.id}"]},
        Look("rds", "DescribeDBSubnetGroups", {"DBSubnetGroupName": "{id}"}, "DBSubnetGroups[0].DBSubnetGroupName"),
        "documents",
    ),
    "document_parameters": Example(
        "aws:docdb/clusterParameterGroup:ClusterParameterGroup",
        {
            "name": "documents",
            "family": "docdb5.0",
            "description": "TLS",
            "parameters": [{"name": "tls", "value": "enabled", "applyMethod": "pending-reboot"}],
        },
        Look(
            "rds",
            "DescribeDBClusterParameterGroups",
            {"DBClusterParameterGroupName": "{id}"},
            "DBClusterParameterGroups[0].[DBParameterGroupFamily, Description]",
        ),
        ["docdb5.0", "TLS"],
    ),
    "documents": Example(
        "aws:docdb/cluster:Cluster",
        {
            "clusterIdentifier": "documents",
            "engine": "docdb",
            "engineVersion": "5.0.0",
            "masterUsername": "owner",
            "manageMasterUserPassword": True,
            "dbSubnetGroupName": "{document_subnets.id}",
            "dbClusterParameterGroupName": "{document_parameters.id}",
            "vpcSecurityGroupIds": ["{group.id}"],
            "storageEncrypted": True,
            "enabledCloudwatchLogsExports": ["audit"],
            "preferredMaintenanceWindow": "sun:02:00-sun:03:00",
            "skipFinalSnapshot": True,
        },
        update={"backupRetentionPeriod": 14},
    ),
    "document_instance": Example(
        "aws:docdb/clusterInstance:ClusterInstance",
        {
            "identifier": "documents-1",
            "clusterIdentifier": "{documents.id}",
            "instanceClass": "db.t4g.medium",
            "availabilityZone": "eu-west-3a",
        },
        update={"promotionTier": 3},
    ),
    "sql_subnets": Example(
        "aws:rds/subnetGroup:SubnetGroup",
        {"name": "users", "subnetIds": ["{subnet.id}", "{subnet_b.id}"]},
        Look("rds", "DescribeDBSubnetGroups", {"DBSubnetGroupName": "{id}"}, "DBSubnetGroups[0].DBSubnetGroupName"),
        "users",
    ),
    "sql_parameters": Example(
        "aws:rds/parameterGroup:ParameterGroup",
        {
            "name": "users",
            "family": "mysql8.4",
            "description": "TLS",
            "parameters": [{"name": "require_secure_transport", "value": "1"}],
        },
        Look("rds", "DescribeDBParameters", {"DBParameterGroupName": "{id}"}, "Parameters[0].ParameterValue"),
        "1",
        {"parameters": [{"name": "require_secure_transport", "value": "0"}]},
        "0",
    ),
    "sql": Example(
        "aws:rds/instance:Instance",
        {
            "identifier": "users",
            "engine": "mysql",
            "engineVersion": "8.4",
            "instanceClass": "db.t4g.medium",
            "allocatedStorage": 20,
            "username": "owner",
            "manageMasterUserPassword": True,
            "multiAz": True,
            "storageEncrypted": True,
            "storageType": "gp3",
            "iamDatabaseAuthenticationEnabled": True,
            "dbSubnetGroupName": "{sql_subnets.id}",
            "parameterGroupName": "{sql_parameters.id}",
            "vpcSecurityGroupIds": ["{group.id}"],
            "skipFinalSnapshot": True,
        },
        Look(
            "rds",
            "DescribeDBInstances",
            {"DBInstanceIdentifier": "{id}"},
            "DBInstances[0].[MultiAZ, StorageEncrypted, AllocatedStorage, IAMDatabaseAuthenticationEnabled]",
        ),
        [True, True, 20, True],
        {"allocatedStorage": 30},
        [True, True, 30, True],
    ),
}
RULES = {
    "rules": [
        {
            "rulePriority": 1,
            "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 5},
            "action": {"type": "expire"},
        }
    ]
}
OTHER_RULES = json.loads(json.dumps(RULES).replace("5", "9"))
STAGES = [
    {
        "name": "Source",
        "actions": [
            {
                "name": "Source",
                "category": "Source",
                "owner": "AWS",
                "provider": "CodeStarSourceConnection",
                "version": "1",
                "configuration": {
                    "ConnectionArn": "arn:aws:codeconnections:eu-west-3:123456789012:connection/a",
                    "FullRepositoryId": "a/b",
                    "BranchName": "main",
                },
                "outputArtifacts": ["source"],
            }
        ],
    },
    {
        "name": "Tests",
        "actions": [
            {
                "name": "Tests",
                "category": "Test",
                "owner": "AWS",
                "provider": "CodeBuild",
                "version": "1",
                "configuration": {"ProjectName": "{project.id}"},
                "inputArtifacts": ["source"],
            }
        ],
    },
]
RELEASES: dict[str, Example] = {
    "releaser": Example(
        "aws:iam/role:Role",
        {"name": "releaser", "assumeRolePolicy": TRUST.replace("lambda.", "codepipeline.")},
    ),
    "repository": Example(
        "aws:ecr/repository:Repository",
        {
            "name": "a/b",
            "imageTagMutability": "IMMUTABLE",
            "imageScanningConfiguration": {"scanOnPush": True},
            "encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": "{key.arn}"}],
        },
        Look(
            "ecr",
            "DescribeRepositories",
            {"repositoryNames": ["{id}"]},
            "repositories[0].[imageTagMutability, imageScanningConfiguration.scanOnPush, encryptionConfiguration.encryptionType]",
        ),
        ["IMMUTABLE", True, "KMS"],
        {"imageScanningConfiguration": {"scanOnPush": False}},
        ["IMMUTABLE", False, "KMS"],
        Look("ecr", "PutImageTagMutability", {"repositoryName": "{id}", "imageTagMutability": "MUTABLE"}),
        {"imageTagMutability": "MUTABLE"},
    ),
    "image_lifecycle": Example(
        "aws:ecr/lifecyclePolicy:LifecyclePolicy",
        {"repository": "{repository.id}", "policy": json.dumps(RULES)},
        Look("ecr", "GetLifecyclePolicy", {"repositoryName": "{id}"}, "lifecyclePolicyText"),
        json.dumps(RULES),
        {"policy": json.dumps(OTHER_RULES)},
        json.dumps(OTHER_RULES),
    ),
    "project": Example(
        "aws:codebuild/project:Project",
        {
            "name": "tests",
            "serviceRole": "{role.arn}",
            "buildTimeout": 30,
            "source": {"type": "CODEPIPELINE", "buildspec": "tests.yaml"},
            "artifacts": {"type": "CODEPIPELINE"},
            "environment": {
                "type": "ARM_CONTAINER",
                "computeType": "BUILD_GENERAL1_SMALL",
                "image": "aws/codebuild/amazonlinux-aarch64-standard:3.0",
                "environmentVariables": [{"name": "A", "value": "b"}],
            },
        },
        Look("codebuild", "BatchGetProjects", {"names": ["{id}"]}, "projects[0].[name, source.buildspec]"),
        ["tests", "tests.yaml"],
    ),
    "pipeline": Example(
        "aws:codepipeline/pipeline:Pipeline",
        {
            "name": "releases",
            "roleArn": "{releaser.arn}",
            "artifactStores": [{"type": "S3", "location": "{bucket.id}"}],
            "stages": STAGES,
        },
        Look("codepipeline", "GetPipeline", {"name": "{id}"}, "pipeline.stages[].name"),
        ["Source", "Tests"],
        {"stages": [STAGES[0], {**STAGES[1], "name": "Checks"}]},
        ["Source", "Checks"],
    ),
}
WATCHING: dict[str, Example] = {
    "malware": Example(
        "aws:guardduty/malwareProtectionPlan:MalwareProtectionPlan",
        {
            "role": "{role.arn}",
            "protectedResource": {"s3Bucket": {"bucketName": "{bucket.id}"}},
            "actions": [{"taggings": [{"status": "ENABLED"}]}],
        },
    ),
    "slack": Example(
        "aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration",
        {
            "configurationName": "alarms",
            "iamRoleArn": "{role.arn}",
            "slackTeamId": "T0ALERTES1",
            "slackChannelId": "C0ALARMS01",
            "snsTopicArns": ["{topic.arn}"],
        },
        update={"loggingLevel": "INFO"},
    ),
}
STORES = {**CACHES, **DATABASES, **RELEASES, **WATCHING}
