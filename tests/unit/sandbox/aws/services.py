"""Examples: names, load balancers, containers, databases, pipelines, and what an account as a whole has."""

from __future__ import annotations

import json

from tests.unit.sandbox.aws.basics import ACCOUNT
from tests.unit.sandbox.aws.world import Example, Look

DOMAIN = "chat.example.org"
NAMES = {
    "zone": Example(
        "aws:route53/zone:Zone",
        {"name": DOMAIN, "comment": "the chat", "forceDestroy": True, "tags": {"a": "b"}},
        Look("route53", "GetHostedZone", {"Id": "{id}"}, "HostedZone.[Name, Config.Comment]"),
        [f"{DOMAIN}.", "the chat"],
        {"comment": "other"},
        [f"{DOMAIN}.", "other"],
        Look("route53", "UpdateHostedZoneComment", {"Id": "{id}", "Comment": "mine"}),
        {"comment": "mine"},
    ),
    "record": Example(
        "aws:route53/record:Record",
        {"zoneId": "{zone.id}", "name": "www", "type": "A", "ttl": 60, "records": ["192.0.2.1"]},
        Look(
            "route53",
            "ListResourceRecordSets",
            {"HostedZoneId": "{zoneId}"},
            "ResourceRecordSets[?Type=='A'] | [0].ResourceRecords[0].Value",
        ),
        "192.0.2.1",
        {"records": ["192.0.2.2"]},
        "192.0.2.2",
    ),
    "alias_record": Example(
        "aws:route53/record:Record",
        {
            "zoneId": "{zone.id}",
            "name": DOMAIN,
            "type": "AAAA",
            "aliases": [{"name": "{balancer.dnsName}", "zoneId": "{balancer.zoneId}", "evaluateTargetHealth": True}],
        },
        Look(
            "route53",
            "ListResourceRecordSets",
            {"HostedZoneId": "{zoneId}"},
            "ResourceRecordSets[?Type=='AAAA'] | [0].AliasTarget.EvaluateTargetHealth",
        ),
        True,
    ),
    "certificate": Example(
        "aws:acm/certificate:Certificate",
        {"domainName": DOMAIN, "validationMethod": "DNS", "keyAlgorithm": "EC_prime256v1", "tags": {"a": "b"}},
        Look("acm", "DescribeCertificate", {"CertificateArn": "{id}"}, "Certificate.[DomainName, Type]"),
        [DOMAIN, "AMAZON_ISSUED"],
        {"tags": {"a": "c"}},
        [DOMAIN, "AMAZON_ISSUED"],
    ),
    "proof": Example(
        "aws:route53/record:Record",
        {
            "zoneId": "{zone.id}",
            "name": "{certificate.domainValidationOptions.0.resourceRecordName}",
            "type": "{certificate.domainValidationOptions.0.resourceRecordType}",
            "ttl": 60,
            "records": ["{certificate.domainValidationOptions.0.resourceRecordValue}"],
        },
    ),
    "validation": Example(
        "aws:acm/certificateValidation:CertificateValidation",
        {"certificateArn": "{certificate.arn}", "validationRecordFqdns": ["{proof.fqdn}"]},
    ),
    "namespace": Example(
        "aws:servicediscovery/privateDnsNamespace:PrivateDnsNamespace",
        {"name": "chat.internal", "vpc": "{vpc.id}", "tags": {"a": "b"}},
        Look("servicediscovery", "GetNamespace", {"Id": "{id}"}, "Namespace.Name"),
        "chat.internal",
        {"tags": {"a": "c"}},
        "chat.internal",
    ),
    "discovery": Example(
        "aws:servicediscovery/service:Service",
        {
            "name": "broadcaster",
            "dnsConfig": {
                "namespaceId": "{namespace.id}",
                "dnsRecords": [{"ttl": 10, "type": "A"}],
                "routingPolicy": "MULTIVALUE",
            },
            "healthCheckCustomConfig": {"failureThreshold": 1},
        },
        Look("servicediscovery", "GetService", {"Id": "{id}"}, "Service.[Name, DnsConfig.DnsRecords[0].TTL]"),
        ["broadcaster", 10],
        {
            "dnsConfig": {
                "namespaceId": "{namespace.id}",
                "dnsRecords": [{"ttl": 5, "type": "A"}],
                "routingPolicy": "MULTIVALUE",
            }
        },
        ["broadcaster", 5],
    ),
}
HEALTH = {"path": "/health", "matcher": "200", "interval": 10, "timeout": 5}
BALANCING = {
    "v6_a": Example(
        "aws:ec2/subnet:Subnet",
        {"vpcId": "{vpc.id}", "cidrBlock": "10.20.3.0/24", "availabilityZone": "eu-west-3a"},
        needs=("gateway",),
    ),
    "log_writer": Example(
        "aws:s3/bucketPolicy:BucketPolicy",
        {
            "bucket": "{logs_bucket.id}",
            "policy": json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": ["logdelivery.elasticloadbalancing.amazonaws.com"]},
                            "Action": "s3:PutObject",
                            "Resource": "arn:aws:s3:::logs-of-ours/balancer/*",
                        },
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": ["cloudtrail.amazonaws.com"]},
                            "Action": ["s3:PutObject", "s3:GetBucketAcl"],
                            "Resource": "arn:aws:s3:::logs-of-ours/*",
                        },
                    ],
                }
            ),
        },
    ),
    "balancer": Example(
        "aws:lb/loadBalancer:LoadBalancer",
        {
            "name": "chat",
            "loadBalancerType": "application",
            "internal": False,
            "subnets": ["{v6_a.id}", "{subnet_b.id}"],
            "securityGroups": ["{group.id}"],
            "idleTimeout": 4000,
            "dropInvalidHeaderFields": True,
            "desyncMitigationMode": "strictest",
            "accessLogs": {"bucket": "{logs_bucket.id}", "prefix": "balancer", "enabled": True},
            "tags": {"a": "b"},
        },
        Look(
            "elbv2",
            "DescribeLoadBalancerAttributes",
            {"LoadBalancerArn": "{id}"},
            "Attributes[?Key=='idle_timeout.timeout_seconds' || Key=='access_logs.s3.bucket'] | sort_by(@, &Key)[].Value",
        ),
        ["logs-of-ours", "4000"],
        {"idleTimeout": 60},
        ["logs-of-ours", "60"],
        Look(
            "elbv2",
            "ModifyLoadBalancerAttributes",
            {"LoadBalancerArn": "{id}", "Attributes": [{"Key": "idle_timeout.timeout_seconds", "Value": "30"}]},
        ),
        {"idleTimeout": 30},
        needs=("log_writer",),
    ),
    "targets": Example(
        "aws:lb/targetGroup:TargetGroup",
        {
            "name": "chat",
            "vpcId": "{vpc.id}",
            "targetType": "ip",
            "protocol": "HTTP",
            "port": 8080,
            "loadBalancingAlgorithmType": "round_robin",
            "stickiness": {"type": "lb_cookie", "enabled": True, "cookieDuration": 86400},
            "deregistrationDelay": 300,
            "healthCheck": HEALTH,
            "tags": {"a": "b"},
        },
        Look(
            "elbv2",
            "DescribeTargetGroups",
            {"TargetGroupArns": ["{id}"]},
            "TargetGroups[0].[TargetType, HealthCheckPath, HealthCheckIntervalSeconds]",
        ),
        ["ip", "/health", 10],
        {"healthCheck": {**HEALTH, "interval": 20}, "deregistrationDelay": 60},
        ["ip", "/health", 20],
        Look(
            "elbv2",
            "ModifyTargetGroupAttributes",
            {
                "TargetGroupArn": "{id}",
                "Attributes": [{"Key": "deregistration_delay.timeout_seconds", "Value": "5"}],
            },
        ),
        {"deregistrationDelay": 5},
    ),
    "redirect": Example(
        "aws:lb/listener:Listener",
        {
            "loadBalancerArn": "{balancer.arn}",
            "port": 80,
            "protocol": "HTTP",
            "defaultActions": [
                {"type": "redirect", "redirect": {"port": "443", "protocol": "HTTPS", "statusCode": "HTTP_301"}}
            ],
        },
        Look(
            "elbv2",
            "DescribeListeners",
            {"ListenerArns": ["{id}"]},
            "Listeners[0].DefaultActions[0].RedirectConfig.StatusCode",
        ),
        "HTTP_301",
        {
            "defaultActions": [
                {"type": "redirect", "redirect": {"port": "443", "protocol": "HTTPS", "statusCode": "HTTP_302"}}
            ]
        },
        "HTTP_302",
    ),
    "listener": Example(
        "aws:lb/listener:Listener",
        {
            "loadBalancerArn": "{balancer.arn}",
            "port": 443,
            "protocol": "HTTPS",
            "sslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
            "certificateArn": "{validation.certificateArn}",
            "routingHttpResponseStrictTransportSecurityHeaderValue": "max-age=31536000",
            "routingHttpResponseServerEnabled": False,
            "defaultActions": [{"type": "forward", "targetGroupArn": "{targets.arn}"}],
            "tags": {"a": "b"},
        },
        Look(
            "elbv2",
            "DescribeListeners",
            {"ListenerArns": ["{id}"]},
            "Listeners[0].[Port, SslPolicy, length(Certificates)]",
        ),
        [443, "ELBSecurityPolicy-TLS13-1-2-2021-06", 1],
        {"sslPolicy": "ELBSecurityPolicy-TLS13-1-3-2021-06"},
        [443, "ELBSecurityPolicy-TLS13-1-3-2021-06", 1],
    ),
    "listener_rule": Example(
        "aws:lb/listenerRule:ListenerRule",
        {
            "listenerArn": "{listener.arn}",
            "priority": 10,
            "conditions": [{"pathPattern": {"values": ["/admin/*"]}}],
            "actions": [
                {
                    "type": "fixed-response",
                    "fixedResponse": {"contentType": "text/plain", "statusCode": "404", "messageBody": "no"},
                }
            ],
        },
        Look(
            "elbv2",
            "DescribeRules",
            {"RuleArns": ["{id}"]},
            "Rules[0].[Priority, Conditions[0].PathPatternConfig.Values[0]]",
        ),
        ["10", "/admin/*"],
        {"priority": 20, "conditions": [{"pathPattern": {"values": ["/other/*"]}}]},
        ["20", "/other/*"],
    ),
}
TASKS_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {
                    "Service": ["ecs-tasks.amazonaws.com", "codebuild.amazonaws.com", "codepipeline.amazonaws.com"]
                },
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
LOG = {
    "logDriver": "awslogs",
    "options": {"awslogs-group": "/app/web", "awslogs-region": "eu-west-3", "awslogs-stream-prefix": "chat"},
}
CONTAINERS = [
    {
        "name": "chat",
        "image": "123456789012.dkr.ecr.eu-west-3.amazonaws.com/chat@sha256:" + "a" * 64,
        "essential": True,
        "readonlyRootFilesystem": True,
        "user": "1000",
        "portMappings": [{"containerPort": 8080, "protocol": "tcp"}],
        "mountPoints": [{"sourceVolume": "secrets", "containerPath": "/run/secrets", "readOnly": True}],
        "linuxParameters": {"capabilities": {"drop": ["ALL"]}, "initProcessEnabled": True},
        "logConfiguration": LOG,
    }
]
CONTAINER_SERVICES = {
    "task_role": Example("aws:iam/role:Role", {"name": "task", "assumeRolePolicy": TASKS_TRUST}),
    "cluster": Example(
        "aws:ecs/cluster:Cluster",
        {"name": "chat", "settings": [{"name": "containerInsights", "value": "enabled"}], "tags": {"a": "b"}},
        Look(
            "ecs",
            "DescribeClusters",
            {"clusters": ["{id}"], "include": ["SETTINGS"]},
            "clusters[?status=='ACTIVE'] | [0].settings[0].value",
        ),
        "enabled",
        {"settings": [{"name": "containerInsights", "value": "disabled"}]},
        "disabled",
    ),
    "providers": Example(
        "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders",
        {
            "clusterName": "{cluster.name}",
            "capacityProviders": ["FARGATE"],
            "defaultCapacityProviderStrategies": [{"capacityProvider": "FARGATE", "base": 1, "weight": 100}],
        },
        Look("ecs", "DescribeClusters", {"clusters": ["{clusterName}"]}, "clusters[0].capacityProviders"),
        ["FARGATE"],
        {"capacityProviders": ["FARGATE", "FARGATE_SPOT"]},
        ["FARGATE", "FARGATE_SPOT"],
    ),
    "task": Example(
        "aws:ecs/taskDefinition:TaskDefinition",
        {
            "family": "chat-gateway",
            "requiresCompatibilities": ["FARGATE"],
            "networkMode": "awsvpc",
            "cpu": "512",
            "memory": "1024",
            "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
            "taskRoleArn": "{task_role.arn}",
            "executionRoleArn": "{task_role.arn}",
            "volumes": [{"name": "secrets"}],
            "containerDefinitions": json.dumps(CONTAINERS),
            "tags": {"a": "b"},
        },
        Look(
            "ecs",
            "DescribeTaskDefinition",
            {"taskDefinition": "{id}"},
            "taskDefinition.[status, cpu, containerDefinitions[0].readonlyRootFilesystem]",
        ),
        ["ACTIVE", "512", True],
        stays=True,
    ),
    "service": Example(
        "aws:ecs/service:Service",
        {
            "name": "gateway",
            "cluster": "{cluster.arn}",
            "taskDefinition": "{task.arn}",
            "desiredCount": 3,
            "launchType": "FARGATE",
            "platformVersion": "1.4.0",
            "availabilityZoneRebalancing": "ENABLED",
            "networkConfiguration": {
                "subnets": ["{subnet_b.id}"],
                "securityGroups": ["{group.id}"],
                "assignPublicIp": False,
            },
            "loadBalancers": [{"targetGroupArn": "{targets.arn}", "containerName": "chat", "containerPort": 8080}],
            "serviceRegistries": {"registryArn": "{discovery.arn}"},
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
            "deploymentMinimumHealthyPercent": 100,
            "deploymentMaximumPercent": 150,
            "alarms": {"enable": True, "rollback": True, "alarmNames": ["{alarm.name}"]},
            "healthCheckGracePeriodSeconds": 60,
            "propagateTags": "SERVICE",
            "enableEcsManagedTags": True,
        },
        Look(
            "ecs",
            "DescribeServices",
            {"cluster": "{cluster}", "services": ["{id}"]},
            "services[?status=='ACTIVE'] | [0].[desiredCount, launchType, "
            "networkConfiguration.awsvpcConfiguration.assignPublicIp]",
        ),
        [3, "FARGATE", "DISABLED"],
        {"desiredCount": 5},
        [5, "FARGATE", "DISABLED"],
        Look("ecs", "UpdateService", {"cluster": "{cluster}", "service": "{id}", "desiredCount": 1}),
        {"desiredCount": 1},
        needs=("listener",),
    ),
}
SCALED = {
    "serviceNamespace": "ecs",
    "resourceId": "service/{cluster.name}/{service.name}",
    "scalableDimension": "ecs:service:DesiredCount",
}
SCALING = {
    "scaled": Example(
        "aws:appautoscaling/target:Target",
        {**SCALED, "minCapacity": 2, "maxCapacity": 10},
        Look(
            "application-autoscaling",
            "DescribeScalableTargets",
            {"ServiceNamespace": "ecs"},
            "ScalableTargets[0].MaxCapacity",
        ),
        10,
        {"maxCapacity": 20},
        20,
    ),
    "tracking": Example(
        "aws:appautoscaling/policy:Policy",
        {
            **SCALED,
            "name": "connections",
            "policyType": "TargetTrackingScaling",
            "targetTrackingScalingPolicyConfiguration": {
                "targetValue": 500,
                "scaleOutCooldown": 60,
                "scaleInCooldown": 600,
                "customizedMetricSpecification": {
                    "metrics": [
                        {
                            "id": "own",
                            "returnData": True,
                            "metricStat": {
                                "stat": "Average",
                                "metric": {
                                    "namespace": "Chat",
                                    "metricName": "Connections",
                                    "dimensions": [{"name": "Service", "value": "gateway"}],
                                },
                            },
                        }
                    ]
                },
            },
        },
        Look(
            "application-autoscaling",
            "DescribeScalingPolicies",
            {"ServiceNamespace": "ecs"},
            "ScalingPolicies[0].TargetTrackingScalingPolicyConfiguration.TargetValue",
        ),
        500.0,
        needs=("scaled",),
    ),
    "by_time": Example(
        "aws:appautoscaling/scheduledAction:ScheduledAction",
        {
            **SCALED,
            "name": "night",
            "schedule": "cron(0 23 * * ? *)",
            "timezone": "Europe/Paris",
            "scalableTargetAction": {"minCapacity": 1, "maxCapacity": 10},
        },
        Look(
            "application-autoscaling",
            "DescribeScheduledActions",
            {"ServiceNamespace": "ecs"},
            "ScheduledActions[0].[Schedule, ScalableTargetAction.MinCapacity]",
        ),
        ["cron(0 23 * * ? *)", 1],
        {"scalableTargetAction": {"minCapacity": 2, "maxCapacity": 10}},
        ["cron(0 23 * * ? *)", 2],
        needs=("scaled",),
    ),
}
DEPLOYMENTS = {
    "pullers": Example(
        "aws:ecr/repositoryPolicy:RepositoryPolicy",
        {
            "repository": "{repository.name}",
            "policy": json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": ["ecr:BatchGetImage"]}],
                }
            ),
        },
        Look("ecr", "GetRepositoryPolicy", {"repositoryName": "a/b"}, "contains(policyText, 'BatchGetImage')"),
        True,
    ),
    "connection": Example(
        "aws:codestarconnections/connection:Connection", {"name": "sources", "providerType": "GitHub"}
    ),
    "application": Example("aws:codedeploy/application:Application", {"name": "chat", "computePlatform": "ECS"}),
    "deployments": Example(
        "aws:codedeploy/deploymentGroup:DeploymentGroup",
        {
            "appName": "{application.name}",
            "deploymentGroupName": "gateway",
            "serviceRoleArn": "{task_role.arn}",
            "deploymentConfigName": "CodeDeployDefault.ECSAllAtOnce",
            "deploymentStyle": {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
            "autoRollbackConfiguration": {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]},
            "ecsService": {"clusterName": "chat", "serviceName": "gateway"},
        },
        update={"autoRollbackConfiguration": {"enabled": False}},
    ),
}
ACCOUNT_WIDE = {
    "trail": Example(
        "aws:cloudtrail/trail:Trail",
        {
            "name": "everything",
            "s3BucketName": "{logs_bucket.id}",
            "isMultiRegionTrail": True,
            "includeGlobalServiceEvents": True,
            "enableLogFileValidation": True,
            "eventSelectors": [{"readWriteType": "All", "includeManagementEvents": True}],
            "tags": {"a": "b"},
        },
        Look(
            "cloudtrail",
            "DescribeTrails",
            {"trailNameList": ["everything"]},
            "trailList[0].[IsMultiRegionTrail, LogFileValidationEnabled]",
        ),
        [True, True],
        {"isMultiRegionTrail": False},
        [False, True],
        needs=("log_writer",),
    ),
    "secret": Example(
        "aws:secretsmanager/secret:Secret",
        {"name": "chat/token", "kmsKeyId": "{key.arn}", "recoveryWindowInDays": 0, "tags": {"a": "b"}},
        Look("secretsmanager", "DescribeSecret", {"SecretId": "{id}"}, "Name"),
        "chat/token",
        {"description": "x"},
        "chat/token",
        Look("secretsmanager", "UpdateSecret", {"SecretId": "{id}", "Description": "y"}),
        {"description": "y"},
    ),
    "secret_version": Example(
        "aws:secretsmanager/secretVersion:SecretVersion",
        {"secretId": "{secret.id}", "secretString": "very secret"},
        Look("secretsmanager", "GetSecretValue", {"SecretId": "{secretId}"}, "SecretString"),
        "very secret",
        stays=True,
    ),
    "budget": Example(
        "aws:budgets/budget:Budget",
        {
            "name": "month",
            "budgetType": "COST",
            "limitAmount": "2500",
            "limitUnit": "USD",
            "timeUnit": "MONTHLY",
            "notifications": [
                {
                    "comparisonOperator": "GREATER_THAN",
                    "notificationType": "FORECASTED",
                    "threshold": 90,
                    "thresholdType": "PERCENTAGE",
                    "subscriberEmailAddresses": ["a@example.eu"],
                }
            ],
        },
        Look(
            "budgets",
            "DescribeBudget",
            {"AccountId": "123456789012", "BudgetName": "month"},
            "Budget.BudgetLimit.Amount",
            region="us-east-1",
        ),
        "2500",
        {"limitAmount": "3000"},
        "3000",
    ),
}
SERVICES = {
    **NAMES,
    **BALANCING,
    **CONTAINER_SERVICES,
    **SCALING,
    **DEPLOYMENTS,
    **ACCOUNT_WIDE,
}
