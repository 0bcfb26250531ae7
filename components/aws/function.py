"""A function: code that runs when something happens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pulumi

from components.aws.role import Role, RoleArgs, Statement, allow
from components.sdk import lazy

aws = lazy("pulumi_aws")

RUNTIME: Final = "python3.13"
PROCESSOR: Final = "arm64"
"""Graviton does the same as x86 for a fifth less."""


@dataclass(frozen=True)
class FunctionArgs:
    """`name` has 64 characters at most; `handler` is a function's dotted name in the `code`.

    The function may do what `statements` say, besides writing to `log_group` (a resource). `key` is the ARN of the key
    that its environment is encrypted with, none of which is secret.
    """

    name: str
    description: str
    account: str
    handler: str
    code: pulumi.Archive
    memory_mib: int
    timeout_seconds: int
    log_group: Any
    key: pulumi.Input[str]
    environment: Mapping[str, pulumi.Input[str]]
    statements: Sequence[Statement] = field(default_factory=tuple)


class Function(pulumi.ComponentResource):
    """A Python function on Lambda with a role of its own.

    Creates the role, which may do what the function needs and nothing else, and the function.

    Outputs: `arn`, `name`, `invoke_arn`.
    """

    def __init__(self, args: FunctionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("platform:aws:Function", args.name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        streams = pulumi.Output.concat(args.log_group.arn, ":*")
        role = Role(
            RoleArgs(
                args.name,
                "lambda.amazonaws.com",
                args.account,
                [
                    allow("logs:CreateLogStream", "logs:PutLogEvents", on=[streams]),
                    allow("kms:Decrypt", "kms:GenerateDataKey", on=[args.key]),
                    *args.statements,
                ],
            ),
            child,
        )
        function = aws.lambda_.Function(
            args.name,
            name=args.name,
            description=args.description,
            runtime=RUNTIME,
            architectures=[PROCESSOR],
            handler=args.handler,
            code=args.code,
            role=role.arn,
            memory_size=args.memory_mib,
            timeout=args.timeout_seconds,
            environment={"variables": dict(args.environment)},
            kms_key_arn=args.key,
            logging_config={"log_format": "Text", "log_group": args.log_group.name},
            opts=pulumi.ResourceOptions(parent=self, depends_on=role.ready),
        )
        self.arn: pulumi.Output[str] = function.arn
        self.name: pulumi.Output[str] = function.name
        self.invoke_arn: pulumi.Output[str] = function.invoke_arn
        self.register_outputs({"arn": self.arn})


def python_archive(folder: str) -> pulumi.AssetArchive:
    """The Python files of a folder of this project, such as apps/sensors, under their own names.

    The same files are the same archive: what is in it is told by names and contents alone. Paths are relative, so that
    the state does not speak of the machine that it was made on.
    """
    files = sorted(Path(folder).glob("*.py"))
    if not files:
        raise FileNotFoundError(f"there are no Python files in {folder}; run in the folder of Pulumi.yaml")
    return pulumi.AssetArchive({file.as_posix(): pulumi.FileAsset(file.as_posix()) for file in files})
