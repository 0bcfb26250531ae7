"""Simulated OVHcloud: the Public Cloud resources that the program declares."""

from __future__ import annotations

from typing import Final

from sandbox.cloud import Cloud, by_token
from sandbox.clouds.ovh import network, storage

CLOUD: Final = Cloud(
    name="ovh",
    kinds=by_token(*network.KINDS, *storage.KINDS),
    credentials=("applicationKey", "applicationSecret"),
    variables=("OVH_APPLICATION_KEY", "OVH_APPLICATION_SECRET"),
)
