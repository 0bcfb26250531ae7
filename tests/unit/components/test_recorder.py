"""The recording providers refuse what real ones refuse; otherwise the tests that use them could not fail."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.sdk import lazy
from tests.unit.components.recorder import CANARY, Recording, comparable, record

PROJECT = "0b1c2d3e4f5061728394a5b6c7d8e9f0"
COMMON = {"service_name": PROJECT, "region": "EU-WEST-PAR"}
ovh = lazy("pulumi_ovh")
random = lazy("pulumi_random")


def _run(program: Any) -> Recording:
    return record(program, projects={"ovh": PROJECT})


def _volume(**changed: Any) -> None:
    given = {"size": 50, "volume_type": "CLASSIC", "availability_zone": "eu-west-par-a", **COMMON, **changed}
    ovh.CloudStorageBlockVolume("volume", **given)


def test_a_good_resource_is_recorded_with_the_provider_s_names() -> None:
    recording = _run(_volume)
    assert recording.refusals == ()
    (volume,) = recording.of("CloudStorageBlockVolume")
    assert volume.inputs["availabilityZone"] == "eu-west-par-a"
    assert volume.inputs["size"] == 50


@pytest.mark.parametrize(
    ("changed", "property_name"),
    [
        ({"size": "fifty"}, "size"),
        ({"size": 5}, "size"),
        ({"volume_type": "FLOPPY"}, "volumeType"),
        ({"region": "MARS1"}, "region"),
        ({"availability_zone": "fr-par-1"}, "availabilityZone"),
        ({"service_name": "another"}, "serviceName"),
        ({"encryption": {"enabled": True, "cipher": "rot13"}}, "encryption.cipher"),
    ],
    ids=str,
)
def test_inputs_that_the_provider_would_refuse_are_refused(changed: dict[str, Any], property_name: str) -> None:
    (refusal,) = _run(lambda: _volume(**changed)).refusals
    assert f"CloudStorageBlockVolume volume: {property_name} " in refusal


def test_references_lead_to_what_exists_and_fits() -> None:
    def program() -> None:
        network = ovh.CloudNetworkPrivateVrack("there", **{**COMMON, "region": "GRA11"})
        for name, identifier in (("elsewhere", network.id), ("nowhere", "no-such-network")):
            ovh.CloudNetworkPrivateVrackSubnet(name, network_id=identifier, cidr="10.0.0.0/20", **COMMON)

    refusals = _run(program).refusals
    assert len(refusals) == 2
    assert " elsewhere: networkId: " in refusals[0]
    assert "is in region GRA11, but this resource is in EU-WEST-PAR" in refusals[0]
    assert " nowhere: networkId: there is no CloudNetworkPrivateVrack" in refusals[1]


def test_options_and_secrets_are_recorded() -> None:
    def program() -> None:
        password = random.RandomPassword("password", length=20)
        guarded = pulumi.ResourceOptions(protect=True, ignore_changes=["size"], depends_on=[password])
        ovh.cloudproject.User("user", service_name=PROJECT, description=password.result)
        ovh.CloudFloatingIp("address", **COMMON, description="plain", opts=guarded)

    recording = _run(program)
    (user,), (address,), (password,) = (
        recording.of("User"),
        recording.of("CloudFloatingIp"),
        recording.of("RandomPassword"),
    )
    assert user.secret == {"description"}
    assert CANARY in user.inputs["description"]
    assert address.secret == frozenset()
    assert address.protect
    assert list(address.ignore_changes) == ["size"]
    assert list(address.dependencies) == [password.urn]


def test_two_runs_record_the_same_and_another_program_something_else() -> None:
    first, second, other = _run(_volume), _run(_volume), _run(lambda: _volume(size=60))
    assert comparable(first) == comparable(second) != comparable(other)


def test_what_a_program_raises_is_raised_and_the_next_run_is_clean() -> None:
    def program() -> None:
        _volume()
        raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        _run(program)
    assert len(_run(_volume).of("CloudStorageBlockVolume")) == 1


def test_nothing_of_a_run_is_left_in_pulumi_s_settings() -> None:
    before = pulumi.get_stack()
    record(_volume, stack="other", projects={"ovh": PROJECT})
    assert pulumi.get_stack() == before
