"""Examples: tables, functions, APIs, users, delivery, firewalls and events."""

from __future__ import annotations

import json

from sandbox.properties import ARCHIVE_SIGNATURE, ASSET_SIGNATURE, SIGNATURE_KEY, Properties
from tests.unit.sandbox.aws.world import Example, Look


def code(text: str) -> Properties:
    """An archive of one file, as the engine sends it."""
    file = {SIGNATURE_KEY: ASSET_SIGNATURE, "hash": str(abs(hash(text))), "text": text}
    return {SIGNATURE_KEY: ARCHIVE_SIGNATURE, "hash": f"a{abs(hash(text))}", "assets": {"main.py": file}}


TABLES = {
    "table": Example(
        "aws:dynamodb/table:Table",
        {
            "name": "readings",
            "billingMode": "PAY_PER_REQUEST",
            "hashKey": "sensor",
            "rangeKey": "at",
            "attributes": [
                {"name": "sensor", "type": "S"},
                {"name": "at", "type": "N"},
                {"name": "day", "type": "S"},
            ],
            "globalSecondaryIndexes": [{"name": "by-day", "hashKey": "day", "rangeKey": "at", "projectionType": "ALL"}],
            "ttl": {"attributeName": "expires", "enabled": True},
            "pointInTimeRecovery": {"enabled": True},
            "serverSideEncryption": {"enabled": True, "kmsKeyArn": "{key.arn}"},
            "streamEnabled": True,
            "streamViewType": "NEW_AND_OLD_IMAGES",
            "tags": {"a": "b"},
        },
        Look(
            "dynamodb",
            "DescribeTable",
            {"TableName": "readings"},
            "Table.[length(KeySchema), GlobalSecondaryIndexes[0].IndexName, StreamSpecification.StreamEnabled, "
            "SSEDescription.SSEType]",
        ),
        [2, "by-day", True, "KMS"],
        {"pointInTimeRecovery": {"enabled": False}, "streamEnabled": False, "streamViewType": None},
        [2, "by-day", None, "KMS"],
        Look(
            "dynamodb",
            "UpdateContinuousBackups",
            {
                "TableName": "readings",
                "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            },
        ),
        {"pointInTimeRecovery": {"enabled": True, "recoveryPeriodInDays": 35}},
    ),
}
FUNCTIONS = {
    "function": Example(
        "aws:lambda/function:Function",
        {
            "name": "ingest",
            "role": "{role.arn}",
            "runtime": "python3.13",
            "handler": "main.handler",
            "code": code("def handler(event, context):\n    return 1\n"),
            "memorySize": 256,
            "timeout": 30,
            "environment": {"variables": {"TABLE": "readings"}},
            "deadLetterConfig": {"targetArn": "{dead.arn}"},
            "reservedConcurrentExecutions": 5,
            "tracingConfig": {"mode": "Active"},
            "tags": {"a": "b"},
        },
        Look(
            "lambda",
            "GetFunction",
            {"FunctionName": "ingest"},
            "Configuration.[MemorySize, Environment.Variables.TABLE, Handler]",
        ),
        [256, "readings", "main.handler"],
        {"memorySize": 512, "environment": {"variables": {"TABLE": "others"}}},
        [512, "others", "main.handler"],
        Look("lambda", "UpdateFunctionConfiguration", {"FunctionName": "ingest", "MemorySize": 1024}),
        {"memorySize": 1024},
    ),
    "feed": Example(
        "aws:lambda/eventSourceMapping:EventSourceMapping",
        {
            "functionName": "{function.arn}",
            "eventSourceArn": "{queue.arn}",
            "batchSize": 10,
            "functionResponseTypes": ["ReportBatchItemFailures"],
        },
        Look("lambda", "GetEventSourceMapping", {"UUID": "{id}"}, "BatchSize"),
        10,
        {"batchSize": 5},
        5,
    ),
    "permission": Example(
        "aws:lambda/permission:Permission",
        {
            "statementId": "topic",
            "function": "{function.name}",
            "action": "lambda:InvokeFunction",
            "principal": "sns.amazonaws.com",
            "sourceArn": "{topic.arn}",
        },
        Look("lambda", "GetPolicy", {"FunctionName": "ingest"}, "contains(Policy, 'sns.amazonaws.com')"),
        True,
        stays=True,
    ),
    "alias_of_function": Example(
        "aws:lambda/alias:Alias",
        {"name": "live", "functionName": "{function.name}", "functionVersion": "$LATEST"},
        Look("lambda", "GetAlias", {"FunctionName": "ingest", "Name": "live"}, "FunctionVersion"),
        "$LATEST",
        {"description": "what is live"},
        "$LATEST",
    ),
    "invoke_config": Example(
        "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
        {
            "functionName": "{function.name}",
            "maximumRetryAttempts": 1,
            "destinationConfig": {"onFailure": {"destination": "{dead.arn}"}},
        },
        Look("lambda", "GetFunctionEventInvokeConfig", {"FunctionName": "ingest"}, "MaximumRetryAttempts"),
        1,
        {"maximumRetryAttempts": 2},
        2,
    ),
}
APIS = {
    "api": Example(
        "aws:apigatewayv2/api:Api",
        {
            "name": "query",
            "protocolType": "HTTP",
            "corsConfiguration": {"allowOrigins": ["https://a.example.org"], "allowMethods": ["GET"], "maxAge": 60},
            "tags": {"a": "b"},
        },
        Look("apigatewayv2", "GetApi", {"ApiId": "{id}"}, "[ProtocolType, CorsConfiguration.AllowMethods[0]]"),
        ["HTTP", "GET"],
        {"description": "x", "corsConfiguration": {"allowMethods": ["POST"]}},
        ["HTTP", "POST"],
        Look("apigatewayv2", "UpdateApi", {"ApiId": "{id}", "Description": "y"}),
        {"description": "y"},
    ),
    "stage": Example(
        "aws:apigatewayv2/stage:Stage",
        {
            "apiId": "{api.id}",
            "name": "$default",
            "autoDeploy": True,
            "accessLogSettings": {"destinationArn": "{log_group.arn}", "format": "$context.requestId"},
            "defaultRouteSettings": {"throttlingBurstLimit": 50, "throttlingRateLimit": 25},
        },
        Look(
            "apigatewayv2",
            "GetStage",
            {"ApiId": "{apiId}", "StageName": "$default"},
            "[AutoDeploy, DefaultRouteSettings.ThrottlingBurstLimit]",
        ),
        [True, 50],
    ),
    "integration": Example(
        "aws:apigatewayv2/integration:Integration",
        {
            "apiId": "{api.id}",
            "integrationType": "AWS_PROXY",
            "integrationUri": "{function.invokeArn}",
            "payloadFormatVersion": "2.0",
            "timeoutMilliseconds": 5000,
        },
        Look("apigatewayv2", "GetIntegration", {"ApiId": "{apiId}", "IntegrationId": "{id}"}, "TimeoutInMillis"),
        5000,
        {"timeoutMilliseconds": 6000},
        6000,
    ),
    "authorizer": Example(
        "aws:apigatewayv2/authorizer:Authorizer",
        {
            "apiId": "{api.id}",
            "name": "users",
            "authorizerType": "JWT",
            "identitySources": ["$request.header.Authorization"],
            "jwtConfiguration": {"issuer": "https://{pool.endpoint}", "audiences": ["{client.id}"]},
        },
        Look(
            "apigatewayv2",
            "GetAuthorizer",
            {"ApiId": "{apiId}", "AuthorizerId": "{id}"},
            "length(JwtConfiguration.Audience)",
        ),
        1,
    ),
    "api_route": Example(
        "aws:apigatewayv2/route:Route",
        {
            "apiId": "{api.id}",
            "routeKey": "GET /readings",
            "target": "integrations/{integration.id}",
            "authorizationType": "JWT",
            "authorizerId": "{authorizer.id}",
        },
        Look("apigatewayv2", "GetRoute", {"ApiId": "{apiId}", "RouteId": "{id}"}, "RouteKey"),
        "GET /readings",
        {"routeKey": "GET /sensors"},
        "GET /sensors",
    ),
}
USERS = {
    "pool": Example(
        "aws:cognito/userPool:UserPool",
        {
            "name": "people",
            "passwordPolicy": {
                "minimumLength": 14,
                "requireLowercase": True,
                "requireNumbers": True,
                "requireSymbols": False,
                "requireUppercase": True,
                "temporaryPasswordValidityDays": 1,
            },
            "mfaConfiguration": "OPTIONAL",
            "softwareTokenMfaConfiguration": {"enabled": True},
            "adminCreateUserConfig": {"allowAdminCreateUserOnly": True},
            "accountRecoverySetting": {"recoveryMechanisms": [{"name": "verified_email", "priority": 1}]},
            "tags": {"a": "b"},
        },
        Look(
            "cognito-idp",
            "DescribeUserPool",
            {"UserPoolId": "{id}"},
            "UserPool.[Name, Policies.PasswordPolicy.MinimumLength]",
        ),
        ["people", 14],
        {
            "passwordPolicy": {
                "minimumLength": 20,
                "requireLowercase": True,
                "requireNumbers": True,
                "requireSymbols": False,
                "requireUppercase": True,
                "temporaryPasswordValidityDays": 1,
            }
        },
        ["people", 20],
    ),
    "client": Example(
        "aws:cognito/userPoolClient:UserPoolClient",
        {
            "name": "dashboard",
            "userPoolId": "{pool.id}",
            "generateSecret": True,
            "allowedOauthFlows": ["code"],
            "allowedOauthFlowsUserPoolClient": True,
            "allowedOauthScopes": ["openid"],
            "callbackUrls": ["https://a.example.org/"],
            "supportedIdentityProviders": ["COGNITO"],
        },
        Look(
            "cognito-idp",
            "DescribeUserPoolClient",
            {"UserPoolId": "{userPoolId}", "ClientId": "{id}"},
            "UserPoolClient.CallbackURLs",
        ),
        ["https://a.example.org/"],
        {"callbackUrls": ["https://b.example.org/"]},
        ["https://b.example.org/"],
    ),
    "sign_in": Example(
        "aws:cognito/userPoolDomain:UserPoolDomain",
        {"domain": "sensors-of-ours", "userPoolId": "{pool.id}"},
        Look("cognito-idp", "DescribeUserPoolDomain", {"Domain": "sensors-of-ours"}, "DomainDescription.Domain"),
        "sensors-of-ours",
    ),
    "resource_server": Example(
        "aws:cognito/resourceServer:ResourceServer",
        {
            "identifier": "readings",
            "name": "readings",
            "userPoolId": "{pool.id}",
            "scopes": [{"scopeName": "read", "scopeDescription": "to read"}],
        },
        update={"name": "others"},
    ),
}
BEHAVIOR = {
    "targetOriginId": "pages",
    "viewerProtocolPolicy": "redirect-to-https",
    "allowedMethods": ["GET", "HEAD"],
    "cachedMethods": ["GET", "HEAD"],
    "compress": True,
    "cachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
    "responseHeadersPolicyId": "{headers.id}",
}
DELIVERY = {
    "access": Example(
        "aws:cloudfront/originAccessControl:OriginAccessControl",
        {
            "name": "pages",
            "originAccessControlOriginType": "s3",
            "signingBehavior": "always",
            "signingProtocol": "sigv4",
        },
        Look(
            "cloudfront",
            "GetOriginAccessControl",
            {"Id": "{id}"},
            "OriginAccessControl.OriginAccessControlConfig.[Name, SigningBehavior]",
        ),
        ["pages", "always"],
        {"signingBehavior": "no-override"},
        ["pages", "no-override"],
    ),
    "headers": Example(
        "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy",
        {
            "name": "strict",
            "securityHeadersConfig": {
                "contentTypeOptions": {"override": True},
                "frameOptions": {"frameOption": "DENY", "override": True},
                "strictTransportSecurity": {"accessControlMaxAgeSec": 31536000, "override": True},
                "contentSecurityPolicy": {"contentSecurityPolicy": "default-src 'self'", "override": True},
            },
            "customHeadersConfig": {
                "items": [{"header": "Permissions-Policy", "value": "camera=()", "override": True}]
            },
        },
        update={"comment": "x"},
    ),
    "edge": Example(
        "aws:cloudfront/function:Function",
        {"name": "index", "runtime": "cloudfront-js-2.0", "code": "function handler(event) { return event.request; }"},
        Look("cloudfront", "DescribeFunction", {"Name": "index"}, "FunctionSummary.FunctionConfig.Runtime"),
        "cloudfront-js-2.0",
        {"comment": "rewrites"},
        "cloudfront-js-2.0",
    ),
    "distribution": Example(
        "aws:cloudfront/distribution:Distribution",
        {
            "enabled": True,
            "defaultRootObject": "index.html",
            "origins": [
                {
                    "originId": "pages",
                    "domainName": "{bucket.bucketRegionalDomainName}",
                    "originAccessControlId": "{access.id}",
                },
                {
                    "originId": "api",
                    "domainName": "api.example.org",
                    "customOriginConfig": {
                        "httpPort": 80,
                        "httpsPort": 443,
                        "originProtocolPolicy": "https-only",
                        "originSslProtocols": ["TLSv1.2"],
                    },
                    "customHeaders": [{"name": "x-from", "value": "edge"}],
                },
            ],
            "defaultCacheBehavior": {
                **BEHAVIOR,
                "functionAssociations": [{"eventType": "viewer-request", "functionArn": "{edge.arn}"}],
            },
            "orderedCacheBehaviors": [{**BEHAVIOR, "targetOriginId": "api", "pathPattern": "/api/*"}],
            "restrictions": {"geoRestriction": {"restrictionType": "whitelist", "locations": ["FR", "DE"]}},
            "viewerCertificate": {"cloudfrontDefaultCertificate": True},
            "customErrorResponses": [{"errorCode": 403, "responseCode": 404, "responsePagePath": "/404.html"}],
            "priceClass": "PriceClass_100",
            "httpVersion": "http2and3",
            "isIpv6Enabled": True,
            "tags": {"a": "b"},
        },
        Look(
            "cloudfront",
            "GetDistribution",
            {"Id": "{id}"},
            "Distribution.DistributionConfig.[Enabled, Origins.Quantity, Comment]",
        ),
        [True, 2, ""],
        {"comment": "other"},
        [True, 2, "other"],
    ),
}
RULES = [
    {
        "name": "common",
        "priority": 1,
        "overrideAction": {"none": {}},
        "statement": {"managedRuleGroupStatement": {"name": "AWSManagedRulesCommonRuleSet", "vendorName": "AWS"}},
        "visibilityConfig": {"cloudwatchMetricsEnabled": True, "metricName": "common", "sampledRequestsEnabled": True},
    },
    {
        "name": "rate",
        "priority": 2,
        "action": {"block": {}},
        "statement": {"rateBasedStatement": {"limit": 2000, "aggregateKeyType": "IP"}},
        "visibilityConfig": {"cloudwatchMetricsEnabled": True, "metricName": "rate", "sampledRequestsEnabled": True},
    },
]
FIREWALLS = {
    "acl": Example(
        "aws:wafv2/webAcl:WebAcl",
        {
            "name": "front",
            "scope": "REGIONAL",
            "defaultAction": {"allow": {}},
            "rules": RULES,
            "visibilityConfig": {
                "cloudwatchMetricsEnabled": True,
                "metricName": "front",
                "sampledRequestsEnabled": False,
            },
            "tags": {"a": "b"},
        },
        Look(
            "wafv2",
            "GetWebACL",
            {"Name": "front", "Scope": "REGIONAL", "Id": "{id}"},
            "WebACL.[length(Rules), Rules[1].Statement.RateBasedStatement.Limit]",
        ),
        [2, 2000],
        {"rules": RULES[:1]},
        [1, None],
    ),
    "waf_group": Example("aws:cloudwatch/logGroup:LogGroup", {"name": "aws-waf-logs-front"}),
    "acl_logs": Example(
        "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
        {
            "resourceArn": "{acl.arn}",
            "logDestinationConfigs": ["{waf_group.arn}"],
            "redactedFields": [{"singleHeader": {"name": "cookie"}}],
        },
        Look(
            "wafv2",
            "GetLoggingConfiguration",
            {"ResourceArn": "{id}"},
            "LoggingConfiguration.RedactedFields[0].SingleHeader.Name",
        ),
        "cookie",
        {"redactedFields": [{"singleHeader": {"name": "authorization"}}]},
        "authorization",
    ),
    "acl_use": Example(
        "aws:wafv2/webAclAssociation:WebAclAssociation",
        {"webAclArn": "{acl.arn}", "resourceArn": "{stage.arn}"},
        Look("wafv2", "GetWebACLForResource", {"ResourceArn": "{resourceArn}"}, "WebACL.Name"),
        "front",
    ),
}
TIMES = {
    "rule": Example(
        "aws:cloudwatch/eventRule:EventRule",
        {"name": "nightly", "scheduleExpression": "cron(0 3 * * ? *)", "tags": {"a": "b"}},
        Look("events", "DescribeRule", {"Name": "nightly"}, "ScheduleExpression"),
        "cron(0 3 * * ? *)",
        {"scheduleExpression": "rate(5 minutes)"},
        "rate(5 minutes)",
        Look("events", "PutRule", {"Name": "nightly", "ScheduleExpression": "rate(9 minutes)"}),
        {"scheduleExpression": "rate(9 minutes)"},
    ),
    "target": Example(
        "aws:cloudwatch/eventTarget:EventTarget",
        {
            "rule": "{rule.name}",
            "targetId": "function",
            "arn": "{function.arn}",
            "retryPolicy": {"maximumRetryAttempts": 2, "maximumEventAgeInSeconds": 600},
            "deadLetterConfig": {"arn": "{dead.arn}"},
        },
        Look("events", "ListTargetsByRule", {"Rule": "nightly"}, "Targets[0].RetryPolicy.MaximumRetryAttempts"),
        2,
        {"input": json.dumps({"a": 1})},
        2,
    ),
    "schedule": Example(
        "aws:scheduler/schedule:Schedule",
        {
            "name": "sum-up",
            "scheduleExpression": "rate(1 hours)",
            "flexibleTimeWindow": {"mode": "OFF"},
            "target": {"arn": "{function.arn}", "roleArn": "{role.arn}", "retryPolicy": {"maximumRetryAttempts": 3}},
        },
        Look(
            "scheduler",
            "GetSchedule",
            {"Name": "sum-up"},
            "[ScheduleExpression, Target.RetryPolicy.MaximumRetryAttempts]",
        ),
        ["rate(1 hours)", 3],
        {"scheduleExpression": "rate(2 hours)"},
        ["rate(2 hours)", 3],
        Look("scheduler", "DeleteSchedule", {"Name": "sum-up"}),
    ),
}
SERVERLESS = {**TABLES, **FUNCTIONS, **APIS, **USERS, **DELIVERY, **FIREWALLS, **TIMES}
