"""The picture: what a state says is in it, whoever draws it twice gets the same, and it says why it cannot be drawn."""

from __future__ import annotations

import html
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from components.network.addresses import AddressPlan
from docs.picture import FILE, STACK, PictureError, draw, state
from docs.topology import Balancer, Bucket, Machine, Site, StateError, Topology, topology
from settings import Hosting, Provider, Role, read
from settings.load import ROOT


def hosting() -> Hosting:
    settings = read(STACK).hosting
    assert settings is not None
    return settings


def written(svg: str) -> list[str]:
    """The texts of a picture."""
    root = ElementTree.fromstring(svg)  # noqa: S314 - we drew it
    return [html.unescape("".join(node.itertext())) for node in root.iter("{http://www.w3.org/2000/svg}text")]


def resource(type_: str, name: str, **outputs: Any) -> dict[str, Any]:
    return {"urn": f"urn:pulumi:sandbox::platform::{type_}::{name}", "type": type_, "outputs": outputs}


def exported() -> dict[str, Any]:
    """A small state: a site with a machine, a load balancer and a locked bucket."""
    machine = {"name": "a-b-par-link-1", "role": "link", "site": "par", "zone": "z-1", "address": "10.0.2.10"}
    bucket = {"name": "a-b-backup-far", "provider": "scaleway", "region": "fr-par"}
    resources = [
        resource("pulumi:pulumi:Stack", "platform-b", machines=[machine], buckets=[bucket], url="https://api.e.org"),
        resource("platform:system:Hosting", "a-b"),
        resource("platform:site:Scaleway", "a-b-par"),
        resource(
            "scaleway:network/privateNetwork:PrivateNetwork",
            "a-b-par",
            region="r",
            ipv4Subnet={"subnet": "10.0.0.0/20"},
        ),
        resource("scaleway:network/publicGatewayIp:PublicGatewayIp", "a-b-par", address="192.0.2.1"),
        resource("scaleway:instance/ip:Ip", "a-b-par-link-1", address="192.0.2.2"),
        resource("scaleway:block/volume:Volume", "a-b-par-link-1", sizeInGb=20),
        resource("scaleway:loadbalancers/loadBalancer:LoadBalancer", "a-b-par-entry-z-1", zone="z-1"),
        resource("scaleway:loadbalancers/ip:Ip", "a-b-par-entry-z-1", ipAddress="192.0.2.3"),
        resource("scaleway:index/fileFilesystem:FileFilesystem", "a-b-par-files", sizeInGb=30),
        resource(
            "scaleway:object/bucketLockConfiguration:BucketLockConfiguration",
            "a-b-backup-far",
            rule={"defaultRetention": {"days": 7}},
        ),
        resource("vault:appRole/authBackendRole:AuthBackendRole", "a-b-link", roleName="link"),
    ]
    return {"deployment": {"resources": resources}}


def test_a_state_is_read_as_it_is() -> None:
    machine = Machine("a-b-par-link-1", Role.LINK, "z-1", "10.0.2.10", "192.0.2.2", 20)
    site = Site(
        name="par",
        provider=Provider.SCALEWAY,
        region="r",
        cidr="10.0.0.0/20",
        egress="192.0.2.1",
        machines=(machine,),
        balancers=(Balancer("a-b-par-entry-z-1", "z-1", "192.0.2.3"),),
        share_gb=30,
    )
    buckets = (Bucket("backup-far", Provider.SCALEWAY, "fr-par", 7),)
    assert topology(exported()) == Topology("a-b", "https://api.e.org", (site,), buckets, ("link",))


def test_the_picture_has_all_of_a_topology_and_is_the_same_when_drawn_again() -> None:
    drawn = draw(topology(exported()), hosting())
    assert drawn == draw(topology(exported()), hosting())
    texts = written(drawn)
    for part in ("10.0.2.10", "192.0.2.1", "192.0.2.2", "192.0.2.3", "10.0.0.0/20", "shared files, 30 GB"):
        assert part in texts
    assert "backup-far, locked for 7 days" in texts


def test_one_site_has_no_tunnel() -> None:
    assert "WireGuard" not in written(draw(topology(exported()), hosting()))
    assert "WireGuard" in written(FILE.read_text())


def test_the_committed_picture_shows_what_the_stack_file_says() -> None:
    texts = written(FILE.read_text())
    joined = "\n".join(texts)
    for site in hosting().sites:
        plan = AddressPlan(site.cidr)
        assert str(site.cidr) in texts
        assert site.region in joined
        for role, group in site.machines.items():
            assert f"{role} × {group.count}" in texts
            addresses = {str(plan.host(role, index)) for index in range(1, group.count + 1)}
            assert addresses <= set(texts)
    for replica in hosting().backups.replicas:
        lock = f"locked for {replica.lock_days} days" if replica.lock_days else "no lock"
        assert f"backup-{replica.name}, {lock}" in texts
        assert any(text.endswith(replica.region) for text in texts)
    machines = sum(group.count for site in hosting().sites for group in site.machines.values())
    assert len([text for text in texts if re.fullmatch(r"10(\.\d+){3}", text)]) == machines


@pytest.mark.parametrize("without", [{}, {"deployment": None}, {"deployment": {"resources": []}}])
def test_a_state_without_a_system_is_an_error(without: dict[str, Any]) -> None:
    with pytest.raises(StateError, match="no hosting system"):
        topology(without)


def test_without_a_sandbox_the_command_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"there is no sandbox stack in .*; `make up` brings it up"):
        state(tmp_path)
    before = FILE.read_bytes()
    done = subprocess.run(
        [sys.executable, "-m", "docs.picture"],
        cwd=ROOT,
        env={**os.environ, "SANDBOX_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == f"picture: there is no sandbox stack in {tmp_path}; `make up` brings it up\n"
    assert FILE.read_bytes() == before


def test_without_dot_the_command_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PictureError, match="dot is not installed; `make debian-packages`"):
        draw(topology(exported()), hosting())
