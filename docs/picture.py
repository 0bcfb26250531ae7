"""`python -m docs.picture` draws docs/topology.svg: the sandbox stack as its state says, with the flow matrix's arrows.

Machines of a role stand in one row with a column a zone. What every role may do, and what machines of one role do
among themselves, is written into the row instead of drawn.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from textwrap import wrap
from typing import Final

import graphviz

from components.network.flows import Flow, Party, flows
from docs.flows import ports
from docs.topology import Balancer, Machine, Site, StateError, Topology, topology
from engine.setup import ROOT
from engine.workspace import Workspace
from sandbox import daemon
from settings import Hosting, Provider, Role, SettingsError, read

FILE: Final = Path(__file__).with_name("topology.svg")
STACK: Final = "sandbox"
PROVIDERS: Final = {Provider.OVH: "OVHcloud", Provider.SCALEWAY: "Scaleway"}
DARK: Final = {Provider.OVH: "#0b4fc4", Provider.SCALEWAY: "#5b21b6"}
LIGHT: Final = {Provider.OVH: "#eef4ff", Provider.SCALEWAY: "#f6f1ff"}
GREY: Final = "#5b6470"
LINE: Final = "#c3cad4"
LINK: Final = "#0f766e"
LEFT: Final = '<br align="left"/>'
FONT: Final = "Helvetica,Arial,sans-serif"
COLUMN: Final = 98
"""Width of a zone's column, in points."""
TUNNEL: Final = "tunnel"
TUNNEL_CHARACTERS: Final = 24
"""Width of what is written between two sites."""
ROWS: Final = (
    Party.ENTRY,
    Role.FRONT,
    Role.APP,
    Role.SQL,
    Role.DATABASE,
    Role.FILES,
    Party.SHARES,
    Role.LINK,
    Role.BASTION,
    Role.VAULT,
    Party.INTERNET,
)
"""From the top of a site to its bottom; connections between neighbours are arrows, others are written down."""
OUTSIDE: Final = {
    Party.WORLD: "clients, anywhere",
    Party.ADMINS: "administrators",
    Party.INTERNET: "internet",
}

LEGEND: Final = (
    "Arrows go from who opens a connection to who",
    "answers. What is between a role and itself, or every",
    "role, or roles that are not neighbours, is written",
    "into the row. All else is dropped: docs/flows.md.",
    "Bold addresses are public.",
)


class PictureError(Exception):
    """The picture cannot be drawn; the text says why, and what to do."""


def state(directory: Path) -> Topology:
    """The sandbox stack of a sandbox. Raises PictureError where it is not up."""
    what_to_do = f"there is no {STACK} stack in {directory}; `make up` brings it up"
    if not (directory / "pulumi" / "project").exists():
        raise PictureError(what_to_do)
    workspace = Workspace(directory / "pulumi")
    if not workspace.has(STACK):
        raise PictureError(what_to_do)
    try:
        return topology(workspace.export(STACK))
    except StateError as error:
        raise PictureError(f"{error} {STACK} in {directory}; `make up` brings it up") from None


def draw(seen: Topology, hosting: Hosting) -> str:
    """The picture as SVG; the same for the same arguments. Raises PictureError without Debian's dot."""
    matrix = flows(hosting.app_port, hosting.database.variant, hosting.files.kind, linked=len(seen.sites) > 1)
    try:
        return str(Picture(seen, matrix).graph.pipe(format="svg", encoding="utf-8"))
    except graphviz.ExecutableNotFound:
        raise PictureError("dot is not installed; `make debian-packages` installs it, or says how") from None


class Picture:
    """The graph of a topology."""

    def __init__(self, seen: Topology, matrix: Sequence[Flow]) -> None:
        self._seen = seen
        self._matrix = matrix
        self.graph = graphviz.Digraph(
            graph_attr={
                "bgcolor": "white",
                "fontname": FONT,
                "newrank": "true",
                "nodesep": "0.3",
                "pad": "0.2",
                "ranksep": "0.32",
                "splines": "true",
            },
            node_attr={"fontname": FONT, "fontsize": "12", "shape": "plain"},
            edge_attr={"fontname": FONT, "fontsize": "11", "color": GREY, "fontcolor": GREY, "arrowsize": "0.7"},
        )
        self._outside()
        for site in seen.sites:
            self._site(site)
        if len(seen.sites) > 1:
            self._tunnel()
        self._level()
        self._buckets()

    # Sites

    def _site(self, site: Site) -> None:
        role = "serves" if site.balancers else "stands by"
        lines = (f"<b>{site.name}</b>, {role}", f"{PROVIDERS[site.provider]} {site.region}", site.cidr)
        with self.graph.subgraph(name=f"cluster_{site.name}") as cluster:
            cluster.attr(
                label=f"<{LEFT.join(lines)}{LEFT}>",
                labeljust="l",
                bgcolor=LIGHT[site.provider],
                color=DARK[site.provider],
                fontcolor=DARK[site.provider],
                fontsize="12",
                style="rounded",
                margin="10",
            )
            shown = [party for party in ROWS if self._is_at(site, party)]
            for party in shown:
                cluster.node(_id(site, party), self._row(site, party))
            for above, below in pairwise(shown):
                allowed = [] if self._is_said(above, below) else self._between(above, below)
                shown_as = {"label": _label(allowed)} if allowed else {"style": "invis"}
                self.graph.edge(_id(site, above), _id(site, below), weight="100", **shown_as)
        world, admins = self._between(Party.WORLD, Party.ENTRY), self._between(Party.ADMINS, Role.BASTION)
        if Party.ENTRY in shown:
            self.graph.edge(Party.WORLD, _id(site, Party.ENTRY), label=f" {self._seen.url} \\n{_label(world)}")
        if Role.BASTION in shown:
            self.graph.edge(Party.ADMINS, _id(site, Role.BASTION), label=_label(admins))
        self.graph.edge(_id(site, Party.INTERNET), Party.INTERNET)

    def _is_at(self, site: Site, party: Role | Party) -> bool:
        if isinstance(party, Role):
            return bool(site.of(party))
        return bool(site.balancers) if party is Party.ENTRY else party is Party.INTERNET or site.share_gb is not None

    def _row(self, site: Site, party: Role | Party) -> str:
        members: Sequence[Machine | Balancer] = site.of(party) if isinstance(party, Role) else site.balancers
        zones = sorted({member.zone for member in members}) if party in Role or party is Party.ENTRY else []
        cells = [_cell(f'<font color="{GREY}">{zone}</font><br/>{_members(members, zone)}') for zone in zones]
        match party:
            case Party.ENTRY:
                head = f"load balancers × {len(members)}"
            case Party.SHARES:
                head = f"shared files, {site.share_gb} GB"
            case Party.INTERNET:
                head, cells = "gateway", [_cell(f"<b>{site.egress}</b>")]
            case _:
                head = f"{party} × {len(members)}"
        span = len(cells) or 1
        notes = [[_cell(f'<font point-size="10">{note}</font>', span)] for note in self._notes(site, party, members)]
        return _table(site.provider, [_head(head, site.provider, span)], cells, *notes)

    def _notes(self, site: Site, party: Role | Party, members: Sequence[Machine | Balancer]) -> Iterator[str]:
        sizes = {member.volume_gb for member in members if isinstance(member, Machine) and member.volume_gb}
        if sizes:
            yield f"each with an encrypted volume of {', '.join(map(str, sorted(sizes)))} GB"
        shown = [one for one in ROWS if self._is_at(site, one)]
        for source in shown:
            allowed = self._between(source, party)
            if source == party and allowed:
                yield f"among themselves: {_ports(allowed)}"
            elif allowed and not self._is_said(source, party) and (source, party) not in pairwise(shown):
                yield f"from {source}: {_ports(allowed)}"
        if self._is_said(Role.APP, party):
            yield f"from every role: {_ports(self._between(Role.APP, party))}"
        if self._is_said(party, Role.APP):
            yield f"to every other role: {_ports(self._between(party, Role.APP))}"
        if party is Role.VAULT and self._seen.app_roles:
            yield f"KV {self._seen.name}, AppRoles {', '.join(self._seen.app_roles)}"

    def _between(self, source: Role | Party, target: Role | Party) -> list[Flow]:
        return [flow for flow in self._matrix if flow.source is source and flow.target is target]

    def _is_said(self, source: Role | Party, target: Role | Party) -> bool:
        """Whether every role may open the same to the target, or the source to every other role."""
        sources = {flow.source for flow in self._matrix if flow.target is target}
        targets = {flow.target for flow in self._matrix if flow.source is source}
        return source != target and (sources >= set(Role) - {target} or targets >= set(Role) - {source})

    # Between and around sites

    def _tunnel(self) -> None:
        """What joins two sites, between them."""
        crossing = dict.fromkeys(f"{_ports([flow])}: {flow.reason}" for flow in self._matrix if flow.across)
        lines = ["<b>WireGuard</b>", _ports(self._between(Role.LINK, Party.OTHER_LINK)), "", "carries"]
        lines += [line for text in crossing for line in wrap(text, TUNNEL_CHARACTERS)]
        self.graph.node(TUNNEL, f"<{'<br/>'.join(lines)}>", fontcolor=LINK)
        for site in self._seen.sites:
            self.graph.edge(TUNNEL, _id(site, Role.LINK), color=LINK, penwidth="2.5", arrowhead="none")

    def _level(self) -> None:
        """The same rows of several sites, side by side."""
        for party in ROWS:
            with self.graph.subgraph() as rank:
                rank.attr(rank="same")
                for site in self._seen.sites:
                    if party is not Party.INTERNET and self._is_at(site, party):
                        rank.node(_id(site, party))

    def _outside(self) -> None:
        for party, text in OUTSIDE.items():
            self.graph.node(
                party, text, shape="box", style="rounded,filled", fillcolor="#f2f4f7", color=LINE, margin="0.16,0.08"
            )
        last = self._seen.sites[-1]
        self.graph.node("legend", "".join(f"{line}\\l" for line in LEGEND), fontcolor=GREY, fontsize="11")
        self.graph.edge("legend", _id(last, next(row for row in ROWS if self._is_at(last, row))), style="invis")

    def _buckets(self) -> None:
        places: dict[tuple[Provider, str], list[str]] = {}
        for bucket in self._seen.buckets:
            lock = f"locked for {bucket.lock_days} days" if bucket.lock_days else "no lock"
            places.setdefault((bucket.provider, bucket.region), []).append(f"{bucket.name}, {lock}")
        for (provider, region), texts in places.items():
            node = f"buckets-{provider}-{region}"
            rows = [[_cell(text)] for text in texts]
            self.graph.node(node, _table(provider, [_head(f"{PROVIDERS[provider]} {region}", provider)], *rows))
            self.graph.edge(Party.INTERNET, node, arrowhead="none", color=LINE)


def _members(members: Iterable[Machine | Balancer], zone: str) -> str:
    lines: list[str] = []
    for member in members:
        if member.zone == zone:
            lines += [member.address] if isinstance(member, Machine) else []
            lines += [f"<b>{member.public}</b>"] if member.public else []
    return "<br/>".join(lines)


def _ports(allowed: Iterable[Flow]) -> str:
    """Ports by protocol: `tcp 80, 443; vrrp`."""
    by_protocol: dict[str, list[str]] = {}
    for flow in sorted(allowed, key=lambda flow: flow.ports or (0, 0)):
        by_protocol.setdefault(flow.protocol.value, []).append(ports(flow))
    return "; ".join(f"{protocol} {', '.join(numbers)}".strip() for protocol, numbers in by_protocol.items())


def _label(allowed: Iterable[Flow]) -> str:
    return f" {_ports(allowed)} "


def _id(site: Site, party: Role | Party) -> str:
    return f"{site.name}-{party}"


def _head(text: str, provider: Provider, span: int = 1) -> str:
    return _cell(f'<font color="white"><b>{text}</b></font>', span, DARK[provider])


def _cell(text: str, span: int = 1, color: str = "white") -> str:
    return f'<td bgcolor="{color}" colspan="{span}" width="{COLUMN * span}">{text}</td>'


def _table(provider: Provider, *rows: Sequence[str]) -> str:
    body = "".join(f"<tr>{''.join(cells)}</tr>" for cells in rows if cells)
    return f'<<table border="1" cellborder="0" cellspacing="0" cellpadding="4" color="{DARK[provider]}">{body}</table>>'


def main() -> None:
    """Draw the picture, or say why not; exit status 1 where it cannot be drawn."""
    try:
        hosting = read(STACK).hosting
        if hosting is None:
            raise PictureError(f"Pulumi.{STACK}.yaml has no section platform:hosting")
        FILE.write_text(draw(state(daemon.DIRECTORY), hosting))
    except (PictureError, SettingsError) as error:
        sys.exit(f"picture: {error}")
    print(f"Drawn: {FILE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
