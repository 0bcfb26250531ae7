"""Every rendered configuration is taken by the program that will read it; one with a mistake is not."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machines.bodies import STACKS, Body, bodies, kinds
from tests.machines.programs import ask, ask_in_network

pytestmark = pytest.mark.machines
Done = subprocess.CompletedProcess[str]


def with_role(role: str) -> list[Body]:
    """A machine of every kind and stack that an Ansible role runs on."""
    return [body for stack in STACKS for body in kinds(stack) if body.has(role)]


def every(role: str, template: str) -> Iterator[tuple[Body, str]]:
    """The different texts of a template over all stacks, each with a machine that has it."""
    seen = set()
    for body in with_role(role):
        text = body.render(role, template)
        if text not in seen:
            seen.add(text)
            yield body, text
    assert seen, f"no machine has {role}/{template}"


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def taken(done: Done, body: Body) -> None:
    assert done.returncode == 0, f"{body.name}: {done.stdout}"


def refused(done: Done, why: str) -> None:
    assert done.returncode != 0, done.stdout
    assert re.search(why, done.stdout), done.stdout


def test_every_template_renders_for_every_machine_that_has_it() -> None:
    variant = {"sql": {"haproxy.cfg.j2": "galera", "maxscale.cnf.j2": "maxscale"}}
    for stack in STACKS:
        for body in kinds(stack):
            for role, template in body.templates():
                wanted = variant.get(role, {}).get(template, body.facts["database"]["variant"])
                alone = template.startswith("platform-route") and body.facts["other_site"] is None
                if wanted == body.facts["database"]["variant"] and not alone:
                    text = body.render(role, template)
                    assert text.strip(), f"{body.name}: {role}/{template} is empty"
                    assert not re.search(r"\{\{|\{%", text), f"{body.name}: {role}/{template} has marks left"


# Firewall


def test_nft_takes_the_firewall(tmp_path: Path) -> None:
    for body, text in every("common", "nftables.conf.j2"):
        taken(ask_in_network([], "nft", "--check", "--file", write(tmp_path / "nft", text)), body)


def test_nft_refuses_a_broken_firewall(tmp_path: Path) -> None:
    text = bodies("dev")[0].render("common", "nftables.conf.j2").replace("tcp dport 22", "tcp dport ssssh")
    refused(ask_in_network([], "nft", "--check", "--file", write(tmp_path / "nft", text)), "Could not resolve service")


def test_a_firewall_drops_what_the_flow_matrix_does_not_name() -> None:
    for body, text in every("common", "nftables.conf.j2"):
        assert text.count("policy drop;") == 3, body.name
        accepted = {line.strip() for line in text.splitlines() if "accept" in line and "ip saddr" in line}
        flows = len(body.facts["inbound"]) + (2 if body.role == "link" else 0)
        assert len(accepted) == flows, body.name


# SSH


def sshd(tmp_path: Path, text: str) -> Done:
    key = tmp_path / "key"
    if not key.exists():
        assert ask("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key).returncode == 0
    return ask("sshd", "-T", "-f", write(tmp_path / "sshd", text), "-h", key)


def test_sshd_takes_its_settings_and_lets_nobody_in_by_password(tmp_path: Path) -> None:
    Path("/run/sshd").mkdir(exist_ok=True)
    for body, text in every("common", "sshd.conf.j2"):
        done = sshd(tmp_path, text)
        taken(done, body)
        assert "passwordauthentication no" in done.stdout
        assert "permitrootlogin no" in done.stdout
        forwarding = "local" if body.role == "bastion" else "no"
        assert f"allowtcpforwarding {forwarding}" in done.stdout


def test_sshd_refuses_a_broken_setting(tmp_path: Path) -> None:
    text = bodies("dev")[0].render("common", "sshd.conf.j2").replace("MaxAuthTries 3", "MaxAuthTry 3")
    refused(sshd(tmp_path, text), "Bad configuration option: MaxAuthTry")


# Fronts and SQL routers


def certificate(folder: Path) -> None:
    (folder / "certificate").mkdir(exist_ok=True)
    key, pem = folder / "key.pem", folder / "certificate.pem"
    request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=api"]
    assert ask("openssl", *request, "-keyout", key, "-out", pem).returncode == 0
    write(folder / "certificate" / "api.pem", pem.read_text() + key.read_text())


def front(body: Body, folder: Path) -> str:
    write(folder / "unavailable.json", body.render("front", "unavailable.json.j2"))
    return body.render("front", "haproxy.cfg.j2", front_folder=str(folder))


def test_haproxy_takes_the_front(tmp_path: Path) -> None:
    certificate(tmp_path)
    for body in with_role("front"):
        done = ask("haproxy", "-c", "-f", write(tmp_path / "haproxy.cfg", front(body, tmp_path)))
        taken(done, body)
        assert "WARNING" not in done.stdout, done.stdout


def test_haproxy_refuses_a_broken_front(tmp_path: Path) -> None:
    certificate(tmp_path)
    text = front(with_role("front")[0], tmp_path).replace("balance leastconn", "balance leastcon")
    refused(ask("haproxy", "-c", "-f", write(tmp_path / "haproxy.cfg", text)), "leastcon")


def galera() -> list[Body]:
    return [body for body in with_role("sql") if body.facts["database"]["variant"] == "galera"]


def test_haproxy_takes_the_sql_router(tmp_path: Path) -> None:
    assert galera()
    for body in galera():
        text = body.render("sql", "haproxy.cfg.j2")
        done = ask("haproxy", "-c", "-f", write(tmp_path / "haproxy.cfg", text))
        taken(done, body)
        assert "WARNING" not in done.stdout, done.stdout


def test_one_database_takes_writes_and_the_others_stand_by() -> None:
    for body in galera():
        listen = body.render("sql", "haproxy.cfg.j2").split("listen write")[1].split("listen read")[0]
        servers = [line for line in listen.splitlines() if line.strip().startswith("server ")]
        assert len(servers) == len(body.facts["peers"]["database"])
        assert [server.endswith("backup") for server in servers] == [False] + [True] * (len(servers) - 1)


def keepalived(folder: Path, text: str) -> Done:
    file = write(folder / "keepalived.conf", text)
    return ask_in_network([], "keepalived", "--config-test", f"--use-file={file}")


def test_keepalived_takes_the_shared_addresses(tmp_path: Path) -> None:
    for body, text in every("shared_address", "keepalived.conf.j2"):
        taken(keepalived(tmp_path, text), body)


def test_keepalived_refuses_a_broken_setting(tmp_path: Path) -> None:
    text = with_role("shared_address")[0].render("shared_address", "keepalived.conf.j2")
    text = text.replace("nopreempt", "nopreemptt")
    refused(keepalived(tmp_path, text), "nopreemptt")


def waf(body: Body, folder: Path) -> str:
    shutil.copy("/etc/nginx/unicode.mapping", folder)
    write(folder / "modsecurity.conf", body.render("waf", "modsecurity.conf.j2", waf_folder=str(folder)))
    text = body.render("waf", "nginx.conf.j2", waf_folder=str(folder))
    # In a user namespace there is no www-data.
    return text.replace("pid /run/nginx.pid;", f"pid {folder}/nginx.pid;").replace("user www-data;", "user root;")


def test_nginx_takes_the_waf_with_the_core_rule_set(tmp_path: Path) -> None:
    for body in with_role("waf"):
        file = write(tmp_path / "nginx.conf", waf(body, tmp_path))
        taken(ask_in_network([body.address], "nginx", "-t", "-c", file), body)


@pytest.mark.parametrize(
    ("name", "before", "after", "why"),
    [
        ("nginx.conf", "proxy_next_upstream off", "proxy_next_upstreams off", "unknown directive"),
        ("modsecurity.conf", "SecRuleEngine On", "SecRuleEngine Maybe", "modsecurity.conf"),
    ],
)
def test_nginx_refuses_a_broken_waf(tmp_path: Path, name: str, before: str, after: str, why: str) -> None:
    body = with_role("waf")[0]
    file = write(tmp_path / "nginx.conf", waf(body, tmp_path))
    broken = tmp_path / name
    broken.write_text(broken.read_text().replace(before, after))
    refused(ask_in_network([body.address], "nginx", "-t", "-c", file), why)


# Databases


def mariadbd(file: Path) -> Done:
    return ask("mariadbd", f"--defaults-file={file}", "--user=mysql", "--help", "--verbose")


def test_mariadbd_takes_its_settings(tmp_path: Path) -> None:
    variants = set()
    for body, text in every("database", "60-platform.cnf.j2"):
        done = mariadbd(write(tmp_path / "mariadb.cnf", text))
        taken(done, body)
        assert re.search(r"^require-secure-transport +TRUE$", done.stdout, re.M)
        variants.add(body.facts["database"]["variant"])
    assert variants == {"galera", "maxscale"}


def test_mariadbd_refuses_an_unknown_setting(tmp_path: Path) -> None:
    text = with_role("database")[0].render("database", "60-platform.cnf.j2")
    file = write(tmp_path / "mariadb.cnf", text.replace("sync_binlog =", "sync_binlogs ="))
    refused(mariadbd(file), "unknown variable 'sync_binlogs=1'")


def test_databases_of_two_sites_never_share_a_server_id() -> None:
    for stack in STACKS:
        texts = [body.render("database", "60-platform.cnf.j2") for body in bodies(stack) if body.has("database")]
        numbers = [re.findall(r"^server_id = (\d+)$", text, re.M)[0] for text in texts]
        assert len(numbers) == len(set(numbers)) >= 3


# Links, bastions, Vault


def test_bird_takes_the_routes(tmp_path: Path) -> None:
    for body, text in every("link", "bird.conf.j2"):
        taken(ask("bird", "-p", "-c", write(tmp_path / "bird.conf", text)), body)


def test_bird_refuses_a_broken_route(tmp_path: Path) -> None:
    text = with_role("link")[0].render("link", "bird.conf.j2").replace("type ptp", "type ptpp")
    refused(ask("bird", "-p", "-c", write(tmp_path / "bird.conf", text)), "syntax error")


def test_both_ends_of_every_tunnel_agree() -> None:
    for stack in STACKS:
        ends = {}
        links = [body for body in bodies(stack) if body.has("link")]
        for body in links:
            for index, far in enumerate(body.facts["other_site"]["links"]):
                text = body.render("link", "wireguard.conf.j2", link_index=index)
                values = dict(line.split(" = ", 1) for line in text.splitlines() if " = " in line)
                ends[body.facts["site"]["name"], body.facts["machine"]["index"], index + 1] = (values, far)
        for (site, own, far), (values, _) in ends.items():
            other = next(name for name, *_ in ends if name != site)
            theirs, address = ends[other, far, own]
            assert values["Endpoint"].split(":")[1] == theirs["ListenPort"]
            assert theirs["Endpoint"] == f"{address}:{values['ListenPort']}"
            assert values["Address"].split("/")[0] in theirs["AllowedIPs"]
        assert len(ends) in (0, 8), "two machines a site, each with a tunnel to both of the other's"


def test_fail2ban_takes_the_jail(tmp_path: Path) -> None:
    shutil.copytree("/etc/fail2ban", tmp_path / "fail2ban")
    for body, text in every("bastion", "jail.local.j2"):
        write(tmp_path / "fail2ban" / "jail.local", text)
        taken(ask("fail2ban-client", "-c", tmp_path / "fail2ban", "-t"), body)


def test_fail2ban_refuses_a_broken_jail(tmp_path: Path) -> None:
    shutil.copytree("/etc/fail2ban", tmp_path / "fail2ban")
    text = with_role("bastion")[0].render("bastion", "jail.local.j2").replace("mode = aggressive", "filter = nobody")
    write(tmp_path / "fail2ban" / "jail.local", text)
    refused(ask("fail2ban-client", "-c", tmp_path / "fail2ban", "-t"), "nobody")


def test_apt_takes_the_upgrades_and_machines_of_a_role_restart_apart() -> None:
    for stack in STACKS:
        times: dict[tuple[str, str], list[str]] = {}
        for body in bodies(stack):
            text = body.render("common", "unattended-upgrades.j2")
            (at,) = re.findall(r'Automatic-Reboot-Time "(\d\d:\d\d)"', text)
            times.setdefault((body.facts["site"]["name"], body.role), []).append(at)
        assert all(len(set(of_role)) == len(of_role) for of_role in times.values()), times


def test_apt_reads_the_upgrades(tmp_path: Path) -> None:
    text = bodies("dev")[0].render("common", "unattended-upgrades.j2")
    done = ask("apt-config", "-c", write(tmp_path / "apt", text), "dump", "Unattended-Upgrade")
    taken(done, bodies("dev")[0])
    assert 'Unattended-Upgrade::Automatic-Reboot "true";' in done.stdout
    broken = write(tmp_path / "apt", text.replace('"1";', '"1', 1))
    assert ask("apt-config", "-c", broken, "dump").returncode != 0


def test_the_kernel_knows_every_setting() -> None:
    known = {"net.core", "kernel", "fs", "vm"}
    for body, text in every("common", "sysctl.conf.j2"):
        for line in (line for line in text.splitlines() if line and not line.startswith("#")):
            name = line.split(" = ")[0]
            path = Path("/proc/sys") / name.replace(".", "/")
            assert path.exists() or not name.startswith("net"), f"{body.name}: {name}"
            assert name.split(".")[0] in {"net", *known}


# systemd

HARMLESS = re.compile(
    r"is not executable: No such file|Failed to (?:create|open) |Cannot add dependency job|Unit .* not found"
    r"|Proceeding anyway|bus|Attempting|man page|not found, ignoring"
)


def verify(folder: Path) -> list[str]:
    units = sorted(str(file) for file in folder.iterdir())
    done = ask("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *units)
    return [
        line for line in done.stdout.splitlines() if line.strip() and str(folder) in line and not HARMLESS.search(line)
    ]


def units(body: Body, folder: Path) -> Path:
    for role, template in body.templates():
        if re.search(r"\.(?:service|socket|timer|mount)\.j2$", template):
            if template.startswith("platform-route") and body.facts["other_site"] is None:
                continue
            write(folder / template.removesuffix(".j2"), body.render(role, template))
    return folder


def test_systemd_takes_every_unit(tmp_path: Path) -> None:
    for stack in STACKS:
        for body in kinds(stack):
            folder = tmp_path / body.name
            folder.mkdir()
            if any(units(body, folder).iterdir()):
                assert verify(folder) == [], body.name


def test_systemd_refuses_a_broken_unit(tmp_path: Path) -> None:
    body = with_role("app")[0]
    folder = units(body, tmp_path)
    unit = folder / "app.service"
    unit.write_text(unit.read_text().replace("NoNewPrivileges=yes", "NoNewPrivilege=yes"))
    assert any("NoNewPrivilege" in line for line in verify(folder))
