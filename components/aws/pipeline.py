"""From a commit to production: tests, an image, staging, a load test, somebody's approval, and then the real thing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from components.aws.role import Role, RoleArgs, Statement, allow
from components.sdk import lazy
from settings.chat.model import Pipeline as PipelineSettings
from settings.chat.model import Service

aws = lazy("pulumi_aws")

FOLDER: Final = "apps/chat/pipeline"
"""Where the sources have what each project does (buildspecs)."""
SIGNING: Final = "token-key"
"""The secret, below staging's name, with the key that signs the tokens of the load test's users."""
BUILDER: Final = "aws/codebuild/amazonlinux-aarch64-standard:3.0"
MINUTES: Final = {"tests": 30, "image": 30, "load": 60, "deploy": 180}
"""How long a project may take; 300 gateways that each drain for ten minutes take more than an hour to be replaced."""


@dataclass(frozen=True)
class Target:
    """A stack that the pipeline deploys to: `name` is the prefix of its names, `domain` where its chat is."""

    name: str
    domain: str


@dataclass(frozen=True)
class PipelineArgs:
    """`name` is the prefix of all names; `artifacts` the name and `artifacts_arn` the ARN of a bucket, `key` the ARN of
    the key that it is encrypted with; `log_group` a log group's name. `topic` is the ARN of the topic that hears that an
    approval is needed, `topic_key` that of its key. `images` is what repositories every target has, `vault_agent` the
    digest of Vault's public image."""

    name: str
    account: str
    region: str
    settings: PipelineSettings
    staging: Target
    production: Target
    artifacts: pulumi.Input[str]
    artifacts_arn: pulumi.Input[str]
    key: pulumi.Input[str]
    log_group: str
    log_group_arn: pulumi.Input[str]
    topic: pulumi.Input[str]
    topic_key: pulumi.Input[str]
    images: Sequence[str]
    vault_agent: str


class Pipeline(pulumi.ComponentResource):
    """The way of a release.

    Creates four build projects (tests, image, load, deploy), each with a role of its own, and the pipeline with its
    role. A deployment that raises an alarm is rolled back by the service itself; its project fails then, puts the
    services that were deployed before it back, and the stage returns to what ran last.

    Output: `name`.
    """

    def __init__(self, args: PipelineArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("platform:aws:Pipeline", args.name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        targets = (args.staging, args.production)
        self._projects = {
            "tests": self._project("tests", []),
            "image": self._project("image", self._push(targets), privileged=True),
            "deploy": self._project("deploy", self._deploy(targets)),
            "load": self._project("load", [self._token_key()]),
        }
        role = Role(
            RoleArgs(f"{args.name}-pipeline", "codepipeline.amazonaws.com", args.account, self._orchestrate()),
            self._child,
        )
        pipeline = aws.codepipeline.Pipeline(
            args.name,
            name=args.name,
            pipeline_type="V2",
            execution_mode="QUEUED",
            role_arn=role.arn,
            artifact_stores=[
                {"type": "S3", "location": args.artifacts, "encryption_key": {"type": "KMS", "id": args.key}}
            ],
            stages=list(self._stages()),
            opts=pulumi.ResourceOptions(parent=self, depends_on=role.ready),
        )
        self.name: pulumi.Output[str] = pipeline.name
        self.register_outputs({"name": self.name})

    # Stages

    def _stages(self) -> Sequence[Mapping[str, Any]]:
        args = self._args
        source = self._action(
            "Source",
            ("Source", "AWS", "CodeStarSourceConnection"),
            {
                "ConnectionArn": args.settings.connection,
                "FullRepositoryId": args.settings.repository,
                "BranchName": args.settings.branch,
                "DetectChanges": "true",
                "OutputArtifactFormat": "CODE_ZIP",
            },
            output_artifacts=["source"],
        )
        approval = self._action(
            "Approval",
            ("Approval", "AWS", "Manual"),
            {
                "NotificationArn": args.topic,
                "CustomData": f"{args.staging.domain} runs the release and has carried the load. Deploy to production?",
                "ExternalEntityLink": f"https://{args.staging.domain}",
            },
        )
        return [
            {"name": "Source", "actions": [source]},
            {"name": "Tests", "actions": [self._build("tests", ["source"], {})]},
            {"name": "Image", "actions": [self._build("image", ["source"], {}, output_artifacts=["release"])]},
            {"name": "Staging", "actions": [self._deployment(args.staging)]},
            {"name": "Load", "actions": [self._build("load", ["source"], {"CHAT_DOMAIN": args.staging.domain})]},
            {"name": "Approval", "actions": [approval]},
            {
                "name": "Production",
                "actions": [self._deployment(args.production)],
                "on_failure": {"result": "ROLLBACK"},
            },
        ]

    def _deployment(self, target: Target) -> Mapping[str, Any]:
        return self._build("deploy", ["source", "release"], {"TARGET": target.name})

    def _build(
        self, project: str, inputs: Sequence[str], variables: Mapping[str, str], **more: Any
    ) -> Mapping[str, Any]:
        # CodePipeline takes the variables as a JSON text, in which order stands for nothing.
        listed = [{"name": name, "value": value, "type": "PLAINTEXT"} for name, value in sorted(variables.items())]
        configuration = {
            "ProjectName": self._projects[project].name,
            **({"PrimarySource": "source"} if len(inputs) > 1 else {}),
            **({"EnvironmentVariables": pulumi.Output.json_dumps(listed)} if listed else {}),
        }
        kind = "Test" if project in ("tests", "load") else "Build"
        return self._action(
            project.capitalize(), (kind, "AWS", "CodeBuild"), configuration, input_artifacts=list(inputs), **more
        )

    def _action(
        self, name: str, kind: tuple[str, str, str], configuration: Mapping[str, Any], **more: Any
    ) -> Mapping[str, Any]:
        category, owner, provider = kind
        return {
            "name": name,
            "category": category,
            "owner": owner,
            "provider": provider,
            "version": "1",
            "configuration": configuration,
            **more,
        }

    # Projects

    def _project(self, part: str, statements: Sequence[Statement], *, privileged: bool = False) -> Any:
        args = self._args
        name = f"{args.name}-{part}"
        role = Role(
            RoleArgs(name, "codebuild.amazonaws.com", args.account, [*self._common(), *statements]),
            self._child,
        )
        variables: dict[str, str] = {
            "REGISTRY": f"{args.account}.dkr.ecr.{args.region}.amazonaws.com",
            "TARGETS": f"{args.staging.name} {args.production.name}",
            "VAULT_AGENT": args.vault_agent,
        }
        return aws.codebuild.Project(
            name,
            name=name,
            description=f"{part} of the chat, as {FOLDER}/{part}.yaml says",
            service_role=role.arn,
            build_timeout=MINUTES[part],
            encryption_key=args.key,
            source={"type": "CODEPIPELINE", "buildspec": f"{FOLDER}/{part}.yaml"},
            artifacts={"type": "CODEPIPELINE"},
            environment={
                "type": "ARM_CONTAINER",
                "compute_type": "BUILD_GENERAL1_LARGE" if part == "load" else "BUILD_GENERAL1_SMALL",
                "image": BUILDER,
                "privileged_mode": privileged,  # Docker builds images in the one project that needs it
                "environment_variables": [
                    *({"name": key, "value": value} for key, value in sorted(variables.items())),
                    *([self._staging_secret()] if part == "load" else []),
                ],
            },
            logs_config={"cloudwatch_logs": {"status": "ENABLED", "group_name": args.log_group, "stream_name": part}},
            opts=pulumi.ResourceOptions(parent=self, depends_on=role.ready),
        )

    def _staging_secret(self) -> Mapping[str, str]:
        """By reference: what CodeBuild reads when the test begins is in no log."""
        return {"name": "CHAT_TOKEN_KEY", "type": "SECRETS_MANAGER", "value": f"{self._args.staging.name}/{SIGNING}"}

    # Rights

    def _token_key(self) -> Statement:
        here = f"{self._args.region}:{self._args.account}"
        # AWS adds six letters to a secret's name.
        secret = f"arn:aws:secretsmanager:{here}:secret:{self._args.staging.name}/{SIGNING}-??????"
        return allow("secretsmanager:GetSecretValue", on=[secret])

    def _artifacts(self) -> Sequence[Statement]:
        return [
            allow(
                "s3:GetObject",
                "s3:GetObjectVersion",
                "s3:PutObject",
                on=[pulumi.Output.concat(self._args.artifacts_arn, "/*")],
            ),
            allow("kms:Decrypt", "kms:GenerateDataKey", on=[self._args.key]),
        ]

    def _common(self) -> Sequence[Statement]:
        streams = pulumi.Output.concat(self._args.log_group_arn, ":log-stream:*")
        return [allow("logs:CreateLogStream", "logs:PutLogEvents", on=[streams]), *self._artifacts()]

    def _push(self, targets: Sequence[Target]) -> Sequence[Statement]:
        args = self._args
        repositories = [
            f"arn:aws:ecr:{args.region}:{args.account}:repository/{target.name}/{image}"
            for target in targets
            for image in args.images
        ]
        return [
            allow("ecr:GetAuthorizationToken", on=["*"]),  # AWS knows no resource for it
            allow(
                "ecr:BatchCheckLayerAvailability",
                "ecr:BatchGetImage",
                "ecr:CompleteLayerUpload",
                "ecr:DescribeImageScanFindings",
                "ecr:DescribeImages",
                "ecr:GetDownloadUrlForLayer",
                "ecr:InitiateLayerUpload",
                "ecr:PutImage",
                "ecr:UploadLayerPart",
                on=repositories,
            ),
        ]

    def _deploy(self, targets: Sequence[Target]) -> Sequence[Statement]:
        args = self._args
        names = [(target.name, f"{target.name}-{service}") for target in targets for service in Service]
        here = f"{args.region}:{args.account}"
        roles = [f"arn:aws:iam::{args.account}:role/{name}{end}" for _, name in names for end in ("", "-start")]
        return [
            allow("ecs:DescribeTaskDefinition", on=["*"]),  # AWS knows no resource for it
            allow(
                "ecs:RegisterTaskDefinition",
                "ecs:TagResource",
                on=[f"arn:aws:ecs:{here}:task-definition/{name}:*" for _, name in names],
            ),
            allow(
                "ecs:DescribeServices",
                "ecs:UpdateService",
                on=[f"arn:aws:ecs:{here}:service/{cluster}/{name}" for cluster, name in names],
            ),
            allow(
                "iam:PassRole",
                on=roles,
                when={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
            ),
        ]

    def _orchestrate(self) -> Sequence[Statement]:
        args = self._args
        return [
            *self._artifacts(),
            allow("s3:GetBucketVersioning", on=[args.artifacts_arn]),
            allow("codeconnections:UseConnection", "codestar-connections:UseConnection", on=[args.settings.connection]),
            allow(
                "codebuild:BatchGetBuilds",
                "codebuild:StartBuild",
                on=[project.arn for project in self._projects.values()],
            ),
            allow("sns:Publish", on=[args.topic]),
            allow("kms:Decrypt", "kms:GenerateDataKey", on=[args.topic_key]),
        ]
