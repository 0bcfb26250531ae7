"""Simulated OVHcloud: the Public Cloud resources that the program declares."""

from __future__ import annotations

from typing import Final

from sandbox.cloud import Cloud, by_token
from sandbox.clouds.ovh import compute, domain, load_balancer, network, storage
from sandbox.clouds.ovh.base import CATALOG

CLOUD: Final = Cloud(
    name="ovh",
    kinds=by_token(*network.KINDS, *storage.KINDS, *compute.KINDS, *load_balancer.KINDS, *domain.KINDS),
    functions=compute.FUNCTIONS,
    credentials=("applicationKey", "applicationSecret"),
    variables=("OVH_APPLICATION_KEY", "OVH_APPLICATION_SECRET"),
    quotas={
        compute.INSTANCE: CATALOG.quotas.instances,
        storage.VOLUME: CATALOG.quotas.volumes,
        storage.BUCKET: CATALOG.quotas.buckets,
    },
)
