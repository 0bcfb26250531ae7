"""From settings to the documents that machines get: facts, user data, and what a convergence pushes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

import machines
from components.network.addresses import AddressPlan, Shared
from components.network.firewall import Rule
from components.secrets import Vault, paths_of
from components.site import PublicAddress, Share
from machines import facts as f
from settings import Hosting, Role, Settings
from settings import Site as SiteSettings


@dataclass(frozen=True)
class Neighbour:
    """What machines know of a site: settings, addresses, rules by role, public addresses by machine, shared files."""

    settings: SiteSettings
    plan: AddressPlan
    rules: Mapping[Role, Sequence[Rule]]
    public: Mapping[str, PublicAddress]
    names: Mapping[Role, Sequence[str]]
    zones: Mapping[Role, Sequence[str]]
    volumes_encrypted: bool
    share: Share | None


@dataclass(frozen=True)
class _Late:
    """What is known only after up, of all sites: public addresses by machine, ranges of addresses by rule.

    It is an object since outputs look into every part of a dict, each time that one is handed on.
    """

    deploy_key: str
    addresses: Mapping[str, str]
    cidrs: Mapping[int, str]

    @classmethod
    def of(cls, sites: Sequence[Neighbour], deploy_key: pulumi.Output[str]) -> pulumi.Output[_Late]:
        addresses = {name: public.address for site in sites for name, public in site.public.items()}
        cidrs = {id(rule): rule.cidr for site in sites for rules in site.rules.values() for rule in rules}
        return pulumi.Output.all(
            deploy_key, pulumi.Output.all(*addresses.values()), pulumi.Output.all(*cidrs.values())
        ).apply(
            lambda known: cls(
                known[0], dict(zip(addresses, known[1], strict=True)), dict(zip(cidrs, known[2], strict=True))
            )
        )


class Documents:
    """Writes the documents of every machine of the hosting system."""

    def __init__(
        self, settings: Settings, hosting: Hosting, sites: Sequence[Neighbour], deploy_key: pulumi.Output[str]
    ) -> None:
        self._settings = settings
        self._hosting = hosting
        self._sites = sites
        # Resolved once, and not for every machine.
        self._late = _Late.of(sites, deploy_key)
        self._peers = {site.settings.name: _peers(site) for site in sites}

    def user_data(
        self, site: Neighbour, role: Role, index: int, vault: Vault | None, token: pulumi.Output[str] | None
    ) -> pulumi.Output[str]:
        """The cloud-init document of one machine."""
        known = pulumi.Output.all(late=self._late, token=token, **self._own(site, role, vault))
        return known.apply(lambda k: machines.user_data(self._facts(site, role, index, vault, k), k["token"]))

    def payload(self, site: Neighbour, role: Role, index: int, vault: Vault | None) -> pulumi.Output[str]:
        """What a convergence pushes to one machine."""
        known = pulumi.Output.all(late=self._late, **self._own(site, role, vault))
        return known.apply(lambda k: machines.payload(self._facts(site, role, index, vault, k)))

    def _own(self, site: Neighbour, role: Role, vault: Vault | None) -> dict[str, Any]:
        """What is known only after up, and concerns this role at this site."""
        share = site.share if role is Role.APP else None
        return {"role_id": vault.role_id(role) if vault else None, "share": share.source if share else None}

    def _facts(self, site: Neighbour, role: Role, index: int, vault: Vault | None, known: Mapping[str, Any]) -> f.Facts:
        hosting, settings, late, role_id = self._hosting, site.settings, known["late"], known["role_id"]
        inbound = [rule for rule in site.rules[role] if rule.inbound]
        outbound = [rule for rule in site.rules[role] if not rule.inbound]
        return f.Facts(
            organisation=self._settings.organisation,
            environment=self._settings.environment.value,
            domain=hosting.domain,
            app_version=hosting.app_version if role is Role.APP else None,
            app_port=hosting.app_port,
            machine=f.Machine(
                name=site.names[role][index - 1],
                role=role.value,
                zone=site.zones[role][index - 1],
                address=str(site.plan.host(role, index)),
                index=index,
            ),
            site=f.Site(
                name=settings.name,
                role=settings.role.value,
                provider=settings.provider.value,
                cidr=str(settings.cidr),
                gateway=str(site.plan.gateway),
                shared={which.value: str(site.plan.shared(which)) for which in Shared},
            ),
            other_site=self._other(site, late),
            peers=self._peers[settings.name],
            inbound=[f.Inbound(sources=sources, **flow) for sources, flow in _grouped(inbound, late)],
            outbound=[f.Outbound(targets=targets, **flow) for targets, flow in _grouped(outbound, late)],
            database=f.Database(
                variant=hosting.database.variant.value,
                maxscale_version=hosting.database.maxscale_version,
                cluster=f"{self._settings.organisation}-{self._settings.environment}-{settings.name}",
            ),
            files=f.Files(
                kind=hosting.files.kind.value, type=site.share.type if site.share else "gluster", source=known["share"]
            ),
            vault=f.Vault(
                address=hosting.vault.address,
                auth=vault.auth_path if vault else "",
                mount=vault.mount if vault else "",
                role_id=role_id,
                paths=paths_of(role) if role_id else (),
                ca=hosting.vault.ca,
            ),
            volume_encrypted=site.volumes_encrypted,
            deploy_key=late.deploy_key,
        )

    def _other(self, site: Neighbour, late: _Late) -> f.OtherSite | None:
        other = next((one for one in self._sites if one is not site), None)
        if other is None:
            return None
        count = len(other.names.get(Role.DATABASE, ()))
        return f.OtherSite(
            name=other.settings.name,
            cidr=str(other.settings.cidr),
            databases=[str(other.plan.host(Role.DATABASE, index)) for index in range(1, count + 1)],
            links=[late.addresses[name] for name in other.names.get(Role.LINK, ())],
        )


def _peers(site: Neighbour) -> dict[str, list[f.Peer]]:
    return {
        role.value: [
            f.Peer(name=name, address=str(site.plan.host(role, index)), zone=site.zones[role][index - 1], index=index)
            for index, name in enumerate(names, start=1)
        ]
        for role, names in site.names.items()
    }


def _grouped(rules: Sequence[Rule], late: _Late) -> list[tuple[list[str], dict[str, Any]]]:
    """Rules that differ in nothing but the peer's addresses become one."""
    found: dict[tuple[Any, ...], list[str]] = {}
    for rule in rules:
        key = (rule.protocol.value, rule.ports, rule.reason)
        found.setdefault(key, []).append(late.cidrs[id(rule)])
    return [
        (addresses, {"protocol": protocol, "ports": ports, "reason": reason})
        for (protocol, ports, reason), addresses in found.items()
    ]
