"""Simulated Scaleway: the resources that the program declares."""

from __future__ import annotations

from typing import Final

from sandbox.cloud import Cloud, by_token
from sandbox.clouds.scaleway import compute, domain, load_balancer, network, storage
from sandbox.clouds.scaleway.base import CATALOG

CLOUD: Final = Cloud(
    name="scaleway",
    kinds=by_token(*network.KINDS, *storage.KINDS, *compute.KINDS, *load_balancer.KINDS, *domain.KINDS),
    credentials=("accessKey", "secretKey"),
    variables=("SCW_ACCESS_KEY", "SCW_SECRET_KEY"),
    quotas={
        compute.SERVER: CATALOG.quotas.instances,
        storage.VOLUME: CATALOG.quotas.volumes,
        storage.BUCKET: CATALOG.quotas.buckets,
    },
)
