"""The providers random, tls and command: what they make is real."""

from __future__ import annotations

import base64
import string
import uuid
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_public_key

from tests.unit.sandbox.customer import Clouds, Customer, RefusedError
from tests.unit.sandbox.test_ovh import PLACE, SECURITY_GROUP, instance, interface, network, subnet

PASSWORD: Final = "random:index/randomPassword:RandomPassword"
STRING: Final = "random:index/randomString:RandomString"
BYTES: Final = "random:index/randomBytes:RandomBytes"
ID: Final = "random:index/randomId:RandomId"
UUID: Final = "random:index/randomUuid:RandomUuid"
KEY: Final = "tls:index/privateKey:PrivateKey"
CERTIFICATE: Final = "tls:index/selfSignedCert:SelfSignedCert"
LOCAL: Final = "command:local:Command"
REMOTE: Final = "command:remote:Command"


@pytest.fixture
def random(clouds: Clouds) -> Customer:
    return clouds.customer("random")


@pytest.fixture
def tls(clouds: Clouds) -> Customer:
    return clouds.customer("tls")


@pytest.fixture
def command(clouds: Clouds) -> Customer:
    return clouds.customer("command")


def test_passwords_have_the_length_and_the_characters_that_were_asked_for(random: Customer) -> None:
    plain = random.create(PASSWORD, length=40, special=False, minUpper=12, minNumeric=12).outputs["result"]
    assert len(plain) == 40
    assert set(plain) <= set(string.ascii_letters + string.digits)
    assert sum(letter.isupper() for letter in plain) >= 12
    assert sum(letter.isdigit() for letter in plain) >= 12
    special = random.create(PASSWORD, length=40, overrideSpecial="_", minSpecial=30).outputs["result"]
    assert special.count("_") >= 30
    assert plain != random.create(PASSWORD, length=40, special=False).outputs["result"]


@pytest.mark.parametrize(
    ("given", "at", "reason"),
    [
        ({"length": 0}, "length", "is 0, but accepted is 1 to 10000"),
        (
            {"length": 8, "minUpper": 5, "minNumeric": 4},
            "length",
            "is 8, but minLower, minUpper, .* ask for 9 together",
        ),
        (
            {"length": 8, "lower": False, "upper": False, "numeric": False, "special": False},
            "lower",
            "accepted is true for one of lower, upper, numeric, special",
        ),
    ],
)
def test_passwords_that_cannot_be_are_refused(random: Customer, given: dict[str, Any], at: str, reason: str) -> None:
    for token in (PASSWORD, STRING):
        with pytest.raises(RefusedError, match=f"^{at} {reason}$"):
            random.create(token, **given)


def test_no_password_stands_in_an_id_or_in_a_cloud_s_list(random: Customer, clouds: Clouds) -> None:
    made = random.create(PASSWORD, length=20)
    assert made.outputs["result"] not in made.id
    assert clouds.store.rows() == []


def test_bytes_ids_and_uuids_have_their_forms(random: Customer) -> None:
    made = random.create(BYTES, length=32).outputs
    assert base64.b64decode(made["base64"]).hex() == made["hex"]
    assert len(made["hex"]) == 64
    short = random.create(ID, byteLength=4, prefix="p-").outputs
    assert short["hex"].startswith("p-")
    assert int(short["hex"][2:], 16) == int(short["dec"][2:])
    assert uuid.UUID(random.create(UUID).outputs["result"]).version == 4


def test_a_new_value_is_made_only_where_something_changed(random: Customer) -> None:
    made = random.create(PASSWORD, length=20, keepers={"year": "1"})
    assert random.read(made) == made.outputs
    assert list(random.diff(PASSWORD, made.inputs, made.inputs).diffs) == []
    for changed in ({"keepers": {"year": "2"}}, {"length": 21}):
        assert list(random.diff(PASSWORD, made.inputs, {**made.inputs, **changed}).replaces) == list(changed)


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"algorithm": "RSA", "rsaBits": 2048}, rsa.RSAPrivateKey),
        ({"algorithm": "ECDSA", "ecdsaCurve": "P256"}, ec.EllipticCurvePrivateKey),
        ({"algorithm": "ED25519"}, ed25519.Ed25519PrivateKey),
    ],
    ids=lambda value: value["algorithm"] if isinstance(value, dict) else "",
)
def test_keys_are_of_the_algorithm_and_their_halves_match(tls: Customer, given: dict[str, Any], kind: type) -> None:
    made = tls.create(KEY, **given).outputs
    private = load_pem_private_key(made["privateKeyPem"].encode(), None)
    assert isinstance(private, kind)
    assert load_ssh_public_key(made["publicKeyOpenssh"].encode()) == private.public_key()
    assert made["publicKeyFingerprintSha256"].startswith("SHA256:")


def test_a_self_signed_certificate_is_valid_for_its_key_and_names(tls: Customer) -> None:
    key = tls.create(KEY, algorithm="ECDSA", ecdsaCurve="P256").outputs["privateKeyPem"]
    made = tls.create(
        CERTIFICATE,
        privateKeyPem=key,
        validityPeriodHours=24,
        allowedUses=["digital_signature", "server_auth"],
        dnsNames=["example.org"],
        ipAddresses=["192.0.2.1"],
        subject={"commonName": "example.org"},
    ).outputs
    certificate = x509.load_pem_x509_certificate(made["certPem"].encode())
    certificate.verify_directly_issued_by(certificate)
    assert certificate.public_key() == load_pem_private_key(key.encode(), None).public_key()
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["example.org"]
    assert (certificate.not_valid_after_utc - certificate.not_valid_before_utc).total_seconds() == 24 * 3600


@pytest.mark.parametrize(
    ("token", "given", "reason"),
    [
        (KEY, {"algorithm": "DSA"}, "algorithm is 'DSA', but accepted is one of RSA, ECDSA, ED25519"),
        (KEY, {"algorithm": "ECDSA", "ecdsaCurve": "P1"}, "ecdsaCurve is 'P1', but accepted is one of P224, "),
        (KEY, {"algorithm": "RSA", "rsaBits": 1024}, "rsaBits is 1024, but accepted is 2048 to 16384"),
        (CERTIFICATE, {"allowedUses": ["fly"]}, r"allowedUses\[0\] is 'fly', but accepted is one of digital_signature"),
        (CERTIFICATE, {"ipAddresses": ["here"]}, r"ipAddresses\[0\] is 'here', but accepted is an IP address"),
        (CERTIFICATE, {"validityPeriodHours": 0}, "validityPeriodHours is 0, but accepted is 1 to"),
        (CERTIFICATE, {}, "tls: create it: privateKeyPem: is no private key in PEM"),
    ],
)
def test_keys_and_certificates_that_cannot_be_are_refused(
    tls: Customer, token: str, given: dict[str, Any], reason: str
) -> None:
    base = {"privateKeyPem": "no key", "validityPeriodHours": 1, "allowedUses": []} if token == CERTIFICATE else {}
    with pytest.raises(RefusedError, match=reason):
        tls.create(token, **{**base, **given})


def test_local_commands_run_at_create_update_and_delete(command: Customer, tmp_path: Path) -> None:
    log = tmp_path / "log"
    steps = {step: f'echo "{step} $WHO" | tee -a {log}' for step in ("create", "update", "delete")}
    made = command.create(LOCAL, environment={"WHO": "me"}, **steps)
    assert made.outputs["stdout"] == "create me"
    changed = command.update(made, environment={"WHO": "you"})
    assert changed.outputs["stdout"] == "update you"
    command.delete(changed)
    assert log.read_text().splitlines() == ["create me", "update you", "delete you"]
    assert list(command.diff(LOCAL, {"triggers": [1]}, {"triggers": [2]}).replaces) == ["triggers"]


def test_a_local_command_that_fails_says_what_it_said(command: Customer) -> None:
    with pytest.raises(RefusedError, match="the command ended with status 3: no such luck"):
        command.create(LOCAL, create="echo no such luck >&2; exit 3")
    with pytest.raises(RefusedError, match=r"the command does not start: .*/nowhere/sh"):
        command.create(LOCAL, create="true", interpreter=["/nowhere/sh"])


def remote(command: Customer, host: str, **changed: Any) -> Any:
    return command.create(REMOTE, connection={"host": host, "privateKey": "key", **changed}, create="true")


def test_remote_commands_need_a_way_to_a_recorded_machine(command: Customer, ovh: Customer) -> None:
    net = network(ovh)
    sub = subnet(ovh, net)
    address = ovh.create("ovh:index/cloudFloatingIp:CloudFloatingIp", **PLACE).outputs["currentState"]["ip"]
    way = {"direction": "INGRESS", "ethernetType": "IPV4", "protocol": "TCP"}
    shut, opened = (
        ovh.create(SECURITY_GROUP, name=name, rules=[{**way, "portRangeMin": port, "portRangeMax": port}], **PLACE)
        for name, port in (("shut", 443), ("open", 22))
    )
    bastion = instance(
        ovh,
        "bastion",
        networks=[interface(net, sub, "10.0.0.10"), interface(net, sub, address)],
        securityGroupIds=[shut.id],
    )
    instance(ovh, "inner", networks=[interface(net, sub, "10.0.0.11")])
    proxy = {"host": address, "privateKey": "key"}
    with pytest.raises(RefusedError, match=f"dial {address}:22: timeout: no security group of bastion lets SSH in"):
        remote(command, "10.0.0.11", proxy=proxy)
    ovh.update(bastion, securityGroupIds=[opened.id])
    assert remote(command, "10.0.0.11", proxy=proxy).outputs["stdout"].startswith("recorded: 10.0.0.11 ")
    with pytest.raises(RefusedError, match=r"dial 10\.0\.0\.12:22: no route: no recorded machine has this address"):
        remote(command, "10.0.0.12", proxy=proxy)
    with pytest.raises(RefusedError, match=r"dial 192\.0\.2\.99:22: no route: no recorded machine has this public"):
        remote(command, "192.0.2.99")


def test_remote_commands_need_a_key_and_something_to_do_and_keep_no_secret(
    command: Customer, clouds: Clouds, ovh: Customer
) -> None:
    failures = command.failures(REMOTE, connection={"host": "192.0.2.1"})
    assert failures == {
        "connection": "has no privateKey, password or agentSocketPath",
        "create": "is required (a string): there is nothing to run",
    }
    net = network(ovh)
    sub = subnet(ovh, net)
    address = ovh.create("ovh:index/cloudFloatingIp:CloudFloatingIp", **PLACE).outputs["currentState"]["ip"]
    way = {"direction": "INGRESS", "ethernetType": "IPV4"}
    group = ovh.create(SECURITY_GROUP, rules=[way], **PLACE)
    instance(ovh, networks=[interface(net, sub, address)], securityGroupIds=[group.id])
    connection = {"host": address, "privateKey": "canary"}
    command.create(REMOTE, connection=connection, create="true", stdin="canary", environment={"A": "canary"})
    (row,) = clouds.store.rows("command")
    assert "canary" not in f"{row.inputs} {row.outputs}"
