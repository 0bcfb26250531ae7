"""What a topology may ask of a place, whoever the provider is: one contract, two implementations."""

from __future__ import annotations

from collections.abc import Callable

import pulumi

from components.site.contract import (
    Access,
    Account,
    Bucket,
    BucketArgs,
    Credential,
    Entry,
    Machine,
    MachineArgs,
    PublicAddress,
    Share,
    Site,
    SiteArgs,
    Volume,
)
from components.site.ovh import OvhAccount, OvhSite
from components.site.scaleway import ScalewayAccount, ScalewaySite
from settings import Provider

SITES: dict[Provider, Callable[[SiteArgs, pulumi.ResourceOptions | None], Site]] = {
    Provider.OVH: OvhSite,
    Provider.SCALEWAY: ScalewaySite,
}
ACCOUNTS: dict[Provider, type[Account]] = {Provider.OVH: OvhAccount, Provider.SCALEWAY: ScalewayAccount}

__all__ = [
    "ACCOUNTS",
    "SITES",
    "Access",
    "Account",
    "Bucket",
    "BucketArgs",
    "Credential",
    "Entry",
    "Machine",
    "MachineArgs",
    "PublicAddress",
    "Share",
    "Site",
    "SiteArgs",
    "Volume",
]
