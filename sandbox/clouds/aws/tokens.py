"""Types that several services refer to."""

from typing import Final

BUCKET: Final = "aws:s3/bucket:Bucket"
KEY: Final = "aws:kms/key:Key"
LOG_GROUP: Final = "aws:cloudwatch/logGroup:LogGroup"
QUEUE: Final = "aws:sqs/queue:Queue"
ROLE: Final = "aws:iam/role:Role"
TOPIC: Final = "aws:sns/topic:Topic"
FUNCTION: Final = "aws:lambda/function:Function"
TABLE: Final = "aws:dynamodb/table:Table"
CERTIFICATE: Final = "aws:acm/certificate:Certificate"
BALANCER: Final = "aws:lb/loadBalancer:LoadBalancer"
ZONE: Final = "aws:route53/zone:Zone"
METRIC_ALARM: Final = "aws:cloudwatch/metricAlarm:MetricAlarm"
