"""Runs a program against providers that record what it declares, and refuse what the real ones would refuse.

Every registration goes through the rules of the simulated clouds (`sandbox/clouds`): its inputs are checked against
the SDK's own types, against what the provider's API takes, and against what has been declared before, such as a volume
in another zone than its machine or an address that is taken. Nothing is created, and every value that a provider would
invent is derived from the resource's name, so that two runs of one program record the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import json
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

import pulumi
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks

from sandbox import schema
from sandbox.cloud import Call, Cloud, CloudError, Kind, Servers, Session
from sandbox.clouds import aws, command, local, ovh, scaleway, vault
from sandbox.properties import (
    ARCHIVE_SIGNATURE,
    ASSET_SIGNATURE,
    SECRET_SIGNATURE,
    SIGNATURE_KEY,
    Properties,
    decode,
    encode,
)
from sandbox.store import Account, Row, Store

CLOUDS: Final[Mapping[str, Cloud]] = {
    cloud.name: cloud for cloud in (ovh.CLOUD, scaleway.CLOUD, vault.CLOUD, local.RANDOM, local.TLS, command.CLOUD)
}
CANARY: Final = "canary"
"""Part of every secret that the recording providers invent."""
NAMESPACE: Final = uuid.UUID("5f1c3f0e-3d0a-4d0e-8a57-7c5f5d1b1d3c")
UNDERIVED: Final = frozenset(
    {"ovh:CloudProject/user:User", "vault:appRole/authBackendRoleSecretId:AuthBackendRoleSecretId"}
)
"""Types whose ids are neither random nor made from their inputs."""
STACK: Final = "pulumi:pulumi:Stack"
PROVIDER: Final = "pulumi:providers:"
AWS_ACCOUNT: Final = "123456789012"
AWS_TEXTS: Final = frozenset(
    [
        "address",
        "arnSuffix",
        "bucketRegionalDomainName",
        "certificateArn",
        "dnsName",
        "domainName",
        "endpoint",
        "fqdn",
        "invokeArn",
        "keyId",
        "prefixListId",
        "primaryEndpointAddress",
        "readerEndpoint",
        "repositoryUrl",
        "resourceId",
        "url",
        "zoneId",
    ]
)
"""Outputs that AWS invents and programs read."""
PUBLIC_KEY: Final = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH0mGTpZ0bFkmuDTwPvJrHSjRwPNjV7MT6Q5eXkTvK2M"


@dataclass(frozen=True)
class Registration:
    """One resource that a program has declared. `inputs` have the provider's names; components have none."""

    urn: str
    type: str
    name: str
    id: str
    inputs: Properties
    outputs: Properties
    secret: frozenset[str]
    """The inputs, by the first step of their path, of which some part is marked as secret."""
    parent: str
    protect: bool
    ignore_changes: tuple[str, ...]
    dependencies: frozenset[str]
    custom: bool


@dataclass(frozen=True, eq=False)
class Recording:
    """What a program has declared, in the order of URNs, and what the clouds said against it."""

    registrations: tuple[Registration, ...]
    refusals: tuple[str, ...]
    outputs: Mapping[str, Any]

    def of(self, *types: str) -> list[Registration]:
        """The resources of a type; types may be given by their last part, such as `CloudInstance`."""
        return [one for one in self.registrations if one.type in types or one.type.rsplit(":", 1)[-1] in types]

    def by_id(self, identifier: str) -> Registration:
        """The resource with an id that another one's inputs name."""
        return self._by_id[identifier]

    @functools.cached_property
    def _by_id(self) -> Mapping[str, Registration]:
        return {one.id: one for one in self.registrations if one.custom}


@dataclass
class _Providers(Mocks):
    """The providers' side."""

    store: Store
    projects: frozenset[str]
    refusals: list[str] = field(default_factory=list)
    configs: dict[str, Properties] = field(default_factory=dict)
    """What each provider that the program has made was configured with, by its name."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        """What the clouds answer to questions."""
        provider = args.token.split(":", 1)[0]
        return CLOUDS[provider].functions[args.token](args.args, self._call(provider, args.token)), []

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """Check a resource, and remember it for those that refer to it."""
        if not args.custom:
            return "", {}
        if args.typ.startswith(PROVIDER):
            self.configs[args.name] = decode(encode(args.inputs))
            return args.name, {}
        provider = args.typ.split(":", 1)[0]
        if provider == "aws":
            return self._aws(args)
        kind = CLOUDS[provider].kinds[args.typ]
        inputs = decode(encode(args.inputs))  # whole numbers as such
        call = self._call(provider, f"urn:pulumi:stack::project::{args.typ}::{args.name}")
        identifier = _identifier(kind, args.name, inputs, call)
        failures = list(kind.schema.check(inputs)) or list(kind.check(inputs, call))
        self.refusals += [f"{args.typ} {args.name}: {failure.property} {failure.reason}" for failure in failures]
        outputs = {**inputs, **_invented(args.typ, args.name)}
        with self._lock, self.store.transaction():
            targets: list[Row] = []
            project = ""
            if not kind.local:
                with self._noting(call):
                    project = kind.project(inputs, call)
                    if not failures:
                        targets = kind.targets(inputs, call)
                        self._admit(kind, inputs, call)
            if not _invented(args.typ, args.name):
                with self._noting(call):
                    outputs |= kind.computed(identifier, inputs, call, None)
            self.store.insert(Row(0, provider, args.typ, identifier, project, call.urn, inputs, outputs), targets)
        return identifier, outputs

    def _aws(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """Check an AWS resource against the SDK and against AWS's own models; nothing is asked of any AWS."""
        inputs = decode(encode(_sent(args.inputs)))
        config = self.configs.get((args.provider or "").rpartition("::")[2], {})
        call = Call(
            "aws", self.store, Session(Account("aws", "tester", "", "", frozenset()), config), args.name, Servers()
        )
        kind = aws.CLOUD.kinds.get(args.typ)
        known = schema.of_resource(args.typ)
        failures = list(known.check(inputs)) or (list(kind.check(inputs, call)) if kind is not None else [])
        self.refusals += [f"{args.typ} {args.name}: {failure.property} {failure.reason}" for failure in failures]
        if not inputs.get("region") and not config.get("region"):
            self.refusals.append(f"{args.typ} {args.name}: no region, neither its own nor its provider's")
        region = str(inputs.get("region") or config.get("region") or "")
        return _aws_identifier(args.typ, args.name), {**_aws_outputs(args.typ, args.name, region, known), **inputs}

    @contextlib.contextmanager
    def _noting(self, call: Call) -> Iterator[None]:
        """Goes on after what a cloud refuses, so that all of it is seen."""
        try:
            yield
        except CloudError as error:
            self.refusals.append(f"{call.urn.split('::')[2]} {call.logical_name}: {error}")

    def _admit(self, kind: Kind, inputs: Properties, call: Call) -> None:
        kind.admit(inputs, call, None)
        for name in kind.unique & inputs.keys():
            if any(row.outputs.get(name) == inputs[name] for row in call.rows(kind.token)):
                raise CloudError(f"409 {name} {inputs[name]!r} is taken")

    def _call(self, provider: str, urn: str) -> Call:
        account = Account(provider, "tester", "", "", self.projects)
        return Call(provider, self.store, Session(account, {}), urn, Servers(_OBJECT_STORAGE))


class _ObjectStorage:
    """Where the object storage would answer."""

    endpoint = "https://s3.example.org"


_OBJECT_STORAGE: Final = cast(Any, {"ovh": _ObjectStorage(), "scaleway": _ObjectStorage()})


class _Monitor(MockMonitor):
    """The engine's side: sees also what a program asks of the engine itself."""

    def __init__(self, providers: _Providers) -> None:
        super().__init__(providers)
        self.registrations: list[Registration] = []

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        """Remember the request, and mark as secret what the program says is."""
        secret = {name for name, value in request.object.fields.items() if _has_secret(value)}
        inputs = decode(request.object)
        request.object.CopyFrom(encode(inputs))
        response = super().RegisterResource(request)  # type: ignore[no-untyped-call]
        if request.type == STACK or request.type.startswith(PROVIDER):
            return response
        # The engine keeps a property secret that was secret as an input, or that the SDK names as such.
        for name in secret | set(request.additionalSecretOutputs):
            if name in response.object.fields:
                value = response.object.fields[name]
                response.object.fields[name].CopyFrom(_as_secret(value))
        self.registrations.append(
            Registration(
                urn=response.urn,
                type=request.type,
                name=request.name,
                id=response.id,
                inputs=inputs,
                outputs=decode(response.object),
                secret=frozenset(secret),
                parent=request.parent,
                protect=request.protect,
                ignore_changes=tuple(request.ignoreChanges),
                dependencies=frozenset(request.dependencies),
                custom=request.custom,
            )
        )
        return response


def _has_secret(value: Any) -> bool:
    kind = value.WhichOneof("kind")
    if kind == "list_value":
        return any(_has_secret(element) for element in value.list_value.values)
    if kind != "struct_value":
        return False
    fields = value.struct_value.fields
    if SIGNATURE_KEY in fields and fields[SIGNATURE_KEY].string_value == SECRET_SIGNATURE:
        return True
    return any(_has_secret(element) for element in fields.values())


def _as_secret(value: Any) -> Any:
    wrapped = encode({"it": {SIGNATURE_KEY: SECRET_SIGNATURE, "value": None}})
    wrapped.fields["it"].struct_value.fields["value"].CopyFrom(value)
    return wrapped.fields["it"]


def _identifier(kind: Kind, name: str, inputs: Properties, call: Call) -> str:
    """An id in the provider's form: made from the inputs where the provider does so, else from the name."""
    unique = str(uuid.uuid5(NAMESPACE, f"{kind.token} {name}"))
    if kind.local or kind.token in UNDERIVED:
        return unique
    first, second = kind.new_id(inputs, call), kind.new_id(inputs, call)
    if first == second:
        return first
    return f"{first.rpartition('/')[0]}/{unique}".removeprefix("/")


def _sent(value: Any) -> Any:
    """A value with its files and archives as they are sent."""
    if isinstance(value, pulumi.FileAsset):
        return {SIGNATURE_KEY: ASSET_SIGNATURE, "path": value.path}
    if isinstance(value, pulumi.AssetArchive):
        return {SIGNATURE_KEY: ARCHIVE_SIGNATURE, "assets": _sent(value.assets)}
    if isinstance(value, Mapping):
        return {key: _sent(inner) for key, inner in value.items()}
    return [_sent(inner) for inner in value] if isinstance(value, list) else value


def _aws_identifier(type_: str, name: str) -> str:
    if type_ == "aws:cognito/userPool:UserPool":
        return f"pool_{name.replace('-', '')}"
    return f"{type_.rpartition(':')[2]}-{name}"


def _aws_outputs(type_: str, name: str, region: str, known: schema.Schema) -> Properties:
    """What AWS says of a resource: an ARN with its service and name, and texts that tell what they are."""
    service = type_.split(":")[1].partition("/")[0]
    invented: dict[str, Any] = {
        "aws:apigatewayv2/api:Api": {
            "apiEndpoint": f"https://{name}.execute-api.{region}.amazonaws.com",
            "executionArn": f"arn:aws:execute-api:{region}:{AWS_ACCOUNT}:{name}",
        },
        "aws:ec2/vpc:Vpc": {"ipv6CidrBlock": "2001:db8:1234:5600::/56"},
        "aws:route53/zone:Zone": {"nameServers": ["ns-1.example.org", "ns-2.example.net"]},
        "aws:acm/certificate:Certificate": {
            "domainValidationOptions": [
                {
                    "domainName": name,
                    "resourceRecordName": f"_1.{name}",
                    "resourceRecordType": "CNAME",
                    "resourceRecordValue": "_2.acm-validations.aws",
                }
            ]
        },
    }
    texts = {output: f"{_aws_identifier(type_, name)}.{output}" for output in AWS_TEXTS & known.outputs}
    own = (
        f"{region}:{AWS_ACCOUNT}:{name}"
        if service != "iam"
        else f":{AWS_ACCOUNT}:{type_.rpartition(':')[2].lower()}/{name}"
    )
    if "zoneId" in texts:  # at most 32 characters
        texts["zoneId"] = f"Z{uuid.uuid5(NAMESPACE, texts['zoneId']).hex[:20].upper()}"
    arn = {"arn": f"arn:aws:{service}:{own}"} if "arn" in known.outputs else {}
    return {**texts, **arn, **invented.get(type_, {})}


def _invented(type_: str, name: str) -> Properties:
    """What the program reads of what a provider invents; every secret has the canary in it."""
    digest = uuid.uuid5(NAMESPACE, f"{type_} {name}").int
    # Reserved for benchmarks (RFC 2544): large enough that no two names get one address.
    address = f"198.{18 + digest % 2}.{digest // 2 % 256}.{digest // 512 % 256}"
    secret = f"{CANARY}-{name}"
    invented: dict[str, Properties] = {
        "ovh:index/cloudFloatingIp:CloudFloatingIp": {"currentState": {"ip": address}},
        "ovh:CloudProject/user:User": {"username": name},
        "ovh:CloudProject/s3Credential:S3Credential": {"accessKeyId": name, "secretAccessKey": secret},
        "ovh:index/cloudStorageFileShare:CloudStorageFileShare": {
            "currentState": {"exportLocations": [{"path": f"10.20.15.200:/shares/{name}"}]}
        },
        "ovh:index/cloudGateway:CloudGateway": {"currentState": {"externalIp": address}},
        "scaleway:iam/apiKey:ApiKey": {"accessKey": name, "secretKey": secret},
        "scaleway:instance/ip:Ip": {"address": address},
        "scaleway:loadbalancers/ip:Ip": {"ipAddress": address},
        "scaleway:network/publicGatewayIp:PublicGatewayIp": {"address": address},
        "vault:appRole/authBackendRole:AuthBackendRole": {"roleId": f"role-{name}"},
        "vault:appRole/authBackendRoleSecretId:AuthBackendRoleSecretId": {"wrappingToken": secret},
        "random:index/randomPassword:RandomPassword": {"result": secret},
        # Base64, as readers that pass over other characters take it.
        "random:index/randomBytes:RandomBytes": {"base64": secret + "A" * (-sum(map(str.isalnum, secret)) % 4)},
        "tls:index/privateKey:PrivateKey": {
            "publicKeyOpenssh": f"{PUBLIC_KEY} {name}",
            **dict.fromkeys(("privateKeyOpenssh", "privateKeyPem", "privateKeyPemPkcs8"), secret),
        },
        "tls:index/selfSignedCert:SelfSignedCert": {"certPem": f"certificate {name}"},
        "command:remote:Command": {"stdout": "", "stderr": ""},
    }
    return invented.get(type_, {})


def record(
    program: Callable[[], Mapping[str, Any] | None],
    *,
    stack: str = "test",
    projects: Mapping[str, str],
    config: Mapping[str, str] | None = None,
) -> Recording:
    """Run a program and return what it declared, and the known values of the outputs that it returned.

    `projects` are the ids that the operator's credentials open; `config` is the stack's flat configuration. Raises
    what the program raises. The run has Pulumi's settings for itself: nothing of them is left afterwards.
    """
    recording, error = attempt(program, stack=stack, projects=projects, config=config)
    if error is not None:
        raise error
    return recording


def attempt(
    program: Callable[[], Mapping[str, Any] | None],
    *,
    stack: str = "test",
    projects: Mapping[str, str],
    config: Mapping[str, str] | None = None,
) -> tuple[Recording, Exception | None]:
    """Like `record`, for programs that are expected to fail: what was declared until then, and the error."""
    return contextvars.copy_context().run(_attempt, program, stack, frozenset(projects.values()), config or {})


def _attempt(
    program: Callable[[], Mapping[str, Any] | None], stack: str, projects: frozenset[str], config: Mapping[str, str]
) -> tuple[Recording, Exception | None]:
    outputs: dict[str, Any] = {}
    failed: Exception | None = None
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "clouds.sqlite")
        providers = _Providers(store, projects)
        monitor = _Monitor(providers)

        def run() -> Any:
            returned = program() or {}
            return pulumi.Output.all(**returned).apply(outputs.update)

        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        try:
            pulumi.runtime.set_mocks(providers, project="platform", stack=stack, monitor=monitor)
            pulumi.runtime.set_all_config(dict(config))
            pulumi.runtime.test(run)()  # type: ignore[no-untyped-call]
        except Exception as error:
            failed = error
        finally:
            end(loop)
            asyncio.set_event_loop_policy(None)
            pulumi.runtime.set_all_config({})
            store.close()
    registrations = sorted(monitor.registrations, key=lambda one: one.urn)
    return Recording(tuple(registrations), tuple(sorted(providers.refusals)), outputs), failed


def end(loop: asyncio.AbstractEventLoop) -> None:
    """Close a loop with what still waits in it, such as the rest of a program that failed."""
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    loop.close()


def comparable(recording: Recording) -> list[str]:
    """Every registration as text, for comparing runs."""
    return [
        json.dumps(
            {**vars(one), "secret": sorted(one.secret), "dependencies": sorted(one.dependencies)}, sort_keys=True
        )
        for one in recording.registrations
    ]
