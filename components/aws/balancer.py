"""The way in: names, a certificate and a load balancer that keeps sockets open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from components.aws.flows import GATEWAY_PORT
from components.sdk import lazy

aws = lazy("pulumi_aws")

TLS_POLICY: Final = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
"""TLS 1.3, and of 1.2 what has forward secrecy and authenticated encryption."""
IDLE_SECONDS: Final = 300
"""Gateways ping every socket each 30 seconds: ten may be missed, on a mobile link, before the socket is cut."""
DRAIN_SECONDS: Final = 600
"""How long a task that goes keeps its sockets: clients move away little by little, not all in one second."""
STICKY_SECONDS: Final = 24 * 3600
"""A reconnect within a day finds the gateway that still has what it missed in memory."""
HSTS: Final = "max-age=31536000; includeSubDomains"
RECORD_TTL: Final = 300
HEALTH: Final = "/healthz"
AUTHORITY: Final = "amazon.com"
"""Who alone may issue certificates for the domain (RFC 8659)."""


@dataclass(frozen=True)
class BalancerArgs:
    """`name` is the prefix of all names, 32 characters at most; `domain` becomes a DNS zone of its own.

    `network` is the VPC, `subnets` the public ones, `group` the security group; `logs` the name of the bucket for
    access logs. With `protect`, AWS and the engine refuse to delete it.
    """

    name: str
    domain: str
    network: pulumi.Input[str]
    subnets: Sequence[pulumi.Input[str]]
    group: pulumi.Input[str]
    logs: pulumi.Input[str]
    protect: bool


class Balancer(pulumi.ComponentResource):
    """A public load balancer with IPv4 and IPv6, and its names.

    Creates the DNS zone of the domain with its alias records (A, AAAA) and the authority that may certify it (CAA); a
    certificate that is validated by DNS; the load balancer with access logs; a listener that answers HTTP with a
    redirect and one for HTTPS (TLS 1.3 and 1.2); and the target group of the gateways: round robin, then the same
    gateway by cookie.

    Outputs: `arn`, `suffix` and `targets_suffix` (as CloudWatch names both), `targets` (ARN of the target group), `zone`
    (id), `name_servers` (which the zone above must name), `address`.
    """

    def __init__(self, args: BalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("platform:aws:Balancer", args.name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._guarded = pulumi.ResourceOptions(parent=self, protect=args.protect)
        zone = aws.route53.Zone(
            args.name, name=args.domain, comment="Names of the chat; delegated by the zone above", opts=self._guarded
        )
        self.zone: pulumi.Output[str] = zone.zone_id
        self.name_servers: pulumi.Output[Sequence[str]] = zone.name_servers
        certificate = self._certificate()
        balancer = aws.lb.LoadBalancer(
            args.name,
            name=args.name,
            load_balancer_type="application",
            internal=False,
            ip_address_type="dualstack",
            subnets=args.subnets,
            security_groups=[args.group],
            idle_timeout=IDLE_SECONDS,
            drop_invalid_header_fields=True,
            desync_mitigation_mode="strictest",
            enable_zonal_shift=True,
            enable_deletion_protection=args.protect,
            access_logs={"bucket": args.logs, "prefix": "balancer", "enabled": True},
            opts=self._guarded,
        )
        self.arn: pulumi.Output[str] = balancer.arn
        self.suffix: pulumi.Output[str] = balancer.arn_suffix
        targets = self._targets()
        listener = self._listeners(targets.arn, certificate)
        # A service may register at a target group that a listener has: whoever is told the group waits for that.
        self.targets: pulumi.Output[str] = pulumi.Output.all(targets.arn, listener.arn).apply(lambda arns: arns[0])
        self.targets_suffix: pulumi.Output[str] = targets.arn_suffix
        self._names(balancer)
        self.address = f"https://{args.domain}"
        self.register_outputs({"arn": self.arn, "zone": self.zone, "name_servers": self.name_servers})

    def _certificate(self) -> pulumi.Output[str]:
        name, domain = self._args.name, self._args.domain
        certificate = aws.acm.Certificate(
            name,
            domain_name=domain,
            validation_method="DNS",
            key_algorithm="EC_prime256v1",
            opts=pulumi.ResourceOptions(parent=self),
        )
        option = certificate.domain_validation_options[0]
        record = aws.route53.Record(
            f"{name}-validation",
            zone_id=self.zone,
            name=option.resource_record_name,
            type=option.resource_record_type,
            records=[option.resource_record_value],
            ttl=RECORD_TTL,
            opts=self._child,
        )
        validation = aws.acm.CertificateValidation(
            name, certificate_arn=certificate.arn, validation_record_fqdns=[record.fqdn], opts=self._child
        )
        arn: pulumi.Output[str] = validation.certificate_arn
        return arn

    def _targets(self) -> Any:
        return aws.lb.TargetGroup(
            self._args.name,
            name=self._args.name,
            vpc_id=self._args.network,
            target_type="ip",
            protocol="HTTP",
            port=GATEWAY_PORT,
            load_balancing_algorithm_type="round_robin",
            stickiness={"type": "lb_cookie", "enabled": True, "cookie_duration": STICKY_SECONDS},
            deregistration_delay=DRAIN_SECONDS,
            health_check={
                "path": HEALTH,
                "matcher": "200",
                "interval": 10,
                "timeout": 5,
                "healthy_threshold": 2,
                "unhealthy_threshold": 3,
            },
            opts=self._child,
        )

    def _listeners(self, targets: pulumi.Output[str], certificate: pulumi.Output[str]) -> Any:
        name = self._args.name
        aws.lb.Listener(
            f"{name}-http",
            load_balancer_arn=self.arn,
            port=80,
            protocol="HTTP",
            default_actions=[
                {"type": "redirect", "redirect": {"port": "443", "protocol": "HTTPS", "status_code": "HTTP_301"}}
            ],
            opts=self._child,
        )
        return aws.lb.Listener(
            f"{name}-https",
            load_balancer_arn=self.arn,
            port=443,
            protocol="HTTPS",
            ssl_policy=TLS_POLICY,
            certificate_arn=certificate,
            routing_http_response_strict_transport_security_header_value=HSTS,
            routing_http_response_x_content_type_options_header_value="nosniff",
            routing_http_response_server_enabled=False,
            default_actions=[{"type": "forward", "target_group_arn": targets}],
            opts=self._child,
        )

    def _names(self, balancer: Any) -> None:
        for kind in ("A", "AAAA"):
            aws.route53.Record(
                f"{self._args.name}-{kind.lower()}",
                zone_id=self.zone,
                name=self._args.domain,
                type=kind,
                aliases=[
                    {"name": balancer.dns_name, "zone_id": balancer.zone_id, "evaluate_target_health": True},
                ],
                opts=self._child,
            )
        aws.route53.Record(
            f"{self._args.name}-caa",
            zone_id=self.zone,
            name=self._args.domain,
            type="CAA",
            records=[f'0 issue "{AUTHORITY}"', '0 issuewild ";"'],
            ttl=RECORD_TTL,
            opts=self._child,
        )
