"""Cases of least-privilege."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.policy.cases import UNKNOWN, Case, Declared, Hidden, Kind, bare

BUCKET: Final = "arn:aws:s3:::media/*"
ALLOW: Final = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": BUCKET}
AWS_ACCOUNT: Final = {"AWS": "arn:aws:iam::123456789012:role/app"}

ADMINISTRATOR: Final = "arn:aws:iam::aws:policy/AdministratorAccess"


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def policy(*statements: dict[str, Any]) -> Declared:
    return Declared("aws.iam.Policy", {"policy": document(*statements)})


def text(value: Any) -> Declared:
    return Declared("aws.iam.Policy", {"policy": value})


def trust(principal: Any, **more: Any) -> Declared:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal, **more}
    return Declared("aws.iam.Role", {"assume_role_policy": document(statement)})


def attached(arn: Any) -> Declared:
    return Declared("aws.iam.RolePolicyAttachment", {"role": "app", "policy_arn": arn})


def scaleway(**rule: Any) -> Declared:
    return Declared("scaleway.iam.Policy", {"application_id": "a", "rules": [rule]})


def vault(value: Any) -> Declared:
    return Declared("vault.Policy", {"name": "app", "policy": value})


def login(**inputs: Any) -> Declared:
    given = {"role_name": "app", "token_policies": ["app"], "token_max_ttl": 3600, "token_bound_cidrs": ["10.0.0.0/8"]}
    return Declared("vault.approle.AuthBackendRole", {**given, **inputs})


def path(name: str, *capabilities: str) -> str:
    return f'path "{name}" {{\n  capabilities = {json.dumps(list(capabilities))}\n}}\n'


CASES: Final = (
    # Policies of AWS, and of S3 elsewhere
    Case(Kind.PASS, "a policy of one action on one bucket", policy(ALLOW)),
    Case(
        Kind.PASS,
        "a policy of one action that knows no resource",
        policy({**ALLOW, "Resource": "*", "Action": "ec2:DescribeInstances"}),
    ),
    Case(Kind.PASS, "a policy of all actions on one bucket", policy({**ALLOW, "Action": "s3:*"})),
    Case(Kind.PASS, "a policy that denies everything", policy({"Effect": "Deny", "Action": "*", "Resource": "*"})),
    Case(
        Kind.FAIL,
        "a policy of everything",
        policy({**ALLOW, "Action": "*", "Resource": "*"}),
        ["policy: statement 0 allows every action"],
    ),
    Case(
        Kind.FAIL,
        "a policy of every action on one bucket",
        policy({**ALLOW, "Action": ["*"]}),
        ["policy: statement 0 allows every action"],
    ),
    Case(
        Kind.FAIL,
        "a policy of all of a service on everything",
        policy({**ALLOW, "Action": "s3:*", "Resource": "*"}),
        ["policy: statement 0 allows s3:* on every resource"],
    ),
    Case(
        Kind.NESTED,
        "a policy whose second statement is wide",
        policy(ALLOW, {**ALLOW, "Action": ["s3:GetObject", "sqs:*"], "Resource": [BUCKET, "*"]}),
        ["policy: statement 1 allows sqs:* on every resource"],
    ),
    Case(
        Kind.FAIL,
        "a policy of all actions but some",
        policy({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}),
        ["policy: statement 0 allows everything but some actions"],
    ),
    Case(
        Kind.FAIL,
        "a policy of all resources but some",
        policy({"Effect": "Allow", "Action": "s3:*", "NotResource": BUCKET}),
        ["policy: statement 0 allows everything but some resources"],
    ),
    Case(Kind.FAIL, "a policy that is none", text("everything"), ["policy cannot be read as a policy"]),
    Case(Kind.MISSING, "a policy without statements", text("{}"), ["policy cannot be read as a policy"]),
    Case(Kind.FAIL, "a policy whose statement is none", text('{"Statement": ["x"]}'), ["policy cannot be read"]),
    Case(Kind.UNKNOWN, "a policy that is judged when it is known", text(UNKNOWN)),
    Case(
        Kind.SECRET,
        "a hidden policy of everything",
        text(Hidden(document({**ALLOW, "Action": "*"}))),
        ["policy: statement 0 allows every action"],
    ),
    Case(Kind.PASS, "a policy of one statement that is no list", text(json.dumps({"Statement": ALLOW}))),
    Case(
        Kind.NESTED,
        "a role with a wide policy inside",
        Declared(
            "aws.iam.Role",
            {
                "assume_role_policy": document({**ALLOW, "Principal": AWS_ACCOUNT}),
                "inline_policies": [
                    {"name": "a", "policy": document(ALLOW)},
                    {"name": "b", "policy": document({**ALLOW, "Action": "*"})},
                ],
            },
        ),
        ["inlinePolicies[1].policy: statement 0 allows every action"],
    ),
    Case(
        Kind.FAIL,
        "an s3 user of ovh with everything",
        Declared(
            "ovh.cloudproject.S3Policy",
            {"service_name": "c", "user_id": "u", "policy": document({**ALLOW, "Action": "s3:*", "Resource": "*"})},
        ),
        ["policy: statement 0 allows s3:* on every resource"],
    ),
    *(
        Case(
            Kind.FAIL,
            f"{key} of {token}",
            Declared(token, {key: document({**ALLOW, "Action": "*"})}),
            [f"{key}: statement 0 allows every action"],
        )
        for token, key in (
            ("aws:iam/rolePolicy:RolePolicy", "policy"),
            ("aws:iam/userPolicy:UserPolicy", "policy"),
            ("aws:iam/groupPolicy:GroupPolicy", "policy"),
            ("aws:iot/policy:Policy", "policy"),
            ("aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy", "inlinePolicy"),
        )
    ),
    *(
        Case(
            Kind.FAIL,
            f"{key} of {token}",
            Declared(token, {key: ADMINISTRATOR}),
            ["it allows more than any role needs"],
        )
        for token, key in (
            ("aws:iam/userPolicyAttachment:UserPolicyAttachment", "policyArn"),
            ("aws:iam/groupPolicyAttachment:GroupPolicyAttachment", "policyArn"),
            ("aws:iam/policyAttachment:PolicyAttachment", "policyArn"),
            ("aws:ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment", "managedPolicyArn"),
        )
    ),
    Case(
        Kind.NESTED,
        "a role with the rights of an administrator",
        Declared(
            "aws.iam.Role",
            {
                "assume_role_policy": document({**ALLOW, "Principal": AWS_ACCOUNT}),
                "managed_policy_arns": [ADMINISTRATOR],
            },
        ),
        ["managedPolicyArns[0] is"],
    ),
    Case(
        Kind.MISSING,
        "bare vault:jwt/authBackendRole:AuthBackendRole",
        bare("vault:jwt/authBackendRole:AuthBackendRole"),
        ["tokenMaxTtl is missing"],
    ),
    Case(
        Kind.FAIL,
        "a policy of vault with root",
        Declared("vault.Policy", {"name": "a", "policy": 'path "a" { capabilities = ["root"] }'}),
        ['policy: path "a" allows root'],
    ),
    # Who may take a role
    Case(Kind.PASS, "a role for one", trust(AWS_ACCOUNT)),
    Case(Kind.PASS, "a role for a service", trust({"Service": "ecs-tasks.amazonaws.com"})),
    Case(Kind.FAIL, "a role for everybody", trust("*"), ["assumeRolePolicy: statement 0 trusts everybody"]),
    Case(Kind.FAIL, "a role for every account", trust({"AWS": ["*"]}), ["statement 0 trusts everybody"]),
    Case(
        Kind.PASS,
        "a role for everybody of the organisation",
        trust("*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}),
    ),
    Case(Kind.PASS, "a role that everybody is denied", trust("*", Effect="Deny")),
    Case(
        Kind.FAIL,
        "a role whose trust is none",
        Declared("aws.iam.Role", {"assume_role_policy": "x"}),
        ["assumeRolePolicy cannot be read as a policy"],
    ),
    *(
        Case(
            Kind.FAIL,
            f"the policy {name} attached",
            attached(f"arn:aws:iam::aws:policy/{name}"),
            ["it allows more than any role needs"],
        )
        for name in (
            "AdministratorAccess",
            "PowerUserAccess",
            "AmazonS3FullAccess",
            "job-function/DatabaseAdministrator",
        )
    ),
    Case(
        Kind.PASS,
        "a policy of a service attached",
        attached("arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"),
    ),
    Case(Kind.UNKNOWN, "a policy attached that is not known", attached(UNKNOWN)),
    # Keys and logins
    Case(
        Kind.FAIL,
        "an access key of aws",
        Declared("aws.iam.AccessKey", {"user": "u"}),
        ["an access key of AWS never expires"],
    ),
    Case(
        Kind.MISSING,
        "a key of scaleway without an end",
        Declared("scaleway.iam.ApiKey", {"application_id": "a"}),
        ["expiresAt is missing"],
    ),
    Case(
        Kind.PASS,
        "a key of scaleway that expires",
        Declared("scaleway.iam.ApiKey", {"application_id": "a", "expires_at": "2027-06-30T00:00:00Z"}),
    ),
    Case(
        Kind.UNKNOWN,
        "a key of scaleway that expires some day",
        Declared("scaleway.iam.ApiKey", {"application_id": "a", "expires_at": UNKNOWN}),
    ),
    Case(
        Kind.PASS,
        "a policy of scaleway for one product",
        scaleway(project_ids=["p"], permission_set_names=["ObjectStorageObjectsRead"]),
    ),
    Case(
        Kind.NESTED,
        "a policy of scaleway for everything",
        scaleway(project_ids=["p"], permission_set_names=["ObjectStorageObjectsRead", "AllProductsFullAccess"]),
        ['rules[0].permissionSetNames[1] is "AllProductsFullAccess"'],
    ),
    Case(
        Kind.FAIL,
        "a policy of scaleway for the organisation",
        scaleway(organization_id="o", permission_set_names=["ObjectStorageObjectsRead"]),
        ["rules[0].organizationId is given"],
    ),
    # Vault
    Case(Kind.PASS, "a policy of vault for one secret", vault(path("kv/data/app", "read"))),
    *(
        Case(
            Kind.FAIL,
            f"a policy of vault for {name}",
            vault(path(name, "read")),
            [f'policy: path "{name}" is everything'],
        )
        for name in ("*", "+/*", "")
    ),
    Case(
        Kind.FAIL,
        "a policy of vault with sudo",
        vault(path("kv/data/a", "read") + path("sys/raw", "read", "sudo")),
        ['policy: path "sys/raw" allows sudo'],
    ),
    Case(
        Kind.FAIL, "a policy of vault that is none", vault("everything"), ["policy cannot be read as a policy of Vault"]
    ),
    Case(Kind.UNKNOWN, "a policy of vault that is not known", vault(UNKNOWN)),
    Case(Kind.PASS, "a login that ends", login()),
    Case(Kind.MISSING, "a login that never ends", login(token_max_ttl=None), ["tokenMaxTtl is missing"]),
    Case(Kind.FAIL, "a login of a week", login(token_max_ttl=604800), ["tokenMaxTtl is 604800"]),
    Case(Kind.FAIL, "a login of no time at all, which is of any", login(token_max_ttl=0), ["tokenMaxTtl is 0"]),
    Case(Kind.MISSING, "a login from anywhere", login(token_bound_cidrs=None), ["tokenBoundCidrs is missing"]),
    Case(Kind.MISSING, "a login without a policy", login(token_policies=[]), ["tokenPolicies is missing"]),
    Case(Kind.FAIL, "a token without an end", Declared("vault.Token", {"policies": ["app"]}), ["ttl is missing"]),
)
