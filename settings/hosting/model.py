"""What a stack file may say of the hosting system."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated

from pydantic import AfterValidator, Field

from settings.base import (
    CERTIFICATES,
    MAXSCALE_VERSION,
    PRINCIPAL,
    PROJECT,
    SEMVER,
    URL,
    AdminNetwork,
    Count,
    Gigabytes,
    Host,
    Model,
    SiteNetwork,
    Slug,
)


class Provider(StrEnum):
    """Who runs the data centres."""

    OVH = "ovh"
    SCALEWAY = "scaleway"


class SiteRole(StrEnum):
    """Which site serves, and which stands by."""

    PRIMARY = "primary"
    SECONDARY = "secondary"


class Role(StrEnum):
    """What a machine is for."""

    BASTION = "bastion"
    LINK = "link"
    FRONT = "front"
    APP = "app"
    SQL = "sql"
    DATABASE = "database"
    FILES = "files"
    VAULT = "vault"


class DatabaseVariant(StrEnum):
    """How the databases replicate, and what stands before them."""

    MAXSCALE = "maxscale"
    GALERA = "galera"


class FilesKind(StrEnum):
    """Whose the shared files are: the provider's, or our own GlusterFS machines'."""

    MANAGED = "managed"
    GLUSTER = "gluster"


class Dns(Model):
    """Where the public names are."""

    provider: Provider = Field(strict=False, description="Who serves the zone")
    zone: Host = Field(description="The DNS zone, held at that provider")
    ttl: int = Field(ge=60, le=86400, description="Seconds that resolvers keep an answer")


class VaultSettings(Model):
    """The Vault that keeps every secret."""

    address: str = Field(
        pattern=URL,
        description="URL of the API: https, or http on this machine for the sandbox",
    )
    initialised: bool = Field(
        description="false on day 0: only the network, the bastions and Vault's own machines are declared"
    )
    ca: str | None = Field(
        default=None,
        pattern=CERTIFICATES,
        description="Certificates (PEM) that Vault's is checked against, where no public authority signed it",
    )


class Database(Model):
    """The databases and what stands before them."""

    variant: DatabaseVariant = Field(
        strict=False, description="maxscale: primary and replicas behind MaxScale; galera: a cluster behind HAProxy"
    )
    maxscale_version: str | None = Field(
        default=None,
        pattern=MAXSCALE_VERSION,
        description="23.08.6 is free (GPL since 2026-09-21); 24.02.x needs a subscription from three servers on",
    )
    volume_gb: Gigabytes = Field(description="Size of each database's encrypted volume")


class Files(Model):
    """Files that all app instances share."""

    kind: FilesKind = Field(
        strict=False, description="managed: the provider's; gluster: machines of our own, replicated three times"
    )
    size_gb: Gigabytes = Field(description="Size of the share, or of each file server's volume")


class Media(Model):
    """The object storage of the application."""

    noncurrent_days: int = Field(ge=1, le=3650, description="Days that replaced or deleted versions are kept")


class BackupReplica(Model):
    """One of the places where backups are kept."""

    name: Slug
    provider: Provider = Field(strict=False)
    region: str = Field(description="Object storage region, in the European Union")
    lock_days: int = Field(ge=0, le=3650, description="Days in which nobody can delete a backup; 0 for no lock")


class Backups(Model):
    """Three replicas at two providers, one of them locked."""

    replicas: tuple[BackupReplica, ...] = Field(strict=False)


class MachineGroup(Model):
    """The machines of one role at one site."""

    count: Count = Field(description="How many; they are spread over the site's zones")
    type: str = Field(description="The provider's instance type")


class AccountSettings(Model):
    """A customer's account at a provider; credentials are in the environment, never here."""

    project: str = Field(pattern=PROJECT, description="OVH Public Cloud project id, or Scaleway project id")
    operator: str | None = Field(
        default=None,
        pattern=PRINCIPAL,
        description="At Scaleway, who deploys: policies of buckets shut out everybody whom they do not name",
    )


class Site(Model):
    """A place where machines run."""

    name: Slug = Field(description="Part of every machine's name")
    role: SiteRole = Field(strict=False)
    provider: Provider = Field(strict=False)
    region: str
    zones: tuple[str, ...] = Field(strict=False, min_length=1)
    cidr: SiteNetwork = Field(description="The private network: RFC 1918, /16 to /20, apart from other sites'")
    machines: Annotated[
        Mapping[Annotated[Role, Field(strict=False)], MachineGroup], AfterValidator(MappingProxyType)
    ] = Field(strict=False)


class Hosting(Model):
    """The hosting system: an API on redundant machines at one or two sites."""

    domain: Host = Field(description="The API is served at api.<domain>")
    dns: Dns
    app_version: str = Field(pattern=SEMVER, description="The release that is deployed, such as 1.4.2")
    app_port: int = Field(ge=1024, le=65535, description="Where the application listens on its machines")
    admin_cidrs: tuple[AdminNetwork, ...] = Field(
        strict=False, min_length=1, description="Networks that may reach the bastions' SSH"
    )
    vault: VaultSettings
    database: Database
    files: Files
    media: Media
    backups: Backups
    accounts: Annotated[
        Mapping[Annotated[Provider, Field(strict=False)], AccountSettings], AfterValidator(MappingProxyType)
    ] = Field(strict=False)
    sites: tuple[Site, ...] = Field(strict=False, min_length=1, max_length=2)

    @property
    def primary(self) -> Site:
        """The site that serves."""
        return next(site for site in self.sites if site.role is SiteRole.PRIMARY)

    @property
    def secondary(self) -> Site | None:
        """The site that stands by, where there is one."""
        return next((site for site in self.sites if site.role is SiteRole.SECONDARY), None)
