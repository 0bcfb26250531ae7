"""Cases of eu-residency."""

from __future__ import annotations

from typing import Any, Final

from tests.policy.cases import UNKNOWN, Case, Declared, Hidden, Kind

OVH: Final = {"service_name": "c" * 32}
OVH_BUCKET: Final = "ovh.CloudStorageObjectBucket"
SCALEWAY_BUCKET: Final = "scaleway.object.Bucket"
BUCKET: Final = "aws.s3.Bucket"
OUTSIDE: Final = "outside the European Union"
UNHEARD: Final = "a place that is not known to be in the European Union"
UNKNOWN_PLACE: Final = "is not known before the deployment, so nobody can tell where the data will be"


def ovh_bucket(region: Any) -> Declared:
    return Declared(OVH_BUCKET, {**OVH, "name": "media", "region": region})


def network(region: str) -> Declared:
    return Declared("ovh.CloudNetworkPrivateVrack", {**OVH, "name": "net", "vlan_id": 5, "region": region})


def aws(region: Any, cls: str = BUCKET, **inputs: Any) -> Declared:
    return Declared(cls, {"region": region, **inputs})


def with_provider(package: str, cls: str, inputs: dict[str, Any], **provider: Any) -> Declared:
    return Declared(f"{package}.{cls}", inputs, provider=provider)


CASES: Final = (
    # Regions and zones
    *(
        Case(Kind.PASS, f"ovh bucket in {region}", ovh_bucket(region))
        for region in ("GRA", "SBG", "RBX", "DE", "WAW", "EU-WEST-PAR", "EU-SOUTH-MIL", "gra")
    ),
    *(
        Case(Kind.FAIL, f"ovh bucket in {region}", ovh_bucket(region), [f'region is "{region}" ({country}), {OUTSIDE}'])
        for region, country in (("BHS", "CA"), ("UK", "GB"))
    ),
    Case(Kind.FAIL, "ovh bucket in a place that nobody knows", ovh_bucket("SGP"), [f'region is "SGP", {UNHEARD}']),
    Case(Kind.UNKNOWN, "ovh bucket whose region is not known", ovh_bucket(UNKNOWN), [f"region {UNKNOWN_PLACE}"]),
    Case(Kind.SECRET, "ovh bucket whose region is hidden and outside", ovh_bucket(Hidden("BHS")), ['"BHS" (CA)']),
    Case(Kind.SECRET, "ovh bucket whose region is hidden and inside", ovh_bucket(Hidden("GRA"))),
    Case(Kind.PASS, "ovh network in GRA11", network("GRA11")),
    Case(Kind.FAIL, "ovh network in UK1", network("UK1"), ['region is "UK1" (GB)']),
    Case(
        Kind.FAIL,
        "ovh instance in a zone outside",
        Declared(
            "ovh.CloudInstance",
            {
                **OVH,
                "name": "a",
                "region": "EU-WEST-PAR",
                "availability_zone": "us-east-va-1",
                "flavor_id": "f",
                "image_id": "i",
                "networks": [],
            },
        ),
        [f'availabilityZone is "us-east-va-1", {UNHEARD}'],
    ),
    Case(
        Kind.NESTED,
        "ovh database replicated outside",
        Declared(
            "ovh.cloudproject.Database",
            {
                **OVH,
                "engine": "mysql",
                "version": "8",
                "plan": "p",
                "flavor": "f",
                "nodes": [{"region": "GRA"}, {"region": "BHS"}],
            },
        ),
        ['nodes[1].region is "BHS" (CA)'],
    ),
    Case(
        Kind.NESTED,
        "ovh database with all nodes inside",
        Declared(
            "ovh.cloudproject.Database",
            {
                **OVH,
                "engine": "mysql",
                "version": "8",
                "plan": "p",
                "flavor": "f",
                "nodes": [{"region": "GRA"}, {"region": "DE"}],
            },
        ),
    ),
    Case(
        Kind.PASS,
        "ovh dns record in a dns zone",
        Declared("ovh.domain.ZoneRecord", {"zone": "example.org", "fieldtype": "A", "target": "192.0.2.1"}),
    ),
    *(
        Case(
            Kind.PASS,
            f"scaleway bucket in {region}",
            Declared(SCALEWAY_BUCKET, {"name": "media", "region": region}),
        )
        for region in ("fr-par", "nl-ams", "pl-waw")
    ),
    Case(
        Kind.FAIL,
        "scaleway bucket in a place that nobody knows",
        Declared(SCALEWAY_BUCKET, {"name": "media", "region": "us-nyc"}),
        [f'region is "us-nyc", {UNHEARD}'],
    ),
    Case(
        Kind.PASS,
        "scaleway server in a zone",
        Declared("scaleway.instance.Server", {"type": "DEV1-S", "image": "debian_bookworm", "zone": "nl-ams-3"}),
    ),
    Case(
        Kind.FAIL,
        "scaleway server in a zone outside",
        Declared("scaleway.instance.Server", {"type": "DEV1-S", "image": "debian_bookworm", "zone": "gb-lon-1"}),
        [f'zone is "gb-lon-1", {UNHEARD}'],
    ),
    Case(
        Kind.UNKNOWN,
        "scaleway server whose zone is not known",
        Declared("scaleway.instance.Server", {"type": "DEV1-S", "image": "debian_bookworm", "zone": UNKNOWN}),
        [f"zone {UNKNOWN_PLACE}"],
    ),
    *(
        Case(Kind.PASS, f"aws bucket in {region}", aws(region))
        for region in ("eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-3")
    ),
    *(
        Case(Kind.FAIL, f"aws bucket in {region}", aws(region), [f'region is "{region}" ({country}), {OUTSIDE}'])
        for region, country in (("eu-west-2", "GB"), ("eu-central-2", "CH"), ("us-east-1", "US"))
    ),
    Case(Kind.FAIL, "aws bucket in a place that nobody knows", aws("ap-east-1"), [f'region is "ap-east-1", {UNHEARD}']),
    Case(Kind.UNKNOWN, "aws bucket whose region is not known", aws(UNKNOWN), [f"region {UNKNOWN_PLACE}"]),
    Case(Kind.SECRET, "aws bucket whose region is hidden and outside", aws(Hidden("us-east-1")), ['"us-east-1" (US)']),
    Case(
        Kind.FAIL,
        "aws volume in a zone outside",
        aws("eu-west-1", "aws.ebs.Volume", availability_zone="eu-west-2a", size=8),
        ['availabilityZone is "eu-west-2a" (GB)'],
    ),
    Case(
        Kind.PASS,
        "aws group in zones inside",
        aws(
            "eu-west-1",
            "aws.autoscaling.Group",
            max_size=2,
            min_size=2,
            availability_zones=["eu-west-1a", "eu-west-1b"],
        ),
    ),
    Case(
        Kind.FAIL,
        "aws group in a list of zones of which one is outside",
        aws(
            "eu-west-1",
            "aws.autoscaling.Group",
            max_size=2,
            min_size=2,
            availability_zones=["eu-west-1a", "eu-west-2b"],
        ),
        ['availabilityZones[1] is "eu-west-2b" (GB)'],
    ),
    # Missing places and the provider's default
    Case(
        Kind.MISSING,
        "scaleway bucket without region at a provider without one",
        Declared(SCALEWAY_BUCKET, {"name": "media"}),
        ["region is missing, and the provider"],
    ),
    Case(
        Kind.MISSING,
        "aws bucket without region at a provider without one",
        Declared(BUCKET, {}),
        ["region is missing, and the provider"],
    ),
    Case(
        Kind.DEFAULT,
        "aws bucket without region at a provider in Ireland",
        with_provider("aws", "s3.Bucket", {}, region="eu-west-1"),
    ),
    Case(
        Kind.DEFAULT,
        "aws bucket without region at a provider in Virginia",
        with_provider("aws", "s3.Bucket", {}, region="us-east-1"),
        [
            'of the provider "eu-residency / aws bucket without region at a provider in Virginia / provider" the region is'
            ' "us-east-1" (US)'
        ],
    ),
    Case(
        Kind.DEFAULT,
        "aws bucket without region at a provider whose region is not known",
        with_provider("aws", "s3.Bucket", {}, region=UNKNOWN),
        [UNKNOWN_PLACE],
    ),
    Case(
        Kind.DEFAULT,
        "aws bucket inside at a provider outside",
        with_provider("aws", "s3.Bucket", {"region": "eu-west-1"}, region="us-east-1"),
    ),
    Case(
        Kind.DEFAULT,
        "scaleway bucket without region at a provider in Amsterdam",
        with_provider("scaleway", "object.Bucket", {"name": "m"}, region="nl-ams"),
    ),
    Case(
        Kind.DEFAULT,
        "scaleway server without zone at a provider in Warsaw",
        with_provider("scaleway", "instance.Server", {"type": "DEV1-S"}, zone="pl-waw-2"),
    ),
    Case(
        Kind.DEFAULT,
        "scaleway server without zone at a provider that has a region alone",
        with_provider("scaleway", "instance.Server", {"type": "DEV1-S"}, region="pl-waw"),
        ["zone is missing, and the provider"],
    ),
    Case(
        Kind.MISSING,
        "ovh volume without region",
        Declared("ovh.cloudproject.Storage", {**OVH, "name": "x", "region_name": ""}),
        ['regionName is missing, and the provider "default'],
    ),
    # Copies, replicas, destinations
    Case(
        Kind.NESTED,
        "aws table with a replica outside",
        aws(
            "eu-west-1",
            "aws.dynamodb.Table",
            attributes=[{"name": "i", "type": "S"}],
            hash_key="i",
            billing_mode="PAY_PER_REQUEST",
            replicas=[{"region_name": "eu-central-1"}, {"region_name": "us-east-1"}],
        ),
        ['replicas[1].regionName is "us-east-1" (US)'],
    ),
    Case(
        Kind.NESTED,
        "aws table with replicas inside",
        aws(
            "eu-west-1",
            "aws.dynamodb.Table",
            attributes=[{"name": "i", "type": "S"}],
            hash_key="i",
            billing_mode="PAY_PER_REQUEST",
            replicas=[{"region_name": "eu-central-1"}],
        ),
    ),
    Case(
        Kind.NESTED,
        "aws secret with a replica outside",
        aws("eu-west-1", "aws.secretsmanager.Secret", replicas=[{"region": "eu-west-2"}]),
        ['replicas[0].region is "eu-west-2" (GB)'],
    ),
    Case(
        Kind.NESTED,
        "aws secret with a hidden list of replicas of which one is outside",
        aws("eu-west-1", "aws.secretsmanager.Secret", replicas=Hidden([{"region": "us-east-1"}])),
        ['replicas[0].region is "us-east-1" (US)'],
    ),
    Case(
        Kind.FAIL,
        "aws backup copied to a vault outside",
        aws(
            "eu-west-1",
            "aws.backup.Plan",
            name="p",
            rules=[
                {
                    "rule_name": "daily",
                    "target_vault_name": "v",
                    "copy_actions": [{"destination_vault_arn": "arn:aws:backup:us-east-1:123456789012:backup-vault:v"}],
                }
            ],
        ),
        ['rules[0].copyActions[0].destinationVaultArn (its region) is "us-east-1" (US)'],
    ),
    Case(
        Kind.PASS,
        "aws backup copied to a vault inside",
        aws(
            "eu-west-1",
            "aws.backup.Plan",
            name="p",
            rules=[
                {
                    "rule_name": "daily",
                    "target_vault_name": "v",
                    "copy_actions": [
                        {"destination_vault_arn": "arn:aws:backup:eu-north-1:123456789012:backup-vault:v"}
                    ],
                }
            ],
        ),
    ),
    Case(
        Kind.UNKNOWN,
        "aws backup copied to a vault that is not known",
        aws(
            "eu-west-1",
            "aws.backup.Plan",
            name="p",
            rules=[
                {"rule_name": "daily", "target_vault_name": "v", "copy_actions": [{"destination_vault_arn": UNKNOWN}]}
            ],
        ),
        ["destinationVaultArn is not known before the deployment, so nobody can tell where the copy will be"],
    ),
    Case(
        Kind.FAIL,
        "aws logs sent to a stream outside",
        aws(
            "eu-west-1",
            "aws.cloudwatch.LogSubscriptionFilter",
            name="f",
            filter_pattern="",
            log_group="g",
            destination_arn="arn:aws:kinesis:us-east-1:123456789012:stream/s",
        ),
        ['destinationArn (its region) is "us-east-1" (US)'],
    ),
    Case(
        Kind.SECRET,
        "aws logs sent to a hidden stream outside",
        aws(
            "eu-west-1",
            "aws.cloudwatch.LogSubscriptionFilter",
            name="f",
            filter_pattern="",
            log_group="g",
            destination_arn=Hidden("arn:aws:kinesis:us-east-1:123456789012:stream/s"),
        ),
        ['destinationArn (its region) is "us-east-1" (US)'],
    ),
    Case(
        Kind.FAIL,
        "aws image copied from outside",
        aws("eu-west-1", "aws.ec2.AmiCopy", source_ami_id="ami-1", source_ami_region="us-east-1"),
        ['sourceAmiRegion is "us-east-1" (US)'],
    ),
    Case(
        Kind.NESTED,
        "ssm replicas in a list of objects, one outside, with keys inside",
        Declared(
            "aws.ssmincidents.ReplicationSet",
            {
                "regions": [
                    {"name": "eu-central-1", "kms_key_arn": "arn:aws:kms:eu-central-1:123456789012:key/k"},
                    {"name": "us-east-1", "kms_key_arn": "arn:aws:kms:us-east-1:123456789012:key/k"},
                ],
            },
        ),
        ['regions[1].name is "us-east-1" (US)', 'regions[1].kmsKeyArn (its region) is "us-east-1" (US)'],
    ),
    Case(
        Kind.NESTED,
        "aws target by an arn outside, whatever its name",
        aws("eu-west-1", "aws.cloudwatch.EventTarget", rule="r", arn="arn:aws:sqs:us-east-1:123456789012:q"),
        ['arn (its region) is "us-east-1" (US)'],
    ),
    Case(
        Kind.SECRET,
        "aws target by a hidden arn outside",
        aws("eu-west-1", "aws.cloudwatch.EventTarget", rule="r", arn=Hidden("arn:aws:sqs:us-east-1:123456789012:q")),
        ['arn (its region) is "us-east-1" (US)'],
    ),
    Case(
        Kind.NESTED,
        "aws subnets of a list of arns, one outside",
        aws(
            "eu-west-1",
            "aws.backup.Selection",
            plan_id="p",
            iam_role_arn="arn:aws:iam::123456789012:role/backup",
            resources=["arn:aws:rds:eu-west-1:123456789012:db:a", "arn:aws:rds:us-east-1:123456789012:db:b"],
        ),
        ['resources[1] (its region) is "us-east-1" (US)'],
    ),
    Case(
        Kind.PASS,
        "aws certificate of a service that is everywhere",
        aws(
            "eu-west-1",
            "aws.wafv2.WebAclAssociation",
            resource_arn="arn:aws:apigateway:eu-west-1::/restapis/r",
            web_acl_arn="arn:aws:wafv2:us-east-1:123456789012:global/webacl/w",
        ),
    ),
    Case(
        Kind.FAIL,
        "aws stream sent to a third party",
        aws(
            "eu-west-1",
            "aws.kinesis.FirehoseDeliveryStream",
            destination="splunk",
            splunk_configuration={
                "hec_endpoint": "https://splunk.example.com",
                "s3_configuration": {
                    "bucket_arn": "arn:aws:s3:::b",
                    "role_arn": "arn:aws:iam::123456789012:role/r",
                },
            },
        ),
        ["splunkConfiguration sends data to a third party"],
    ),
    # What looks like a place and is none
    Case(
        Kind.PASS,
        "tags may call anything a region",
        aws("eu-west-1", tags={"region": "us-east-1", "zone": "gb-lon-1"}),
    ),
    Case(
        Kind.PASS,
        "environment of a function may name a region",
        aws("eu-west-1", "aws.lambda_.Function", role="r", environment={"variables": {"region": "us-east-1"}}),
    ),
    Case(Kind.PASS, "resources of other providers have no place", Declared("random.RandomPet", {})),
    Case(
        Kind.PASS,
        "vault's roles for people from a region",
        Declared("vault.aws.AuthBackendRole", {"role": "r", "auth_type": "ec2", "bound_regions": ["us-east-1"]}),
    ),
    Case(
        Kind.FAIL,
        "vault's own aws backend outside",
        Declared("vault.aws.SecretBackend", {"region": "us-east-1"}),
        ['region is "us-east-1" (US)'],
    ),
    # Providers
    Case(Kind.PASS, "ovh provider of europe", Declared("ovh.Provider", {"endpoint": "ovh-eu"})),
    Case(
        Kind.FAIL,
        "ovh provider of canada",
        Declared("ovh.Provider", {"endpoint": "ovh-ca"}),
        ['endpoint of the OVH provider is "ovh-ca"'],
    ),
    Case(
        Kind.MISSING,
        "ovh provider without an endpoint",
        Declared("ovh.Provider", {}),
        ["endpoint of the OVH provider is missing"],
    ),
    Case(
        Kind.UNKNOWN,
        "ovh provider whose endpoint is not known",
        Declared("ovh.Provider", {"endpoint": UNKNOWN}),
        ["endpoint of the OVH provider is not known before the deployment"],
    ),
    Case(
        Kind.PASS, "scaleway provider in paris", Declared("scaleway.Provider", {"region": "fr-par", "zone": "fr-par-1"})
    ),
    Case(
        Kind.FAIL,
        "scaleway provider outside",
        Declared("scaleway.Provider", {"region": "fr-par", "zone": "gb-lon-1"}),
        ['zone is "gb-lon-1"'],
    ),
    Case(Kind.FAIL, "aws provider outside", Declared("aws.Provider", {"region": "eu-west-2"}), ['"eu-west-2" (GB)']),
    Case(Kind.PASS, "aws provider without a region", Declared("aws.Provider", {})),
)
