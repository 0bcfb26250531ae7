"""Cases of supply-chain."""

from __future__ import annotations

import base64
import json
from typing import Any, Final

from tests.policy.cases import UNKNOWN, Case, Declared, Hidden, Kind, bare

DIGEST: Final = "registry.example/app@sha256:" + "0123456789abcdef" * 4
BY_TAG: Final = "registry.example/app:1.4.2"


def task(*images: str | None) -> Declared:
    containers = [{"name": f"c{i}", **({"image": image} if image else {})} for i, image in enumerate(images)]
    return Declared("aws.ecs.TaskDefinition", {"family": "f", "container_definitions": json.dumps(containers)})


def text(value: Any) -> Declared:
    return Declared("aws.ecs.TaskDefinition", {"family": "f", "container_definitions": value})


def function(image: Any) -> Declared:
    return Declared("aws.lambda_.Function", {"role": "r", "image_uri": image})


def container(image: Any) -> Declared:
    return Declared("scaleway.containers.Container", {"namespace_id": "n", "registry_image": image})


def command(create: Any) -> Declared:
    return Declared("command.local.Command", {"create": create})


def machine(cloud_init: str) -> Declared:
    return Declared("scaleway.instance.Server", {"type": "DEV1-S", "cloud_init": cloud_init})


def registry(**inputs: Any) -> Declared:
    return Declared("aws.ecr.Repository", inputs)


def packed(script: str) -> str:
    return base64.b64encode(script.encode()).decode()


CASES: Final = (
    Case(Kind.PASS, "a task with an image by digest", task(DIGEST)),
    Case(Kind.FAIL, "a task with an image by tag", task(BY_TAG), [f'containerDefinitions[0].image is "{BY_TAG}"']),
    Case(Kind.FAIL, "a task with the latest image", task("nginx"), ['containerDefinitions[0].image is "nginx"']),
    Case(
        Kind.NESTED, "a task with one image of two by tag", task(DIGEST, BY_TAG), ["containerDefinitions[1].image is"]
    ),
    Case(
        Kind.MISSING,
        "a task with a container without an image",
        task(None),
        ["containerDefinitions[0].image is missing"],
    ),
    Case(Kind.UNKNOWN, "a task that is not known: the update judges it", text(UNKNOWN)),
    Case(
        Kind.SECRET,
        "a task with a hidden image by tag",
        text(Hidden(json.dumps([{"image": BY_TAG}]))),
        [f'containerDefinitions[0].image is "{BY_TAG}"'],
    ),
    Case(Kind.FAIL, "a task that is no task", text("nginx"), ["containerDefinitions cannot be read"]),
    Case(Kind.FAIL, "a task that is no list", text("[1]"), ["containerDefinitions cannot be read"]),
    Case(Kind.PASS, "a function from an image by digest", function(DIGEST)),
    Case(Kind.PASS, "a function from a file", function(None)),
    Case(Kind.FAIL, "a function from an image by tag", function(BY_TAG), [f'imageUri is "{BY_TAG}"']),
    Case(
        Kind.UNKNOWN, "a function from an image that is not known", function(UNKNOWN), ["imageUri is not known before"]
    ),
    Case(Kind.PASS, "a container by digest", container(DIGEST)),
    Case(Kind.FAIL, "a container by tag", container(BY_TAG), [f'registryImage is "{BY_TAG}"']),
    Case(Kind.FAIL, "a container by half a digest", container(DIGEST[:-1]), ["registryImage is"]),
    Case(
        Kind.NESTED,
        "a container by digest and, by its older name, by tag",
        bare("scaleway:containers/container:Container", image=DIGEST, registryImage=BY_TAG),
        [f'registryImage is "{BY_TAG}"'],
    ),
    *(
        Case(Kind.MISSING, f"bare {token}", bare(token), [problem])
        for token, problem in (
            ("aws:batch/jobDefinition:JobDefinition", "containerProperties is missing: its images cannot be judged"),
            ("aws:apprunner/service:Service", "sourceConfiguration.imageRepository.imageIdentifier is missing"),
            ("scaleway:job/definition:Definition", 'imageUri is "x"'),
            ("scaleway:index/jobDefinition:JobDefinition", 'imageUri is "x"'),
            ("scaleway:index/container:Container", "image is missing"),
        )
    ),
    *(
        Case(
            Kind.FAIL,
            f"{key} of {token} that pipes into a shell",
            Declared(token, {key: "curl x | sh"}),
            [f"{key}: what is fetched is piped"],
        )
        for token, key in (
            ("aws:ec2/instance:Instance", "userData"),
            ("aws:ec2/instance:Instance", "userDataBase64"),
        )
    ),
    Case(
        Kind.FAIL,
        "a batch job by tag",
        bare("aws:batch/jobDefinition:JobDefinition", containerProperties=json.dumps({"image": BY_TAG})),
        [f'containerProperties[0].image is "{BY_TAG}"'],
    ),
    Case(Kind.MISSING, "a container without an image", container(None), ["image is missing"]),
    Case(
        Kind.PASS,
        "a registry whose tags stay",
        registry(image_tag_mutability="IMMUTABLE", image_scanning_configuration={"scan_on_push": True}),
    ),
    Case(
        Kind.MISSING,
        "a registry whose tags move",
        registry(),
        ["imageTagMutability is missing", "imageScanningConfiguration.scanOnPush is missing"],
    ),
    Case(
        Kind.FAIL,
        "a registry whose tags may move",
        registry(image_tag_mutability="MUTABLE", image_scanning_configuration={"scan_on_push": True}),
        ['imageTagMutability is "MUTABLE"'],
    ),
    Case(
        Kind.FAIL,
        "a public registry",
        Declared("scaleway.registry.Namespace", {"is_public": True}),
        ["isPublic is true"],
    ),
    *(
        Case(
            Kind.FAIL,
            f"a command that pipes into a shell: {line}",
            command(line),
            ["create: what is fetched is piped from the network into a shell"],
        )
        for line in (
            "curl https://x.example/i | sh",
            "curl -fsSL https://x.example/i | sudo -E bash -",
            "wget -qO- https://x.example/i | /bin/bash",
            "true && curl x|zsh",
        )
    ),
    *(
        Case(
            Kind.FAIL,
            f"a command that takes what is unsigned: {line}",
            command(line),
            ["create: what is fetched is taken unsigned"],
        )
        for line in (
            "apt-get install --allow-unauthenticated x",
            "curl -sS -k https://x.example/i -o i",
            "echo 'deb [trusted=yes] https://x.example stable main'",
            "wget --no-check-certificate x -O y",
        )
    ),
    Case(
        Kind.PASS,
        "a command that compares a checksum",
        command("curl -fsSLo app https://x.example/app && sha256sum --check app.sha256"),
    ),
    Case(Kind.PASS, "a command that pipes into something else", command("curl https://x.example | jq .shell")),
    Case(
        Kind.NESTED,
        "user data that pipes into a shell, packed",
        machine(
            "#cloud-config\nwrite_files:\n- encoding: b64\n  content: "
            + packed("#!/bin/sh\nset -e\ncurl -fsSL https://x.example/install | bash\n")
        ),
        ["is piped from the network into a shell"],
    ),
    Case(
        Kind.SECRET,
        "a hidden command that pipes into a shell",
        command(Hidden("curl x | sh")),
        ["create: what is fetched is piped"],
    ),
)
