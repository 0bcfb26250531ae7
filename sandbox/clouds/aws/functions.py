"""What programs ask AWS about without creating anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sandbox.cloud import Call, CloudError, Function
from sandbox.clouds.aws.base import CATALOG
from sandbox.clouds.aws.iam import get_policy_document
from sandbox.clouds.aws.tokens import ZONE
from sandbox.properties import Properties
from sandbox.servers.aws import Ask
from sandbox.servers.mending import ACCOUNT_ID

ELB_ACCOUNTS: Final = {
    "eu-central-1": "054676820928",
    "eu-north-1": "897822967062",
    "eu-south-1": "635631232127",
    "eu-west-1": "156460612806",
    "eu-west-2": "652711504416",
    "eu-west-3": "009996457667",
}
"""Who writes load balancers' access logs, in regions from before August 2022 (Elastic Load Balancing's user guide)."""


def _region(arguments: Properties, call: Call) -> str:
    region = str(arguments.get("region") or arguments.get("name") or call.session.config.get("region") or "")
    if region not in CATALOG.regions:
        raise CloudError(f"region is {region!r}, but accepted is one of {', '.join(CATALOG.regions)}")
    return region


def _get_caller_identity(_: Properties, __: Call) -> Properties:
    return {
        "id": ACCOUNT_ID,
        "accountId": ACCOUNT_ID,
        "arn": f"arn:aws:iam::{ACCOUNT_ID}:user/operator",
        "userId": "AIDASANDBOXOPERATOR00",
    }


def _get_region(arguments: Properties, call: Call) -> Properties:
    region = _region(arguments, call)
    place = CATALOG.regions[region].country
    return {
        "id": region,
        "name": region,
        "region": region,
        "endpoint": f"ec2.{region}.amazonaws.com",
        "description": f"Europe ({place})",
    }


def _get_partition(_: Properties, __: Call) -> Properties:
    return {"id": "aws", "partition": "aws", "dnsSuffix": "amazonaws.com", "reverseDnsPrefix": "com.amazonaws"}


def _get_availability_zones(arguments: Properties, call: Call) -> Properties:
    region = _region(arguments, call)
    names = [zone for zone in CATALOG.regions[region].zones if zone not in (arguments.get("excludeNames") or [])]
    ids = [f"{''.join(part[0] for part in region.split('-')[:2])}{region[-1]}-az{1 + i}" for i in range(len(names))]
    return {**arguments, "id": region, "region": region, "names": names, "zoneIds": ids, "groupNames": [region]}


def _get_prefix_list(arguments: Properties, call: Call) -> Properties:
    region = _region({"region": arguments.get("region")}, call)
    filters = [("prefix-list-name", arguments.get("name")), ("prefix-list-id", arguments.get("prefixListId"))]
    asked = [{"Name": name, "Values": [value]} for name, value in filters if value]
    found = call.aws.read(Ask("ec2", region, "DescribePrefixLists", {"Filters": asked}))["PrefixLists"]
    if len(found) != 1:
        raise CloudError(f"name: {len(found)} prefix lists are {arguments.get('name')!r} in {region}; accepted is one")
    one = found[0]
    return {
        "id": one["PrefixListId"],
        "prefixListId": one["PrefixListId"],
        "name": one["PrefixListName"],
        "cidrBlocks": one["Cidrs"],
        "region": region,
    }


def _get_zone(arguments: Properties, call: Call) -> Properties:
    name = str(arguments.get("name") or "").rstrip(".")
    private = bool(arguments.get("privateZone"))
    for row in call.rows(ZONE):
        if arguments.get("zoneId") == row.id or (
            row.outputs.get("name") == name and bool(row.outputs.get("vpcs")) == private
        ):
            return {**row.outputs, "id": row.id, "zoneId": row.id, "privateZone": private}
    raise CloudError(f"there is no hosted zone {name or arguments.get('zoneId')!r} in this account")


def _get_service_account(arguments: Properties, call: Call) -> Properties:
    region = _region({"region": arguments.get("region")}, call)
    if region not in ELB_ACCOUNTS:
        raise CloudError(
            f"region is {region!r}, which has no such account: there, the service principal "
            f"logdelivery.elasticloadbalancing.amazonaws.com writes; accepted is one of {', '.join(ELB_ACCOUNTS)}"
        )
    account = ELB_ACCOUNTS[region]
    return {"id": account, "arn": f"arn:aws:iam::{account}:root", "region": region}


FUNCTIONS: Final[Mapping[str, Function]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": _get_caller_identity,
    "aws:index/getRegion:getRegion": _get_region,
    "aws:index/getPartition:getPartition": _get_partition,
    "aws:index/getAvailabilityZones:getAvailabilityZones": _get_availability_zones,
    "aws:iam/getPolicyDocument:getPolicyDocument": get_policy_document,
    "aws:ec2/getPrefixList:getPrefixList": _get_prefix_list,
    "aws:route53/getZone:getZone": _get_zone,
    "aws:elb/getServiceAccount:getServiceAccount": _get_service_account,
}
