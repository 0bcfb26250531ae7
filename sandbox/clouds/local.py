"""The providers random and tls: no cloud has what they make, it is only in the program's encrypted state."""

from __future__ import annotations

import base64
import hashlib
import secrets
import string
import uuid
from collections.abc import Iterator
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from sandbox import rules
from sandbox.cloud import Call, Cloud, Kind, by_token
from sandbox.properties import Properties
from sandbox.schema import Failure
from sandbox.store import Row

SPECIAL: Final = "!@#$%&*()-_=+[]{}<>:?"
"""What the real provider calls special characters."""


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


RANDOM: Final = Cloud("random", by_token(RandomPassword(), RandomString(), RandomBytes(), RandomId(), RandomUuid()))
TLS: Final = Cloud("tls", by_token(PrivateKey()))
