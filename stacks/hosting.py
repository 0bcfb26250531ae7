"""The hosting system: the API behind a mobile alert app for town halls, redundant and private, at one or two sites.

What is built where is decided by settings alone; who may talk to whom by `components/network/flows.py`; who may read
which secret by `components/secrets/paths.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi

import catalog
from components.compute.convergence import ORDER, Convergence, ConvergenceArgs
from components.compute.documents import Documents, Neighbour
from components.network.addresses import AddressPlan, Shared
from components.network.firewall import Neighbourhood, rules
from components.network.flows import HEALTH, Flow, flows
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
from settings import Hosting as HostingSettings
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
SQL_ROLES: Final = (Role.DATABASE, Role.SQL)
CERTIFICATE_HOURS: Final = 2 * 365 * 24
"""`pulumi up` renews the databases' certificate in its last quarter."""


@dataclass(frozen=True)
class Place:
    """A site of the settings with what is built there."""

    settings: SiteSettings
    site: Site
    public: dict[str, PublicAddress]
    names: dict[Role, list[str]]
    machines: dict[Role, list[Machine]] = field(default_factory=dict)


class Hosting(pulumi.ComponentResource):
    """One hosting system in one environment.

    Creates, from the settings' section `hosting`: at each site a private network with a gateway, default-deny firewalls from the
    flow matrix, and the machines of every role over the site's zones, with volumes for what holds data; managed
    shared files where settings ask for them; at the primary site the public load balancers and the DNS records; the
    buckets for media and for the backup replicas; every secret in Vault with an AppRole a role; and the rollout of
    the application's release.

    Outputs, in `outputs`: `machines` (name, role, site, zone and address of each), `entry` and `bastions` (public
    addresses), `buckets` (name, provider, region), `url`, `app_version`.
    """

    def __init__(
        self, settings: Settings, hosting: HostingSettings, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        self._settings = settings
        self._hosting = hosting
        self._prefix = f"{settings.organisation}-{settings.environment}"
        self._tags = (f"environment={settings.environment}", f"owner={settings.owner}", "system=hosting")
        self._guarded = settings.environment is not Environment.DEV
        super().__init__("platform:system:Hosting", self._prefix, None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        self._accounts: dict[Provider, Account] = {
            provider: ACCOUNTS[provider](account, self) for provider, account in self._hosting.accounts.items()
        }
        self._deploy_key = tls.PrivateKey(f"{self._prefix}-deploy", algorithm="ED25519", opts=self._child)
        self._places = [self._place(site) for site in self._hosting.sites]
        self._neighbours = {place.settings.name: self._neighbour(place) for place in self._places}
        self._documents = Documents(
            settings, hosting, list(self._neighbours.values()), self._deploy_key.public_key_openssh
        )
        media, releases, *replicas = self._buckets()
        vault = self._vault(media[1], releases[1]) if self._hosting.vault.initialised else None
        for place in self._places:
            for role in place.names:
                place.machines[role] = list(self._machines(place, role, vault))
        entry = self._entry() if vault is not None else Entry()
        self._rollout(vault)

        self.outputs: dict[str, Any] = {
            "machines": [
                {
                    "name": machine.name,
                    "role": machine.role.value,
                    "site": place.settings.name,
                    "zone": machine.zone,
                    "address": str(machine.address),
                }
                for place in self._places
                for group in place.machines.values()
                for machine in group
            ],
            "entry": entry.addresses,
            "bastions": [place.public[name].address for place in self._places for name in place.names[Role.BASTION]],
            "buckets": [
                {"name": bucket.name, "provider": provider.value, "region": bucket.region}
                for provider, bucket in (media, releases, *replicas)
            ],
            "url": f"https://api.{self._hosting.domain}",
            "app_version": self._hosting.app_version,
        }
        self.register_outputs(self.outputs)

    # Places

    def _place(self, settings: SiteSettings) -> Place:
        name = f"{self._prefix}-{settings.name}"
        roles = [role for role in ORDER if role in settings.machines]
        if not self._hosting.vault.initialised:
            roles = [role for role in roles if role in DAY_0]
        names = {
            role: [f"{name}-{role}-{index}" for index in range(1, settings.machines[role].count + 1)] for role in roles
        }
        site = SITES[settings.provider](
            SiteArgs(
                name=name,
                region=settings.region,
                zones=settings.zones,
                project=self._hosting.accounts[settings.provider].project,
                plan=AddressPlan(settings.cidr),
                image=catalog.image(settings.provider, IMAGE),
                ssh_public_key=self._deploy_key.public_key_openssh,
                tags=self._tags,
            ),
            self._child,
        )
        public = {
            machine: site.public_address(machine, site.zone(index))
            for role in names
            if role in PUBLIC_ROLES
            for index, machine in enumerate(names[role], start=1)
        }
        return Place(settings, site, public, names)

    def _neighbour(self, place: Place) -> Neighbour:
        """Set up the firewalls of a place, and say what its machines know of it."""
        other = next((one for one in self._places if one is not place), None)
        around = Neighbourhood(
            own=place.site.args.plan,
            other=other.site.args.plan if other else None,
            admins=self._hosting.admin_cidrs,
            other_links=[other.public[name].address for name in other.names.get(Role.LINK, [])] if other else [],
        )
        allowed = {role: rules(self._matrix(), role, around) for role in place.names}
        for role, of_role in allowed.items():
            place.site.firewall(role, of_role)
        zones = {
            role: [place.site.zone(index + 1) for index in range(len(names))] for role, names in place.names.items()
        }
        return Neighbour(
            settings=place.settings,
            plan=place.site.args.plan,
            rules=allowed,
            public=place.public,
            names=place.names,
            zones=zones,
            volumes_encrypted=place.site.encrypts_volumes,
            share=self._share(place) if Role.APP in place.names else None,
        )

    def _matrix(self) -> tuple[Flow, ...]:
        hosting = self._hosting
        return flows(hosting.app_port, hosting.database.variant, hosting.files.kind, linked=len(hosting.sites) > 1)

    # Machines

    def _machines(self, place: Place, role: Role, vault: Vault | None) -> Iterator[Machine]:
        share = self._neighbours[place.settings.name].share if role is Role.APP else None
        for index, name in enumerate(place.names[role], start=1):
            zone = place.site.zone(index)
            token = vault.first_token(name, role) if vault is not None else None
            yield place.site.machine(
                MachineArgs(
                    name=name,
                    role=role,
                    zone=zone,
                    address=place.site.args.plan.host(role, index),
                    type=place.settings.machines[role].type,
                    user_data=self._documents.user_data(
                        self._neighbours[place.settings.name], role, index, vault, token
                    ),
                    volume=self._volume(place, role, name, zone),
                    share=share,
                    public_address=place.public.get(name),
                    protect=self._guarded and role in STATEFUL,
                )
            )

    def _volume(self, place: Place, role: Role, name: str, zone: str) -> Volume | None:
        sizes = {
            Role.DATABASE: self._hosting.database.volume_gb,
            Role.FILES: self._hosting.files.size_gb,
            Role.VAULT: VAULT_VOLUME_GB,
        }
        return place.site.volume(name, zone, sizes[role], protect=self._guarded) if role in sizes else None

    def _share(self, place: Place) -> Share | None:
        if self._hosting.files.kind is not FilesKind.MANAGED:
            return None
        return place.site.share(f"{place.site.args.name}-files", self._hosting.files.size_gb, protect=self._guarded)

    # The way in

    def _entry(self) -> Entry:
        primary = next(place for place in self._places if place.settings is self._hosting.primary)
        entry = primary.site.entry(f"{primary.site.args.name}-entry", primary.machines[Role.FRONT], HEALTH)
        dns = self._hosting.dns
        subdomain = f"api.{self._hosting.domain}".removesuffix(dns.zone).rstrip(".")
        self._accounts[dns.provider].record(subdomain, dns.zone, "A", entry.addresses, dns.ttl)
        return entry

    # Data

    def _buckets(self) -> Iterator[tuple[Provider, Bucket]]:
        """The bucket for media, the one for the application's releases, and then those for the backups."""
        primary = self._hosting.primary
        region = catalog.object_storage_region(primary.provider, primary.region)
        expiry = self._hosting.media.noncurrent_days
        # Keys are made when there is a Vault to keep them.
        write, read = (Access.WRITE, Access.READ) if self._hosting.vault.initialised else (None, None)
        media = BucketArgs(f"{self._prefix}-media", region, noncurrent_days=expiry, access=write, tags=self._tags)
        releases = BucketArgs(f"{self._prefix}-releases", region, access=read, tags=self._tags)
        for bucket in (media, releases):
            yield primary.provider, self._accounts[primary.provider].bucket(bucket, protect=self._guarded)
        for replica in self._hosting.backups.replicas:
            backup = BucketArgs(
                f"{self._prefix}-backup-{replica.name}", replica.region, replica.lock_days, tags=self._tags
            )
            yield replica.provider, self._accounts[replica.provider].bucket(backup, protect=self._guarded)

    # Secrets

    def _vault(self, media: Bucket, releases: Bucket) -> Vault:
        blocks = {
            role: [str(block) for place in self._places for block in place.site.args.plan.block(role)] for role in Role
        }
        vault = Vault(VaultArgs(self._prefix, blocks), self._child)
        for secret, bucket in ((Secret.MEDIA, media), (Secret.RELEASES, releases)):
            if bucket.credential is not None:
                vault.keep(
                    secret,
                    access_key=bucket.credential.access_key,
                    secret_key=bucket.credential.secret_key,
                    bucket=bucket.name,
                    endpoint=bucket.endpoint,
                    region=bucket.region,
                )
        certificate = self._database_certificate(vault)
        vault.password(Secret.DATABASE_REPLICATION, user="replication")
        vault.password(Secret.DATABASE_MONITOR, user="monitor")
        vault.password(Secret.DATABASE_ROUTER, user="router")
        vault.password(Secret.DATABASE_APP, user="app", database="app", ca=certificate)
        if not all(place.site.encrypts_volumes for place in self._places):
            vault.password(Secret.VOLUMES, user="luks")
        if len(self._places) > 1:
            vault.keep(Secret.LINK, **{place.settings.name: self._link_key(place) for place in self._places})
        return vault

    def _link_key(self, place: Place) -> pulumi.Output[str]:
        """A private key for WireGuard: any 32 bytes are one."""
        key = random.RandomBytes(f"{place.site.args.name}-link", length=32, opts=self._child)
        secret: pulumi.Output[str] = pulumi.Output.secret(key.base64)
        return secret

    def _database_certificate(self, vault: Vault) -> pulumi.Output[str]:
        """The certificate of databases and SQL routers, which clients know and trust as it is."""
        name = f"{self._prefix}-database"
        key = tls.PrivateKey(name, algorithm="ECDSA", ecdsa_curve="P256", opts=self._child)
        plans = [place.site.args.plan for place in self._places]
        certificate = tls.SelfSignedCert(
            name,
            private_key_pem=key.private_key_pem_pkcs8,
            subject={"common_name": name},
            # Room for more machines, so that adding one does not mean a new certificate on all others.
            ip_addresses=[
                *(str(plan.host(role, index)) for plan in plans for role in SQL_ROLES for index in range(1, 10)),
                *(str(plan.shared(Shared.SQL)) for plan in plans),
            ],
            is_ca_certificate=True,
            allowed_uses=["cert_signing", "digital_signature", "key_encipherment", "server_auth", "client_auth"],
            validity_period_hours=CERTIFICATE_HOURS,
            early_renewal_hours=CERTIFICATE_HOURS // 4,
            opts=self._child,
        )
        vault.keep(Secret.TLS_DATABASE, certificate=certificate.cert_pem, private_key=key.private_key_pem_pkcs8)
        pem: pulumi.Output[str] = certificate.cert_pem
        return pem

    # Rollout

    def _rollout(self, vault: Vault | None) -> None:
        convergence = Convergence(self)
        for role in ORDER:
            for place in self._places:
                first_bastion = place.names[Role.BASTION][0]
                for index, machine in enumerate(place.machines.get(role, []), start=1):
                    convergence.roll(
                        ConvergenceArgs(
                            machine=machine,
                            payload=self._documents.payload(self._neighbours[place.settings.name], role, index, vault),
                            host=place.public[machine.name].address if role is Role.BASTION else str(machine.address),
                            bastion=None if role is Role.BASTION else place.public[first_bastion].address,
                            private_key=self._deploy_key.private_key_openssh,
                        )
                    )
