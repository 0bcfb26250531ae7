"""Every policy refuses, on the real engine, a program that breaks it, and lets the same program pass once mended."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from policies.registry import Registry
from sandbox.session import POLICIES

pytestmark = pytest.mark.engine
Pulumi = Callable[..., subprocess.CompletedProcess[str]]

FIXTURES = Path(__file__).with_name("fixtures")
OVH_PROJECT = "c" * 32
SCALEWAY_PROJECT = "44444444-4444-4444-8444-444444444444"


@dataclass(frozen=True)
class Refusal:
    """What the engine shows of a fixture's violation."""

    policy: str
    resource: str
    problem: str
    config: tuple[str, ...] = ()
    """Further lines of the stack's configuration."""


REFUSALS = {
    "eu_residency": Refusal("eu-residency", "media", 'region is "BHS" (CA), outside the European Union'),
    "secrets_from_vault": Refusal(
        "secrets-from-vault",
        "bastion",
        "cloudInit contains a secret in plain text: a value for database_password (line 5)",
    ),
    "redundancy": Refusal(
        "redundancy", "entry-first", "the 2 load balancers in EU-WEST-PAR are all in the zone eu-west-par-a"
    ),
    "backups": Refusal(
        "backups",
        "small-test",
        "the buckets for backups (acme-dev-backup-far, acme-dev-backup-near, acme-dev-backup-third) are at scaleway",
    ),
    "encryption": Refusal("encryption", "data", "encryption.enabled is missing"),
    "audit": Refusal("audit", "kv", "1 mounts of a Vault without an audit device in this stack"),
    "least_privilege": Refusal("least-privilege", "app", 'policy: path "*" is everything'),
    "deletion_protection": Refusal(
        "deletion-protection",
        "media",
        "acme-prod-media is not protected against deletion",
        ("platform:environment: prod",),
    ),
    "tags": Refusal("tags", "media", "tag owner is missing"),
    "supply_chain": Refusal(
        "supply-chain",
        "install",
        "create: what is fetched is piped from the network into a shell (`curl -fsSL https://get.example.org | sh`)",
    ),
    "exceptions": Refusal(
        "exceptions",
        "small-test",
        "the exception of exposure for ovh:index/cloudSecurityGroup:CloudSecurityGroup::database (dba@example.eu) "
        "excepts nothing: there is no such violation",
        (
            "policies:exceptions:",
            "  - policy: exposure",
            "    resource: ovh:index/cloudSecurityGroup:CloudSecurityGroup::database",
            "    reason: The old office has no fixed addresses yet.",
            "    owner: dba@example.eu",
            "    expires: 2099-12-31",
        ),
    ),
    "exposure": Refusal(
        "exposure", "database", 'rules[0].remoteIpPrefix is "0.0.0.0/0": the whole world may reach port 3306'
    ),
}


def test_every_policy_has_a_program_that_breaks_it(registry: Registry) -> None:
    names = {policy.name.replace("-", "_") for policy in registry}
    assert set(REFUSALS) == names - {"budget"}, "the budget is judged in test_stacks.py, on a stack that has one"
    assert sorted(folder.name for folder in FIXTURES.iterdir()) == sorted(REFUSALS)


@pytest.mark.parametrize("name", REFUSALS)
def test_a_program_that_breaks_a_policy_is_refused_until_it_is_mended(
    name: str,
    registry: Registry,
    pulumi: Pulumi,
    project: Callable[..., Path],
    open_projects: Callable[..., None],
) -> None:
    open_projects(ovh=OVH_PROJECT, scaleway=SCALEWAY_PROJECT)
    refusal = REFUSALS[name]
    folder = project((FIXTURES / name / "refused.py").read_text(), ["ovh:endpoint: ovh-eu", *refusal.config])
    refused = pulumi(folder, "preview", "--policy-pack", str(POLICIES))
    shown = " ".join(refused.stdout.split())
    assert refused.returncode != 0, shown
    policy = next(policy for policy in registry if policy.name == refusal.policy)
    violations = [line for line in refused.stdout.splitlines() if "[mandatory]" in line]
    assert len(violations) == 1, f"the fixture breaks one policy, once: {shown} {refused.stderr}"
    assert refusal.policy in violations[0]
    assert refusal.resource in violations[0]
    for text in (refusal.problem, policy.remedy, policy.clause):
        assert " ".join(text.split()) in shown

    (folder / "__main__.py").write_text((FIXTURES / name / "clean.py").read_text())
    clean = pulumi(folder, "preview", "--policy-pack", str(POLICIES))
    assert clean.returncode == 0, clean.stdout + clean.stderr
    assert "[mandatory]" not in clean.stdout
