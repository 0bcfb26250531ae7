"""The providers random and tls: no cloud has what they make, it is only in the program's encrypted state."""

from __future__ import annotations

import base64
import hashlib
import secrets
import string
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sandbox import rules
from sandbox.cloud import Call, Cloud, CloudError, Kind, by_token
from sandbox.properties import Properties, find
from sandbox.schema import Failure
from sandbox.store import Row

SPECIAL: Final = "!@#$%&*()-_=+[]{}<>:?"
"""What the real provider calls special characters."""


MINIMA: Final = ("minLower", "minUpper", "minNumeric", "minSpecial")


class _RandomKind(Kind):
    local = True

    @property
    def replace_on(self) -> frozenset[str]:  # type: ignore[override]
        """Every change means a new value."""
        return frozenset(self.schema.inputs)

    def new_id(self, inputs: Properties, call: Call) -> str:
        """No value may stand in an id, which nothing hides."""
        return "none"


class RandomPassword(_RandomKind):
    """A random text that is secret."""

    token = "random:index/randomPassword:RandomPassword"  # noqa: S105 - a type

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Some kind of character must be left."""
        yield from rules.between(inputs, "length", 1, 10_000)
        if not any(inputs.get(name, True) for name in ("lower", "upper", "numeric", "special")):
            yield Failure("lower", "accepted is true for one of lower, upper, numeric, special")
        least = sum(value for name in MINIMA for _, value in find(inputs, name))
        if rules.known(inputs.get("length")) and inputs["length"] < least:
            yield Failure("length", f"is {inputs['length']}, but {', '.join(MINIMA)} ask for {least} together")

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """The text, with at least as many of each kind as was asked for."""
        kinds = {
            "lower": string.ascii_lowercase,
            "upper": string.ascii_uppercase,
            "numeric": string.digits,
            "special": inputs.get("overrideSpecial") or SPECIAL,
        }
        chosen = {name: letters for name, letters in kinds.items() if inputs.get(name, True)}
        result = [
            secrets.choice(letters)
            for name, letters in chosen.items()
            for _ in range(int(inputs.get(f"min{name.capitalize()}", 0)))
        ]
        alphabet = "".join(chosen.values())
        result += [secrets.choice(alphabet) for _ in range(int(inputs["length"]) - len(result))]
        secrets.SystemRandom().shuffle(result)
        return {"result": "".join(result), "bcryptHash": ""}


class RandomString(RandomPassword):
    """A random text that is not secret."""

    token = "random:index/randomString:RandomString"  # noqa: S105 - a type

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """The text."""
        return {"result": super().computed(identifier, inputs, call, existing)["result"]}


class RandomBytes(_RandomKind):
    """Random bytes that are secret."""

    token = "random:index/randomBytes:RandomBytes"  # noqa: S105 - a type

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """The bytes, twice."""
        value = secrets.token_bytes(int(inputs["length"]))
        return {"base64": base64.b64encode(value).decode(), "hex": value.hex()}


class RandomId(_RandomKind):
    """A random identifier."""

    token = "random:index/randomId:RandomId"  # noqa: S105 - a type

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """The identifier in several forms."""
        value, prefix = secrets.token_bytes(int(inputs["byteLength"])), inputs.get("prefix", "")
        return {
            "b64Std": prefix + base64.b64encode(value).decode(),
            "b64Url": prefix + base64.urlsafe_b64encode(value).decode().rstrip("="),
            "dec": prefix + str(int.from_bytes(value, "big")),
            "hex": prefix + value.hex(),
        }


class RandomUuid(_RandomKind):
    """A random UUID."""

    token = "random:index/randomUuid:RandomUuid"  # noqa: S105 - a type

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """The UUID."""
        return {"result": str(uuid.uuid4())}


class PrivateKey(Kind):
    """A key pair."""

    token = "tls:index/privateKey:PrivateKey"  # noqa: S105 - a type
    local = True
    replace_on = frozenset({"algorithm", "ecdsaCurve", "rsaBits"})
    curves: Final = {"P224": ec.SECP224R1(), "P256": ec.SECP256R1(), "P384": ec.SECP384R1(), "P521": ec.SECP521R1()}

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Algorithms and curves are the offered ones."""
        yield from rules.one_of(inputs, "algorithm", ("RSA", "ECDSA", "ED25519"))
        yield from rules.one_of(inputs, "ecdsaCurve", self.curves)
        yield from rules.between(inputs, "rsaBits", 2048, 16384)

    def new_id(self, inputs: Properties, call: Call) -> str:
        """Any; the real provider takes a checksum of the public key."""
        return secrets.token_hex(20)

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """Both halves, in the usual forms."""
        key = self._key(inputs)
        public = key.public_key()
        openssh = public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
        blob = base64.b64decode(openssh.split()[1])
        md5 = hashlib.md5(blob, usedforsecurity=False).hexdigest()
        sha256 = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
        traditional = PrivateFormat.PKCS8 if inputs["algorithm"] == "ED25519" else PrivateFormat.TraditionalOpenSSL
        return {
            "privateKeyPem": key.private_bytes(Encoding.PEM, traditional, NoEncryption()).decode(),
            "privateKeyPemPkcs8": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
            "privateKeyOpenssh": key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode(),
            "publicKeyPem": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
            "publicKeyOpenssh": openssh.decode() + "\n",
            "publicKeyFingerprintMd5": ":".join(md5[i : i + 2] for i in range(0, len(md5), 2)),
            "publicKeyFingerprintSha256": f"SHA256:{sha256}",
        }

    def _key(self, inputs: Properties) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey:
        if inputs["algorithm"] == "RSA":
            return rsa.generate_private_key(public_exponent=65537, key_size=int(inputs.get("rsaBits", 2048)))
        if inputs["algorithm"] == "ECDSA":
            return ec.generate_private_key(self.curves[inputs.get("ecdsaCurve", "P224")])
        return ed25519.Ed25519PrivateKey.generate()


class SelfSignedCert(Kind):
    """A certificate that its own key has signed."""

    token = "tls:index/selfSignedCert:SelfSignedCert"  # noqa: S105 - a type
    local = True

    @property
    def replace_on(self) -> frozenset[str]:  # type: ignore[override]
        """Every change means a new certificate, but for when it is renewed."""
        return frozenset(self.schema.inputs) - {"earlyRenewalHours"}

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Uses are known ones, addresses are addresses."""
        yield from rules.between(inputs, "validityPeriodHours", 1, 24 * 365 * 100, "hours")
        yield from rules.one_of(inputs, "allowedUses[]", USES)
        for where, address in find(inputs, "ipAddresses[]"):
            try:
                ip_address(address)
            except ValueError:
                yield Failure(where, f"is {address!r}, but accepted is an IP address")

    def new_id(self, inputs: Properties, call: Call) -> str:
        """Any; the real provider takes the serial number."""
        return str(x509.random_serial_number())

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """The certificate, by the key that the program gave."""
        try:
            key = load_pem_private_key(inputs["privateKeyPem"].encode(), password=None)
        except ValueError as error:
            raise CloudError(f"privateKeyPem: is no private key in PEM: {error}") from error
        if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey):
            raise CloudError("privateKeyPem: accepted are RSA, ECDSA and ED25519 keys")
        begin = datetime.now(UTC).replace(microsecond=0)
        end = begin + timedelta(hours=int(inputs["validityPeriodHours"]))
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, (inputs.get("subject") or {}).get("commonName", ""))])
        builder = x509.CertificateBuilder(name, name, key.public_key(), int(identifier), begin, end)
        uses = set(inputs["allowedUses"])
        names = [
            *(x509.DNSName(dns) for dns in inputs.get("dnsNames") or []),
            *(x509.IPAddress(ip_address(address)) for address in inputs.get("ipAddresses") or []),
        ]
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        authority = bool(inputs.get("isCaCertificate", False))
        builder = builder.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        builder = builder.add_extension(
            x509.KeyUsage(**{flag: use in uses for flag, use in KEY_USAGES.items()}), critical=True
        )
        extended = [EXTENDED_USAGES[use] for use in inputs["allowedUses"] if use in EXTENDED_USAGES]
        if extended:
            builder = builder.add_extension(x509.ExtendedKeyUsage(extended), critical=False)
        algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
        return {
            "certPem": builder.sign(key, algorithm).public_bytes(Encoding.PEM).decode(),
            "keyAlgorithm": {rsa.RSAPrivateKey: "RSA", ec.EllipticCurvePrivateKey: "ECDSA"}.get(type(key), "ED25519"),
            "readyForRenewal": False,
            "validityStartTime": begin.isoformat(),
            "validityEndTime": end.isoformat(),
        }


KEY_USAGES: Final = {
    "digital_signature": "digital_signature",
    "content_commitment": "content_commitment",
    "key_encipherment": "key_encipherment",
    "data_encipherment": "data_encipherment",
    "key_agreement": "key_agreement",
    "key_cert_sign": "cert_signing",
    "crl_sign": "crl_signing",
    "encipher_only": "encipher_only",
    "decipher_only": "decipher_only",
}
EXTENDED_USAGES: Final = {
    "server_auth": ExtendedKeyUsageOID.SERVER_AUTH,
    "client_auth": ExtendedKeyUsageOID.CLIENT_AUTH,
    "code_signing": ExtendedKeyUsageOID.CODE_SIGNING,
    "email_protection": ExtendedKeyUsageOID.EMAIL_PROTECTION,
    "timestamping": ExtendedKeyUsageOID.TIME_STAMPING,
    "ocsp_signing": ExtendedKeyUsageOID.OCSP_SIGNING,
    "any_extended": ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
}
USES: Final = (*KEY_USAGES.values(), *EXTENDED_USAGES)


RANDOM: Final = Cloud("random", by_token(RandomPassword(), RandomString(), RandomBytes(), RandomId(), RandomUuid()))
TLS: Final = Cloud("tls", by_token(PrivateKey(), SelfSignedCert()))
