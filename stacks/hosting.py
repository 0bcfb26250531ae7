"""The hosting system: the API behind a mobile alert app for town halls, redundant and private, at one or two sites.

What is built where is decided by settings alone; who may talk to whom by `components/network/flows.py`; who may read
which secret by `components/secrets/paths.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from components.compute.documents import Documents

import catalog
from components.compute.convergence import ORDER, Convergence, ConvergenceArgs
from components.network.addresses import AddressPlan
from components.network.firewall import Neighbourhood, rules
from components.network.flows import HEALTH, flows
from components.sdk import lazy
from components.secrets import Secret, Vault, VaultArgs
from components.site import (
    ACCOUNTS,
    SITES,
    Access,
    Account,
    Bucket,
    BucketArgs,
    Entry,
    Machine,
    MachineArgs,
    PublicAddress,
    Share,
    Site,
    SiteArgs,
    Volume,
)
from settings import Environment, FilesKind, Provider, Role, Settings
from settings import Site as SiteSettings

tls = lazy("pulumi_tls")
random = lazy("pulumi_random")

IMAGE: Final = "Debian 12"
PUBLIC_ROLES: Final = frozenset({Role.BASTION, Role.LINK})
"""Roles whose machines have a public address of their own; all others are reached through the load balancers."""
DAY_0: Final = frozenset({Role.BASTION, Role.VAULT})
"""What must run before Vault is initialised, and therefore has no secrets in it."""
STATEFUL: Final = frozenset({Role.DATABASE, Role.FILES, Role.VAULT})
"""Roles whose machines hold data: they have a volume of their own and are protected against deletion."""
VAULT_VOLUME_GB: Final = 20


@dataclass(frozen=True)
class Place:
    """A site of the settings with what was built there."""

    settings: SiteSettings
    plan: AddressPlan
    site: Site
    public: dict[str, PublicAddress]
    machines: dict[Role, list[Machine]]


class Hosting(pulumi.ComponentResource):
    """One hosting system in one environment.

    Creates, from `settings.hosting`: at each site a private network with a gateway, default-deny firewalls from the
    flow matrix, and the machines of every role over the site's zones, with volumes for what holds data; managed
    shared files where settings ask for them; at the primary site the public load balancers and the DNS records; the
    buckets for media and for three backup replicas with a credential each; every secret in Vault with an AppRole a
    role; and the rollout of the application's release.

    Outputs: `machines` (name, role, site, zone, address of each), `entry` (public addresses), `bastions`, `buckets`
    (name, provider, region), `url`, `app_version`.
    """

    def __init__(self, settings: Settings, opts: pulumi.ResourceOptions | None = None) -> None:
        self._settings = settings
        self._hosting = settings.hosting
        self._prefix = f"{settings.organisation}-{settings.environment}"
        self._protect = settings.environment is not Environment.DEV
        super().__init__("platform:system:Hosting", self._prefix, None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        self._accounts: dict[Provider, Account] = {
            provider: ACCOUNTS[provider](account.project, self) for provider, account in self._hosting.accounts.items()
        }
        self._deploy_key = tls.PrivateKey(f"{self._prefix}-deploy", algorithm="ED25519", opts=self._child)

        self._places = [self._place(site) for site in self._hosting.sites]
        for place in self._places:
            self._firewalls(place)
        media, replicas = self._buckets()
        self._documents = Documents(settings, [(p.settings, p.plan, p.public) for p in self._places])
        vault = self._vault(media) if self._hosting.vault.initialised else None
        for place in self._places:
            for role in self._roles(place.settings):
                place.machines[role] = list(self._machines(place, role, vault))
        entry = self._entry() if vault is not None else Entry()
        self._rollout(vault)

        self.outputs: dict[str, Any] = {
            "machines": [
                {
                    "name": m.name,
                    "role": m.role.value,
                    "site": p.settings.name,
                    "zone": m.zone,
                    "address": str(m.address),
                }
                for p in self._places
                for group in p.machines.values()
                for m in group
            ],
            "entry": entry.addresses,
            "bastions": [p.public[m.name].address for p in self._places for m in p.machines[Role.BASTION]],
            "buckets": [
                {"name": bucket.name, "provider": provider.value, "region": bucket.region}
                for provider, bucket in (media, *replicas)
            ],
            "url": f"https://api.{self._hosting.domain}",
            "app_version": self._hosting.app_version,
        }
        self.register_outputs(self.outputs)

    # Places

    def _place(self, settings: SiteSettings) -> Place:
        name = f"{self._prefix}-{settings.name}"
        plan = AddressPlan(settings.cidr)
        site = SITES[settings.provider](
            SiteArgs(
                name=name,
                region=settings.region,
                zones=settings.zones,
                project=self._hosting.accounts[settings.provider].project,
                plan=plan,
                image=catalog.image(settings.provider, IMAGE),
                ssh_public_key=self._deploy_key.public_key_openssh,
                tags=(f"environment={self._settings.environment}", f"owner={self._settings.owner}", "system=hosting"),
            ),
            self._child,
        )
        public = {
            self._machine_name(settings, role, index): site.public_address(
                self._machine_name(settings, role, index), site.zone(index)
            )
            for role in self._roles(settings)
            if role in PUBLIC_ROLES
            for index in self._indexes(settings, role)
        }
        return Place(settings, plan, site, public, {})

    def _machine_name(self, site: SiteSettings, role: Role, index: int) -> str:
        return f"{self._prefix}-{site.name}-{role}-{index}"

    def _roles(self, site: SiteSettings) -> list[Role]:
        """The roles that a site has machines of, what others depend on first."""
        present = [role for role in ORDER if role in site.machines]
        return present if self._hosting.vault.initialised else [role for role in present if role in DAY_0]

    def _indexes(self, site: SiteSettings, role: Role) -> range:
        return range(1, site.machines[role].count + 1)

    def _firewalls(self, place: Place) -> None:
        others = [other for other in self._places if other is not place]
        around = Neighbourhood(
            own=place.plan,
            other=others[0].plan if others else None,
            admins=self._hosting.admin_cidrs,
            other_links=[
                other.public[self._machine_name(other.settings, Role.LINK, index)].address
                for other in others
                if Role.LINK in self._roles(other.settings)
                for index in self._indexes(other.settings, Role.LINK)
            ],
        )
        for role in self._roles(place.settings):
            place.site.firewall(role, rules(self._matrix, role, around))

    @property
    def _matrix(self) -> Any:
        return flows(
            self._hosting.app_port,
            self._hosting.database.variant,
            self._hosting.files.kind,
            linked=len(self._hosting.sites) > 1,
        )

    # Machines

    def _machines(self, place: Place, role: Role, vault: Vault | None) -> Iterator[Machine]:
        group = place.settings.machines[role]
        share = self._share(place, role)
        for index in self._indexes(place.settings, role):
            name = self._machine_name(place.settings, role, index)
            zone = place.site.zone(index)
            token = vault.first_token(name, role) if vault is not None else None
            yield place.site.machine(
                MachineArgs(
                    name=name,
                    role=role,
                    zone=zone,
                    address=place.plan.host(role, index),
                    type=group.type,
                    user_data=self._documents.user_data(place.settings, role, index, vault, token),
                    volume=self._volume(place, role, name, zone),
                    share=share,
                    public_address=place.public.get(name),
                    protect=self._protect and role in STATEFUL,
                )
            )

    def _volume(self, place: Place, role: Role, name: str, zone: str) -> Volume | None:
        sizes = {
            Role.DATABASE: self._hosting.database.volume_gb,
            Role.FILES: self._hosting.files.size_gb,
            Role.VAULT: VAULT_VOLUME_GB,
        }
        if role not in sizes:
            return None
        return place.site.volume(name, zone, sizes[role], protect=self._protect)

    def _share(self, place: Place, role: Role) -> Share | None:
        if role is not Role.APP or self._hosting.files.kind is not FilesKind.MANAGED:
            return None
        name = f"{self._prefix}-{place.settings.name}-files"
        return place.site.share(name, self._hosting.files.size_gb, protect=self._protect)

    # The way in

    def _entry(self) -> Entry:
        primary = next(place for place in self._places if place.settings is self._hosting.primary)
        entry = primary.site.entry(
            f"{self._prefix}-{primary.settings.name}-entry", primary.machines[Role.FRONT], HEALTH
        )
        dns = self._hosting.dns
        subdomain = f"api.{self._hosting.domain}".removesuffix(dns.zone).rstrip(".")
        self._accounts[dns.provider].record(subdomain, dns.zone, "A", entry.addresses, dns.ttl)
        return entry

    # Data

    def _buckets(self) -> tuple[tuple[Provider, Bucket], list[tuple[Provider, Bucket]]]:
        primary = self._hosting.primary
        media = self._accounts[primary.provider].bucket(
            BucketArgs(
                f"{self._prefix}-media",
                catalog.object_storage_region(primary.provider, primary.region),
                noncurrent_days=self._hosting.media.noncurrent_days,
            ),
            protect=self._protect,
        )
        replicas = [
            (
                replica.provider,
                self._accounts[replica.provider].bucket(
                    BucketArgs(f"{self._prefix}-backup-{replica.name}", replica.region, replica.lock_days),
                    protect=self._protect,
                ),
            )
            for replica in self._hosting.backups.replicas
        ]
        return (primary.provider, media), replicas

    # Secrets

    def _vault(self, media: tuple[Provider, Bucket]) -> Vault:
        networks = {role: [str(block) for place in self._places for block in place.plan.block(role)] for role in Role}
        vault = Vault(VaultArgs(f"{self._prefix}", networks), self._child)
        provider, bucket = media
        credential = self._accounts[provider].credential(f"{self._prefix}-media", bucket, Access.WRITE)
        vault.keep(
            Secret.MEDIA,
            access_key=credential.access_key,
            secret_key=credential.secret_key,
            bucket=bucket.name,
            endpoint=bucket.endpoint,
        )
        return vault

    # Rollout

    def _rollout(self, vault: Vault | None) -> None:
        convergence = Convergence(self)
        for role in ORDER:
            for place in self._places:
                bastion = place.public[place.machines[Role.BASTION][0].name].address
                for index, machine in enumerate(place.machines.get(role, []), start=1):
                    convergence.roll(
                        ConvergenceArgs(
                            machine=machine,
                            payload=self._documents.payload(place.settings, role, index, vault),
                            bastion=bastion,
                            private_key=self._deploy_key.private_key_openssh,
                        )
                    )
