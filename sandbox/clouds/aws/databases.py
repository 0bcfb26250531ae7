"""Caches and databases that AWS runs."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, Final

from sandbox import rules
from sandbox.cloud import Call, CloudError, Kind, Reference
from sandbox.clouds.aws.base import CATALOG, Api, AwsKind, Named, Reading, added, always, known_only, removed
from sandbox.clouds.aws.ec2 import GROUPS, SUBNET
from sandbox.clouds.aws.kms import key
from sandbox.clouds.aws.tokens import LOG_GROUP, ROLE, TOPIC
from sandbox.properties import Properties, find
from sandbox.schema import Failure
from sandbox.store import Row

CACHE_SUBNETS: Final = "aws:elasticache/subnetGroup:SubnetGroup"
CACHE_PARAMETERS: Final = "aws:elasticache/parameterGroup:ParameterGroup"
CACHE_USER: Final = "aws:elasticache/user:User"
CACHE_USERS: Final = "aws:elasticache/userGroup:UserGroup"
DOCUMENT_SUBNETS: Final = "aws:docdb/subnetGroup:SubnetGroup"
DOCUMENT_PARAMETERS: Final = "aws:docdb/clusterParameterGroup:ClusterParameterGroup"
DOCUMENT_CLUSTER: Final = "aws:docdb/cluster:Cluster"
SQL_SUBNETS: Final = "aws:rds/subnetGroup:SubnetGroup"
SQL_PARAMETERS: Final = "aws:rds/parameterGroup:ParameterGroup"
NAME: Final = r"^[a-z](?!.*--)[a-z0-9-]{0,%d}(?<!-)$"
NAME_IN_WORDS: Final = "1 to %d of a-z, 0-9 and -, beginning with a letter, not ending with - and without --"
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK: Final = r"([01]\d|2[0-3]):[0-5]\d"
WINDOW: Final = rf"^{_CLOCK}-{_CLOCK}$"
WEEKLY_WINDOW: Final = rf"^({'|'.join(DAYS)}):{_CLOCK}-({'|'.join(DAYS)}):{_CLOCK}$"
PASSWORD_CHARACTERS: Final = (16, 128)
BACKUP_DAYS: Final = 35
_NAMESPACE: Final = uuid.UUID("6177732d-6461-7461-6261-736573000000")


def _windows(inputs: Properties, daily: str, weekly: str) -> Iterator[Failure]:
    yield from rules.matches(inputs, daily, WINDOW, "a time of the day in UTC such as 01:00-02:00")
    yield from rules.matches(inputs, weekly, WEEKLY_WINDOW, "a time of the week in UTC such as sun:02:00-sun:03:00")


def _zones(subnets: Iterable[str], call: Call) -> None:
    """Databases need two zones to choose from."""
    rows = [row for row in (call.get(SUBNET, identifier) for identifier in subnets) if row is not None]
    zones = {str(row.outputs.get("availabilityZone")) for row in rows}
    if len(zones) < 2:
        raise CloudError(
            f"DBSubnetGroupDoesNotCoverEnoughAZs: subnetIds: the subnets are in {', '.join(sorted(zones))} alone; accepted "
            "are two zones or more"
        )


def _named(inputs: Properties, name: str, longest: int) -> Iterator[Failure]:
    yield from rules.matches(inputs, name, NAME % (longest - 1), NAME_IN_WORDS % longest)


def _described(p: Properties) -> str:
    return str(p.get("description") or "Managed by Pulumi")


# ElastiCache


class CacheKind(AwsKind):
    """A resource of ElastiCache's API."""

    service = "elasticache"
    tag_operations: ClassVar[tuple[str, str] | None] = ("AddTagsToResource", "RemoveTagsFromResource")


class CacheSubnetGroup(CacheKind):
    """Where caches may be: moto cannot delete one, so that the sandbox's list alone keeps it."""

    token = CACHE_SUBNETS
    unique = frozenset({"name"})
    tag_operations = None
    references = (Reference("subnetIds[]", (SUBNET,)),)
    renames = {"name": "CacheSubnetGroupName"}
    creation = Api(
        "CreateCacheSubnetGroup",
        {"CacheSubnetGroupDescription": _described},
        mapped=True,
        takes=("description",),
        held=False,
    )
    changes = (creation,)
    identity = "{name}"
    outputs = {"arn": "arn:aws:elasticache:{region}:{account}:subnetgroup:{id}"}

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Names are ElastiCache's."""
        yield from super().check(inputs, call)
        yield from _named(inputs, "name", 255)

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """The VPC is that of the subnets."""
        subnets = [row for row in (call.get(SUBNET, one) for one in inputs["subnetIds"]) if row is not None]
        network = {"vpcId": subnets[0].outputs["vpcId"]} if subnets else {}
        return {**super().computed(identifier, inputs, call, existing), **network}


def _parameters(p: Properties) -> list[Properties] | None:
    return [{"ParameterName": one["name"], "ParameterValue": one["value"]} for one in p.get("parameters") or []] or None


class CacheParameterGroup(CacheKind):
    """How caches are configured: moto has none, so that the sandbox's list alone keeps it."""

    token = CACHE_PARAMETERS
    unique = frozenset({"name"})
    tag_operations = None
    renames = {"name": "CacheParameterGroupName", "family": "CacheParameterGroupFamily"}
    replace_on = frozenset({"family", "description"})
    creation = Api(
        "CreateCacheParameterGroup", {"Description": _described}, mapped=True, takes=("description",), held=False
    )
    settings = (
        Api(
            "ModifyCacheParameterGroup",
            {"CacheParameterGroupName": "{id}", "ParameterNameValues": known_only(_parameters, "parameters")},
            takes=("parameters",),
            held=False,
        ),
    )
    identity = "{name}"
    outputs = {"arn": "arn:aws:elasticache:{region}:{account}:parametergroup:{id}"}

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Families are those of the engines."""
        yield from super().check(inputs, call)
        yield from _named(inputs, "name", 255)
        families = ("valkey7", "valkey8", "valkey9", "redis6.x", "redis7", "memcached1.6")
        yield from rules.one_of(inputs, "family", families)


def _log_deliveries(p: Properties) -> list[Properties] | None:
    found = []
    for one in p.get("logDeliveryConfigurations") or []:
        stream = one["destinationType"] == "kinesis-firehose"
        details = (
            {"KinesisFirehoseDetails": {"DeliveryStream": one["destination"]}}
            if stream
            else {"CloudWatchLogsDetails": {"LogGroup": one["destination"]}}
        )
        kinds = {"LogType": one["logType"], "LogFormat": one["logFormat"], "DestinationType": one["destinationType"]}
        found.append({**kinds, "DestinationDetails": details})
    return found or None


def _replicas(p: Properties) -> int | None:
    nodes = p.get("numCacheClusters")
    return p.get("replicasPerNodeGroup") if nodes is None else int(nodes) - 1


class ReplicationGroup(CacheKind):
    """A cache with its replicas."""

    token = "aws:elasticache/replicationGroup:ReplicationGroup"
    naming = "replicationGroupId"
    unique = frozenset({"replicationGroupId"})
    hidden = frozenset({"authToken"})
    references = (
        Named("subnetGroupName", (CACHE_SUBNETS,), output="name"),
        Reference("securityGroupIds[]", GROUPS),
        Reference("userGroupIds[]", (CACHE_USERS,)),
        Reference("notificationTopicArn", (TOPIC,), output="arn"),
        Reference("logDeliveryConfigurations[].destination", (LOG_GROUP,)),
        key("kmsKeyId"),
    )
    replace_on = frozenset(
        {"engine", "subnetGroupName", "kmsKeyId", "atRestEncryptionEnabled", "port", "numNodeGroups", "networkType"}
    )
    renames = {
        "nodeType": "CacheNodeType",
        "parameterGroupName": "CacheParameterGroupName",
        "subnetGroupName": "CacheSubnetGroupName",
        "maintenanceWindow": "PreferredMaintenanceWindow",
        "description": "ReplicationGroupDescription",
    }
    apart = frozenset({"applyImmediately", "finalSnapshotIdentifier", "authTokenUpdateStrategy"})
    creation = Api(
        "CreateReplicationGroup",
        {
            "LogDeliveryConfigurations": known_only(_log_deliveries, "logDeliveryConfigurations"),
            "ReplicasPerNodeGroup": known_only(_replicas, "numCacheClusters", "replicasPerNodeGroup"),
            "NumCacheClusters": lambda _: None,  # the same in other words, which moto does not understand
        },
        mapped=True,
        takes=("logDeliveryConfigurations", "numCacheClusters", "replicasPerNodeGroup"),
        when=always,
    )
    changes = (
        Api(
            "ModifyReplicationGroup",
            {
                "ReplicationGroupId": "{id}",
                "LogDeliveryConfigurations": known_only(_log_deliveries, "logDeliveryConfigurations"),
                "ApplyImmediately": lambda _: True,
                "UserGroupIdsToAdd": added("userGroupIds"),
                "UserGroupIdsToRemove": removed("userGroupIds"),
            },
            mapped=True,
            takes=("logDeliveryConfigurations", "userGroupIds"),
            when=always,
        ),
    )
    identity = "{replicationGroupId}"
    deletion = (
        Api(
            "DeleteReplicationGroup",
            {"ReplicationGroupId": "{id}", "FinalSnapshotIdentifier": "{finalSnapshotIdentifier}"},
        ),
    )
    readings = (Reading("DescribeReplicationGroups", {"ReplicationGroupId": "{id}"}, "ReplicationGroups[0]"),)
    outputs = {
        "primaryEndpointAddress": "NodeGroups[0].PrimaryEndpoint.Address",
        "readerEndpointAddress": "NodeGroups[0].ReaderEndpoint.Address",
        "configurationEndpointAddress": "ConfigurationEndpoint.Address",
    }

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Failover needs somebody to fail over to; secrets need TLS."""
        yield from super().check(inputs, call)
        yield from _named(inputs, "replicationGroupId", 40)
        yield from rules.one_of(inputs, "nodeType", CATALOG.cache_types)
        yield from rules.one_of(inputs, "engine", ("valkey", "redis"))
        yield from rules.one_of(inputs, "transitEncryptionMode", ("preferred", "required"))
        yield from rules.between(inputs, "snapshotRetentionLimit", 0, BACKUP_DAYS, "days")
        yield from _windows(inputs, "snapshotWindow", "maintenanceWindow")
        nodes = inputs.get("numCacheClusters")
        if isinstance(nodes, int) and nodes < 2 and inputs.get("automaticFailoverEnabled"):
            yield Failure("numCacheClusters", f"is {nodes}; automaticFailoverEnabled accepts 2 to 6")
        yield from rules.between(inputs, "numCacheClusters", 1, 6)
        if inputs.get("multiAzEnabled") and not inputs.get("automaticFailoverEnabled"):
            yield Failure("multiAzEnabled", "needs automaticFailoverEnabled")
        for name in ("authToken", "userGroupIds"):
            if inputs.get(name) and not inputs.get("transitEncryptionEnabled"):
                yield Failure(name, "needs transitEncryptionEnabled")
        if inputs.get("authToken") and inputs.get("userGroupIds"):
            yield Failure("authToken", "and userGroupIds exclude each other")

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """A parameter group is AWS's own or must be there."""
        name = str(inputs.get("parameterGroupName") or "default.")
        if not name.startswith("default.") and call.get(CACHE_PARAMETERS, name) is None:
            raise CloudError(f"CacheParameterGroupNotFound: parameterGroupName: there is no ParameterGroup {name!r}")


class CacheUser(CacheKind):
    """Who may use caches, and for what. moto cannot change one: then the sandbox's list alone has the change."""

    token = CACHE_USER
    naming = "userId"
    autoname = False
    unique = frozenset({"userId"})
    hidden = frozenset({"passwords", "authenticationMode"})
    replace_on = frozenset({"userName"})
    creation = Api("CreateUser", mapped=True)
    changes = (
        Api(
            "ModifyUser",
            {
                "UserId": "{id}",
                "AccessString": "{accessString}",
                "Passwords": "{passwords}",
                "AuthenticationMode": "{authenticationMode}",
                "NoPasswordRequired": "{noPasswordRequired}",
                "Engine": "{engine}",
            },
            held=False,
        ),
    )
    identity = "{userId}"
    deletion = (
        Api("DeleteUser", {"UserId": "{id}"}),
        Api("DescribeUsers", {"UserId": "{id}"}),  # moto lets go of one when it is looked for
    )
    readings = (Reading("DescribeUsers", {"UserId": "{id}"}, "Users[0].{UserId: UserId, Arn: ARN}"),)

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Passwords are long."""
        yield from super().check(inputs, call)
        yield from rules.one_of(inputs, "engine", ("valkey", "redis"))
        least, most = PASSWORD_CHARACTERS
        for path in ("passwords[]", "authenticationMode.passwords[]"):
            for where, value in find(inputs, path):
                if not least <= len(str(value)) <= most:
                    yield Failure(where, f"has {len(str(value))} characters, but accepted are {least} to {most}")


class CacheUserGroup(CacheKind):
    """Users of a cache: moto has no groups, so that the sandbox's list alone keeps it."""

    token = CACHE_USERS
    autoname = False
    naming = "userGroupId"
    tag_operations = None
    unique = frozenset({"userGroupId"})
    references = (Reference("userIds[]", (CACHE_USER,)),)
    creation = Api("CreateUserGroup", mapped=True, held=False)
    changes = (
        Api(
            "ModifyUserGroup",
            {"UserGroupId": "{id}", "UserIdsToAdd": added("userIds"), "UserIdsToRemove": removed("userIds")},
            takes=("userIds",),
            held=False,
        ),
    )
    identity = "{userGroupId}"
    outputs = {"arn": "arn:aws:elasticache:{region}:{account}:usergroup:{id}"}

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """Redis wants somebody by the name of default."""
        names = {row.outputs["userName"] for row in call.rows(CACHE_USER) if row.id in (inputs.get("userIds") or [])}
        if inputs["engine"] == "redis" and "default" not in names:
            raise CloudError("DefaultUserRequired: userIds: with engine redis, one user must have the userName default")


# RDS and DocumentDB, which share an API


def _resource_id(kind: str, p: Properties) -> str:
    """The name that AWS never gives to another."""
    return f"{kind}-{uuid.uuid5(_NAMESPACE, p['account'] + p['region'] + p['id']).hex.upper()[:26]}"


class DatabaseKind(AwsKind):
    """A resource of RDS's API."""

    service = "rds"
    tag_operations: ClassVar[tuple[str, str] | None] = ("AddTagsToResource", "RemoveTagsFromResource")


class _SubnetGroup(DatabaseKind):
    unique = frozenset({"name"})
    references = (Reference("subnetIds[]", (SUBNET,)),)
    renames = {"name": "DBSubnetGroupName", "description": "DBSubnetGroupDescription"}
    creation = Api("CreateDBSubnetGroup", {"DBSubnetGroupDescription": _described}, mapped=True, takes=("description",))
    changes = (
        Api(
            "ModifyDBSubnetGroup",
            {"DBSubnetGroupName": "{id}", "DBSubnetGroupDescription": _described},
            mapped=True,
            takes=("description",),
        ),
    )
    identity = "{name}"
    deletion = (Api("DeleteDBSubnetGroup", {"DBSubnetGroupName": "{id}"}),)
    readings = (Reading("DescribeDBSubnetGroups", {"DBSubnetGroupName": "{id}"}, "DBSubnetGroups[0]"),)
    outputs = {"arn": "arn:aws:rds:{region}:{account}:subgrp:{id}"}

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Names are RDS's."""
        yield from super().check(inputs, call)
        yield from _named(inputs, "name", 255)

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """Two zones."""
        _zones(inputs["subnetIds"], call)


class DocumentSubnetGroup(_SubnetGroup):
    """Where document databases may be."""

    token = DOCUMENT_SUBNETS
    service = "docdb"


class SqlSubnetGroup(_SubnetGroup):
    """Where SQL databases may be."""

    token = SQL_SUBNETS


def _applied(p: Properties) -> list[Properties] | None:
    return [
        {
            "ParameterName": one["name"],
            "ParameterValue": one["value"],
            "ApplyMethod": one.get("applyMethod") or "immediate",
        }
        for one in p.get("parameters") or []
    ] or None


class DocumentParameterGroup(DatabaseKind):
    """How document databases are configured."""

    token = DOCUMENT_PARAMETERS
    service = "docdb"
    unique = frozenset({"name"})
    replace_on = frozenset({"family", "description"})
    renames = {"name": "DBClusterParameterGroupName", "family": "DBParameterGroupFamily"}
    creation = Api("CreateDBClusterParameterGroup", {"Description": _described}, mapped=True, takes=("description",))
    settings = (
        Api(
            "ModifyDBClusterParameterGroup",
            {"DBClusterParameterGroupName": "{id}", "Parameters": known_only(_applied, "parameters")},
            takes=("parameters",),
        ),
    )
    identity = "{name}"
    deletion = (Api("DeleteDBClusterParameterGroup", {"DBClusterParameterGroupName": "{id}"}),)
    readings = (
        Reading(
            "DescribeDBClusterParameterGroups",
            {"DBClusterParameterGroupName": "{id}"},
            "DBClusterParameterGroups[0].{DBParameterGroupFamily: DBParameterGroupFamily, Description: Description}",
        ),
    )
    outputs = {"arn": "arn:aws:rds:{region}:{account}:cluster-pg:{id}"}

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Families are DocumentDB's."""
        yield from super().check(inputs, call)
        yield from _named(inputs, "name", 255)
        yield from rules.one_of(inputs, "family", ("docdb3.6", "docdb4.0", "docdb5.0", "docdb8.0"))


class SqlParameterGroup(DatabaseKind):
    """How SQL databases are configured."""

    token = SQL_PARAMETERS
    unique = frozenset({"name"})
    replace_on = frozenset({"family", "description"})
    apart = frozenset({"skipDestroy"})
    renames = {"name": "DBParameterGroupName", "family": "DBParameterGroupFamily"}
    creation = Api("CreateDBParameterGroup", {"Description": _described}, mapped=True, takes=("description",))
    settings = (
        Api(
            "ModifyDBParameterGroup",
            {"DBParameterGroupName": "{id}", "Parameters": known_only(_applied, "parameters")},
            takes=("parameters",),
        ),
    )
    identity = "{name}"
    deletion = (Api("DeleteDBParameterGroup", {"DBParameterGroupName": "{id}"}),)
    readings = (
        Reading(
            "DescribeDBParameterGroups",
            {"DBParameterGroupName": "{id}"},
            "DBParameterGroups[0].{DBParameterGroupFamily: DBParameterGroupFamily, Description: Description}",
        ),
    )
    outputs = {"arn": "arn:aws:rds:{region}:{account}:pg:{id}"}

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Names are RDS's."""
        yield from super().check(inputs, call)
        yield from _named(inputs, "name", 255)


def _check_deletion(inputs: Properties) -> Iterator[Failure]:
    if not inputs.get("skipFinalSnapshot") and inputs.get("finalSnapshotIdentifier") is None:
        yield Failure("finalSnapshotIdentifier", "is required unless skipFinalSnapshot is true")


def _check_owner(inputs: Properties, name: str, password: str) -> Iterator[Failure]:
    if inputs.get("manageMasterUserPassword"):
        if inputs.get(password) is not None:
            yield Failure(password, "and manageMasterUserPassword exclude each other")
    elif inputs.get(password) is None:
        yield Failure(password, "is required unless manageMasterUserPassword is true")
    if inputs.get(name) is None:
        yield Failure(name, "is required")


def _must_not_be_protected(row: Row) -> None:
    if row.outputs.get("deletionProtection"):
        raise CloudError(f"InvalidParameterCombination: {row.name} is protected; set deletionProtection to false first")


def _secrets(p: Properties) -> list[Properties] | None:
    """The secret in which AWS keeps an owner's password."""
    found = p["found"].get("MasterUserSecret") or {}
    if not p.get("manageMasterUserPassword"):
        return None
    kind = "cluster" if "clusterIdentifier" in p else "db"
    name = f"rds!{kind}-{p.get('clusterResourceId') or p.get('resourceId') or p['id']}"
    arn = found.get("SecretArn") or f"arn:aws:secretsmanager:{p['region']}:{p['account']}:secret:{name}"
    used = found.get("KmsKeyId") or p.get("masterUserSecretKmsKeyId") or p.get("kmsKeyId") or "aws/secretsmanager"
    return [{"secretArn": arn, "secretStatus": "active", "kmsKeyId": used}]


_EXPORTED: Final[dict[str, Any]] = {
    "CloudwatchLogsExportConfiguration": known_only(
        lambda p: _exports(p),
        "enabledCloudwatchLogsExports",
    )
}


def _exports(p: Properties) -> Properties | None:
    new, gone = added("enabledCloudwatchLogsExports")(p), removed("enabledCloudwatchLogsExports")(p)
    found = ({"EnableLogTypes": new} if new else {}) | ({"DisableLogTypes": gone} if gone else {})
    return found or None


class DocumentCluster(DatabaseKind):
    """A document database: moto has none, so that the sandbox's list alone keeps it."""

    token = DOCUMENT_CLUSTER
    service = "docdb"
    naming = "clusterIdentifier"
    unique = frozenset({"clusterIdentifier"})
    hidden = frozenset({"masterPassword"})
    references = (
        Reference("dbSubnetGroupName", (DOCUMENT_SUBNETS,)),
        Reference("vpcSecurityGroupIds[]", GROUPS),
        key("kmsKeyId"),
    )
    replace_on = frozenset(
        {"engine", "masterUsername", "storageEncrypted", "kmsKeyId", "dbSubnetGroupName", "availabilityZones"}
    )
    renames = {
        "clusterIdentifier": "DBClusterIdentifier",
        "masterPassword": "MasterUserPassword",
        "enabledCloudwatchLogsExports": "EnableCloudwatchLogsExports",
    }
    apart = frozenset({"applyImmediately", "skipFinalSnapshot", "finalSnapshotIdentifier", "allowMajorVersionUpgrade"})
    creation = Api(
        "CreateDBCluster",
        {"Engine": lambda p: p.get("engine") or "docdb"},
        mapped=True,
        takes=("engine",),
        held=False,
    )
    changes = (
        Api(
            "ModifyDBCluster",
            {"DBClusterIdentifier": "{id}", "ApplyImmediately": lambda _: True, **_EXPORTED},
            mapped=True,
            takes=("enabledCloudwatchLogsExports",),
            held=False,
        ),
    )
    identity = "{clusterIdentifier}"
    tag_operations = None
    outputs = {
        "arn": "arn:aws:rds:{region}:{account}:cluster:{id}",
        "clusterResourceId": lambda p: _resource_id("cluster", p),
        "endpoint": "{id}.cluster-sandbox.{region}.docdb.amazonaws.com",
        "readerEndpoint": "{id}.cluster-ro-sandbox.{region}.docdb.amazonaws.com",
        "masterUserSecrets": _secrets,
    }

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Names, windows and backups are DocumentDB's."""
        yield from super().check(inputs, call)
        yield from _named(inputs, "clusterIdentifier", 63)
        yield from _check_owner(inputs, "masterUsername", "masterPassword")
        yield from _check_deletion(inputs)
        yield from rules.one_of(inputs, "engine", ("docdb",))
        yield from rules.one_of(inputs, "enabledCloudwatchLogsExports[]", ("audit", "profiler"))
        yield from rules.between(inputs, "backupRetentionPeriod", 1, BACKUP_DAYS, "days")
        yield from _windows(inputs, "preferredBackupWindow", "preferredMaintenanceWindow")

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """A parameter group is AWS's own or must be there."""
        name = str(inputs.get("dbClusterParameterGroupName") or "default.")
        if not name.startswith("default.") and call.get(DOCUMENT_PARAMETERS, name) is None:
            raise CloudError(f"dbClusterParameterGroupName: there is no ClusterParameterGroup {name!r} in this account")

    def on_delete(self, row: Row, call: Call) -> None:
        """A protected one stays."""
        _must_not_be_protected(row)
        super().on_delete(row, call)


class DocumentInstance(DatabaseKind):
    """A machine of a document database, which the sandbox's list alone keeps, too."""

    token = "aws:docdb/clusterInstance:ClusterInstance"
    service = "docdb"
    naming = "identifier"
    unique = frozenset({"identifier"})
    references = (Reference("clusterIdentifier", (DOCUMENT_CLUSTER,)), key("performanceInsightsKmsKeyId"))
    replace_on = frozenset({"clusterIdentifier", "engine", "availabilityZone"})
    renames = {
        "identifier": "DBInstanceIdentifier",
        "clusterIdentifier": "DBClusterIdentifier",
        "instanceClass": "DBInstanceClass",
        "caCertIdentifier": "CACertificateIdentifier",
    }
    apart = frozenset({"applyImmediately"})
    creation = Api(
        "CreateDBInstance",
        {"Engine": lambda p: p.get("engine") or "docdb"},
        mapped=True,
        takes=("engine",),
        held=False,
    )
    changes = (Api("ModifyDBInstance", {"DBInstanceIdentifier": "{id}"}, mapped=True, held=False),)
    identity = "{identifier}"
    tag_operations = None
    outputs = {
        "arn": "arn:aws:rds:{region}:{account}:db:{id}",
        "dbiResourceId": lambda p: _resource_id("db", p),
        "endpoint": "{id}.sandbox.{region}.docdb.amazonaws.com",
    }

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Classes are those that DocumentDB offers, zones the region's."""
        yield from super().check(inputs, call)
        yield from _named(inputs, "identifier", 63)
        yield from rules.one_of(inputs, "instanceClass", CATALOG.document_types)
        yield from rules.between(inputs, "promotionTier", 0, 15)
        yield from _in_zone(inputs, self.region(inputs, call))


def _in_zone(inputs: Properties, region: str) -> Iterator[Failure]:
    offered = CATALOG.regions.get(region)
    yield from rules.one_of(inputs, "availabilityZone", offered.zones if offered else ())


class SqlInstance(DatabaseKind):
    """A SQL database."""

    token = "aws:rds/instance:Instance"
    naming = "identifier"
    unique = frozenset({"identifier"})
    hidden = frozenset({"password"})
    references = (
        Reference("dbSubnetGroupName", (SQL_SUBNETS,)),
        Reference("vpcSecurityGroupIds[]", GROUPS),
        Reference("monitoringRoleArn", (ROLE,), output="arn"),
        key("kmsKeyId"),
        key("masterUserSecretKmsKeyId"),
        key("performanceInsightsKmsKeyId"),
    )
    replace_on = frozenset({"engine", "username", "dbName", "storageEncrypted", "kmsKeyId", "availabilityZone"})
    renames = {
        "identifier": "DBInstanceIdentifier",
        "username": "MasterUsername",
        "password": "MasterUserPassword",
        "backupWindow": "PreferredBackupWindow",
        "maintenanceWindow": "PreferredMaintenanceWindow",
        "parameterGroupName": "DBParameterGroupName",
        "iamDatabaseAuthenticationEnabled": "EnableIAMDatabaseAuthentication",
        "enabledCloudwatchLogsExports": "EnableCloudwatchLogsExports",
        "performanceInsightsEnabled": "EnablePerformanceInsights",
        "caCertIdentifier": "CACertificateIdentifier",
        "port": "Port",
    }
    apart = frozenset(
        {
            "applyImmediately",
            "skipFinalSnapshot",
            "finalSnapshotIdentifier",
            "deleteAutomatedBackups",
            "allowMajorVersionUpgrade",
            "blueGreenUpdate",
        }
    )
    creation = Api("CreateDBInstance", mapped=True)
    changes = (
        Api(
            "ModifyDBInstance",
            {"DBInstanceIdentifier": "{id}", "ApplyImmediately": lambda _: True, **_EXPORTED},
            mapped=True,
            takes=("enabledCloudwatchLogsExports",),
        ),
    )
    identity = "{identifier}"
    deletion = (
        Api(
            "DeleteDBInstance",
            {
                "DBInstanceIdentifier": "{id}",
                "SkipFinalSnapshot": "{skipFinalSnapshot}",
                "FinalDBSnapshotIdentifier": "{finalSnapshotIdentifier}",
                "DeleteAutomatedBackups": "{deleteAutomatedBackups}",
            },
        ),
    )
    readings = (Reading("DescribeDBInstances", {"DBInstanceIdentifier": "{id}"}, "DBInstances[0]"),)
    outputs = {
        "arn": "DBInstanceArn",
        "address": "Endpoint.Address",
        "endpoint": lambda p: "{Address}:{Port}".format(**(p["found"].get("Endpoint") or {"Address": "", "Port": ""})),
        "hostedZoneId": "Endpoint.HostedZoneId",
        "port": "Endpoint.Port",
        "resourceId": "DbiResourceId",
        "status": "DBInstanceStatus",
        "engineVersionActual": "EngineVersion",
        "masterUserSecrets": _secrets,
    }
    engines: ClassVar[tuple[str, ...]] = ("mysql", "mariadb", "postgres")

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Names, sizes, windows and backups are RDS's."""
        yield from super().check(inputs, call)
        yield from _named(inputs, "identifier", 63)
        yield from rules.one_of(inputs, "engine", self.engines)
        yield from rules.one_of(inputs, "instanceClass", CATALOG.sql_types)
        yield from _check_owner(inputs, "username", "password")
        yield from _check_deletion(inputs)
        yield from rules.between(inputs, "allocatedStorage", 20, 65_536, "GiB")
        yield from rules.between(inputs, "backupRetentionPeriod", 0, BACKUP_DAYS, "days")
        yield from _windows(inputs, "backupWindow", "maintenanceWindow")
        yield from _in_zone(inputs, self.region(inputs, call))
        if inputs.get("multiAz") and inputs.get("availabilityZone") is not None:
            yield Failure("availabilityZone", "and multiAz exclude each other: AWS chooses the zones")
        least, most = inputs.get("allocatedStorage"), inputs.get("maxAllocatedStorage")
        if isinstance(least, int) and isinstance(most, int) and most and most <= least:
            yield Failure("maxAllocatedStorage", f"is {most}, but accepted is more than allocatedStorage, {least} GiB")
        if inputs.get("kmsKeyId") is not None and not inputs.get("storageEncrypted"):
            yield Failure("storageEncrypted", "must be true with kmsKeyId")

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """A parameter group is AWS's own or must be there, of the engine's family."""
        name = str(inputs.get("parameterGroupName") or "default.")
        if name.startswith("default."):
            return
        row = call.get(SQL_PARAMETERS, name)
        if row is None:
            raise CloudError(f"parameterGroupName: there is no ParameterGroup {name!r} in this account")
        family = f"{inputs.get('engine')}{'.'.join(str(inputs.get('engineVersion') or '').split('.')[:2])}"
        if not family.startswith(str(row.outputs["family"])):
            raise CloudError(
                f"InvalidParameterCombination: parameterGroupName: {name} is of family {row.outputs['family']}, but "
                f"the instance is {inputs.get('engine')} {inputs.get('engineVersion')}"
            )

    def on_delete(self, row: Row, call: Call) -> None:
        """A protected one stays."""
        _must_not_be_protected(row)
        super().on_delete(row, call)


KINDS: Final[tuple[Kind, ...]] = (
    CacheSubnetGroup(),
    CacheParameterGroup(),
    ReplicationGroup(),
    CacheUser(),
    CacheUserGroup(),
    DocumentSubnetGroup(),
    DocumentParameterGroup(),
    DocumentCluster(),
    DocumentInstance(),
    SqlSubnetGroup(),
    SqlParameterGroup(),
    SqlInstance(),
)
