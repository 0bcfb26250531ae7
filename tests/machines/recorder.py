"""`python -m tests.machines.recorder STACK`: the user data and the pushed payloads of every machine of a stack, as JSON.

The program runs with mocked providers, in a process of its own because Pulumi's mocks are global to one.
"""

from __future__ import annotations

import base64
import json
import sys
import zlib
from typing import Any, Final

import pulumi

import catalog
from settings import read
from stacks.hosting import Hosting

USER_DATA: Final = {
    "ovh:index/cloudInstance:CloudInstance": "userData",
    "scaleway:instance/server:Server": "cloudInit",
}
COMMAND: Final = "command:remote:Command"
PUBLIC_KEY: Final = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g"
CANARY: Final = "canary"
"""What every secret of the mocked providers contains."""


SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
"""The key by which the engine marks secrets (`sdk/go/common/resource/sig`)."""


def plain(value: Any) -> Any:
    """A value without the marks of secrets."""
    if isinstance(value, dict):
        return plain(value["value"]) if SIGNATURE in value else {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


class Recorder(pulumi.runtime.Mocks):
    """Providers that agree to everything and remember what machines are told."""

    def __init__(self) -> None:
        self.user_data: dict[str, str] = {}
        self.payloads: dict[str, str] = {}

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """Inputs become outputs, with what the program reads of what the provider adds."""
        args.inputs = plain(args.inputs)
        if args.typ in USER_DATA:
            self.user_data[args.name] = args.inputs[USER_DATA[args.typ]]
        if args.typ == COMMAND:
            self.payloads[args.name] = args.inputs["stdin"]
        return args.name, {**args.inputs, **self._computed(args)}

    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:
        """The lists that the program asks OVH for."""
        if args.token.endswith("getCloudInstanceFlavors:getCloudInstanceFlavors"):
            return {"flavors": [{"id": name, "name": name} for name in catalog.of("ovh").instance_types]}
        if args.token.endswith("getCloudInstanceImages:getCloudInstanceImages"):
            return {"images": [{"id": name, "name": name} for name in catalog.of("ovh").images.values()]}
        raise ValueError(f"the program asks for {args.token}, which these tests do not know")

    def _computed(self, args: pulumi.runtime.MockResourceArgs) -> Any:
        address = f"198.51.100.{zlib.crc32(args.name.encode()) % 250}"
        secret = f"{CANARY}-{args.name}"
        return {
            "random:index/randomPassword:RandomPassword": {"result": secret},
            "random:index/randomBytes:RandomBytes": {"base64": base64.b64encode(secret.encode()).decode()},
            "tls:index/privateKey:PrivateKey": {
                "privateKeyOpenssh": secret,
                "privateKeyPemPkcs8": secret,
                "publicKeyOpenssh": f"{PUBLIC_KEY}\n",
            },
            "tls:index/selfSignedCert:SelfSignedCert": {"certPem": f"certificate of {args.name}"},
            "ovh:index/cloudFloatingIp:CloudFloatingIp": {"currentState": {"ip": address}},
            "ovh:index/cloudStorageFileShare:CloudStorageFileShare": {
                "currentState": {"exportLocations": [{"path": f"10.20.15.200:/shares/{args.name}"}]}
            },
            "ovh:CloudProject/user:User": {"username": f"user-{args.name}"},
            "ovh:CloudProject/s3Credential:S3Credential": {
                "accessKeyId": args.name,
                "secretAccessKey": secret,
            },
            "scaleway:iam/apiKey:ApiKey": {"accessKey": args.name, "secretKey": secret},
            "scaleway:instance/ip:Ip": {"address": address},
            "scaleway:loadbalancers/ip:Ip": {"ipAddress": address},
            "vault:appRole/authBackendRole:AuthBackendRole": {"roleId": f"role-{args.name}"},
            "vault:appRole/authBackendRoleSecretId:AuthBackendRoleSecretId": {"wrappingToken": f"wrapped-{args.name}"},
        }.get(args.typ, {})


def main() -> None:
    """Declare the stack, and print what was recorded."""
    recorder = Recorder()
    pulumi.runtime.set_mocks(recorder, project="platform", stack=sys.argv[1])
    settings = read(sys.argv[1])
    assert settings.hosting is not None
    hosting = settings.hosting
    declare: Any = pulumi.runtime.test  # which has no types
    declare(lambda: Hosting(settings, hosting).urn)()
    json.dump({"user_data": recorder.user_data, "payloads": recorder.payloads}, sys.stdout)


if __name__ == "__main__":
    main()
