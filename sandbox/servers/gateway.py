"""AWS's addresses that browsers see, on one port of loopback over TLS: HTTP APIs, and where users sign in.

Which one is meant, the name says that is asked for: a browser is told that these names are here (`sandbox/browser.py`),
and so the page, its addresses and its content security policy are the same as in AWS. moto has neither an API Gateway
that answers nor Cognito's pages; what they do is done here, by what moto holds: routes, integrations, authorizers and
throttling of APIs, users, clients and keys of pools. A second factor is not asked for, and no response is cached.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import logging
import re
import secrets
import ssl
import threading
import time
import urllib.parse
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import catalog
from sandbox.servers.functions import ACCOUNT, FunctionError, Functions

LOG: Final = logging.getLogger("sandbox")
HOST: Final = re.compile(
    r"(?P<api>[a-z0-9]+)\.execute-api\.(?P<api_region>[a-z0-9-]+)\.amazonaws\.com"
    r"|(?P<domain>[a-z0-9-]+)\.auth\.(?P<domain_region>[a-z0-9-]+)\.amazoncognito\.com"
    r"|cognito-idp\.(?P<issuer_region>[a-z0-9-]+)\.amazonaws\.com"
)
CODE_SECONDS: Final = 300
VALID_DAYS: Final = 3650
FORM: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><link rel="icon" href="data:,"><title>Sign in</title></head><body>
<h1>Sign in</h1><p role="alert">{error}</p>
<form method="post" action="/login?{query}">
<label>Mail address <input name="username" type="email" autocomplete="username" required></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<button>Sign in</button></form></body></html>
"""


@dataclass(frozen=True)
class _Grant:
    """A user has signed in: what a code stands for, until it is exchanged for a token."""

    pool: Any
    client: str
    user: str
    scope: str
    redirect: str
    challenge: str
    ends: float


@dataclass
class Allowance:
    """The tokens of one stage's throttling: `rate` more a second, at most `burst`."""

    tokens: float
    at: float = field(default_factory=time.monotonic)

    def take(self, rate: float, burst: float) -> bool:
        """Whether one more request may pass."""
        now = time.monotonic()
        self.tokens = min(burst, self.tokens + (now - self.at) * rate)
        self.at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class Gateway:
    """The server; `folder` has its key and certificate."""

    def __init__(self, functions: Functions, port: int, folder: Path) -> None:
        self._functions = functions
        self._port = port
        self._folder = folder
        self._grants: dict[str, _Grant] = {}
        self._buckets: dict[str, Allowance] = {}
        self._lock = threading.Lock()
        self._server: Any = None

    def start(self) -> None:
        """Answer from now on. moto must run in this process."""
        from werkzeug.serving import make_server

        certificate, key = certificate_in(self._folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._server = make_server("127.0.0.1", self._port, self._application, threaded=True, ssl_context=context)
        threading.Thread(target=self._server.serve_forever, name="gateway", daemon=True).start()

    def close(self) -> None:
        """Answer no more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def _application(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        from werkzeug.wrappers import Request, Response

        request = Request(environ)
        found = HOST.fullmatch(request.host.partition(":")[0])
        try:
            if found is None:
                response = Response(f"there is no {request.host} here\n", 404)
            elif found["api"]:
                response = self._api(request, found["api_region"], found["api"])
            elif found["domain"]:
                response = self._sign_in(request, found["domain_region"], found["domain"])
            else:
                response = self._issuer(request, found["issuer_region"])
        except Exception:
            LOG.exception("gateway: %s %s", request.method, request.url)
            response = _json(500, {"message": "Internal Server Error"})
        answered: Iterable[bytes] = response(environ, start_response)
        return answered

    # HTTP APIs

    def _api(self, request: Any, region: str, identifier: str) -> Any:
        api = _backend("apigatewayv2", region).apis.get(identifier)
        if api is None or "$default" not in api.stages:
            return _json(404, {"message": "Not Found"})
        limits = api.stages["$default"].default_route_settings or {}
        if not self._passes(identifier, limits):
            return _json(429, {"message": "Too Many Requests"})
        route, parameters = _route(api, request.method, request.path)
        if route is None:
            return _json(404, {"message": "Not Found"})
        claims: dict[str, Any] | None = None
        if route.authorization_type == "JWT":
            authorizer = api.authorizers[route.authorizer_id]
            claims = _claims(request.headers.get("Authorization", ""), authorizer.jwt_config)
            if claims is None:
                return _json(401, {"message": "Unauthorized"})
            wanted, given = set(route.authorization_scopes or []), set(str(claims.get("scope", "")).split())
            if wanted and not wanted & given:
                return _json(403, {"message": "Forbidden"})
        integration = api.integrations[route.target.removeprefix("integrations/")]
        arn = integration.integration_uri.partition("/functions/")[2].removesuffix("/invocations")
        try:
            answer = self._functions.call(
                self._functions.named(arn), _event(request, identifier, route.route_key, parameters, claims)
            )
        except FunctionError as error:
            LOG.warning("gateway: %s: %s", route.route_key, error)
            return _json(500, {"message": "Internal Server Error"})
        return _answer(answer)

    def _passes(self, identifier: str, limits: Mapping[str, Any]) -> bool:
        rate, burst = limits.get("throttlingRateLimit"), limits.get("throttlingBurstLimit")
        if not rate or not burst:
            return True
        with self._lock:
            return self._buckets.setdefault(identifier, Allowance(float(burst))).take(float(rate), float(burst))

    # Users

    def _issuer(self, request: Any, region: str) -> Any:
        """Who issues tokens publishes its keys, and where users sign in."""
        pool_id, _, path = request.path.strip("/").partition("/")
        pool = _backend("cognito-idp", region).user_pools.get(pool_id)
        if pool is None:
            return _json(404, {"message": "Not Found"})
        if path == ".well-known/jwks.json":
            return _json(200, _keys(), cors=True)
        if path != ".well-known/openid-configuration" or pool.domain is None:
            return _json(404, {"message": "Not Found"})
        signs_in = f"https://{pool.domain.domain}.auth.{region}.amazoncognito.com"
        issuer = f"https://cognito-idp.{region}.amazonaws.com/{pool.id}"
        document = {
            "issuer": issuer,
            "authorization_endpoint": f"{signs_in}/oauth2/authorize",
            "token_endpoint": f"{signs_in}/oauth2/token",
            "jwks_uri": f"{issuer}/.well-known/jwks.json",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }
        return _json(200, document, cors=True)

    def _sign_in(self, request: Any, region: str, domain: str) -> Any:
        pools = _backend("cognito-idp", region).user_pools.values()
        pool = next((one for one in pools if one.domain is not None and one.domain.domain == domain), None)
        if pool is None:
            return _json(404, {"message": "Not Found"})
        match request.method, request.path:
            case "GET", "/oauth2/authorize" | "/login":
                return self._form(pool, request)
            case "POST", "/login":
                return self._log_in(pool, request)
            case "POST", "/oauth2/token":
                return self._token(request)
        return _json(404, {"message": "Not Found"})

    def _form(self, pool: Any, request: Any, error: str = "") -> Any:
        from werkzeug.wrappers import Response

        wrong = _refused(pool, request.args)
        if wrong:
            return Response(f"{wrong}\n", 400)
        query = html.escape(urllib.parse.urlencode(request.args.to_dict()))
        return Response(FORM.format(query=query, error=html.escape(error)), content_type="text/html; charset=utf-8")

    def _log_in(self, pool: Any, request: Any) -> Any:
        from werkzeug.utils import redirect

        asked = request.args
        wrong = _refused(pool, asked)
        if wrong:
            return _json(400, {"error": wrong})
        user = pool._get_user(request.form.get("username", ""))
        given = request.form.get("password", "").encode()
        if user is None or user.status != "CONFIRMED" or not secrets.compare_digest(user.password.encode(), given):
            return self._form(pool, request, "Incorrect username or password.")
        code = secrets.token_urlsafe(24)
        with self._lock:
            self._grants[code] = _Grant(
                pool,
                asked["client_id"],
                request.form["username"],
                asked["scope"],
                asked["redirect_uri"],
                asked["code_challenge"],
                time.monotonic() + CODE_SECONDS,
            )
        back = urllib.parse.urlencode({"code": code, "state": asked.get("state", "")})
        return redirect(f"{asked['redirect_uri']}?{back}", 302)

    def _token(self, request: Any) -> Any:
        """A code is good once, for the program that it was given to, which alone knows what its challenge was made of."""
        asked = request.form
        with self._lock:
            grant = self._grants.pop(asked.get("code", ""), None)
        digest = hashlib.sha256(asked.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if (
            grant is None
            or grant.ends < time.monotonic()
            or (asked.get("client_id"), asked.get("redirect_uri"), challenge)
            != (grant.client, grant.redirect, grant.challenge)
        ):
            return _json(400, {"error": "invalid_grant"}, cors=True)
        token, seconds = grant.pool.create_jwt(grant.client, grant.user, "access", extra_data={"scope": grant.scope})
        identity, _ = grant.pool.create_id_token(grant.client, grant.user, secrets.token_hex(8))
        said = {"access_token": token, "id_token": identity, "token_type": "Bearer", "expires_in": seconds}
        return _json(200, said, cors=True)


def _backend(service: str, region: str) -> Any:
    from moto.backends import get_backend

    return get_backend(service)[ACCOUNT][region]


def _json(status: int, body: Any, *, cors: bool = False) -> Any:
    from werkzeug.wrappers import Response

    response = Response(json.dumps(body), status, content_type="application/json")
    if cors:
        response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _route(api: Any, method: str, path: str) -> tuple[Any, dict[str, str]]:
    """The route of a method and a path: the one with the most that is said literally."""
    best: tuple[int, Any, dict[str, str]] = (-1, None, {})
    for route in api.routes.values():
        wanted, _, pattern = route.route_key.partition(" ")
        if wanted not in (method, "ANY"):
            continue
        literal = len(re.sub(r"\{[^}]+\}", "", pattern))
        expression = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(pattern))
        found = re.fullmatch(expression, path)
        if found and literal > best[0]:
            best = (literal, route, {name: urllib.parse.unquote(value) for name, value in found.groupdict().items()})
    return best[1], best[2]


def _claims(header: str, configuration: Mapping[str, Any]) -> dict[str, Any] | None:
    """The claims of a token that its issuer has signed for one of the audiences; None for any other."""
    import jwt

    token = header.removeprefix("Bearer ")
    issuer = configuration["issuer"]
    region, pool_id = issuer.split(".")[1], issuer.rpartition("/")[2]
    pool = _backend("cognito-idp", region).user_pools.get(pool_id)
    if pool is None:
        return None
    try:
        key = jwt.PyJWKSet.from_dict(_keys()).keys[0]
        claims: dict[str, Any] = jwt.decode(
            token, key, algorithms=["RS256"], issuer=issuer, options={"verify_aud": False, "require": ["exp", "iss"]}
        )
    except jwt.PyJWTError:
        return None
    # Cognito's access tokens say client_id where others say aud.
    return claims if (claims.get("aud") or claims.get("client_id")) in configuration["audience"] else None


def _keys() -> dict[str, Any]:
    """The public keys by which moto signs, the same for all pools."""
    from moto.cognitoidp.responses import CognitoIdpJsonWebKeyResponse

    found: dict[str, Any] = json.loads(CognitoIdpJsonWebKeyResponse.json_web_key)
    return found


def _refused(pool: Any, asked: Mapping[str, str]) -> str:
    """What is wrong with a request to sign in; empty where it is well."""
    client = pool.clients.get(asked.get("client_id", ""))
    if client is None:
        return "client_id: there is no such client"
    settings = client.extended_config
    if asked.get("redirect_uri") not in settings.get("CallbackURLs", []):
        return "redirect_uri: the client is not at that address"
    if asked.get("response_type") != "code" or asked.get("code_challenge_method") != "S256":
        return "response_type and code_challenge_method: accepted are code and S256"
    if not asked.get("code_challenge"):
        return "code_challenge is missing"
    if not set(asked.get("scope", "").split()) <= set(settings.get("AllowedOAuthScopes", [])):
        return "scope: the client may not ask for that"
    return ""


def _event(
    request: Any, api: str, key: str, parameters: Mapping[str, str], claims: Mapping[str, Any] | None
) -> dict[str, Any]:
    """A request as a function gets it (API Gateway developer guide, payload format version 2.0)."""
    query = {name: ",".join(request.args.getlist(name)) for name in request.args}
    context: dict[str, Any] = {
        "accountId": ACCOUNT,
        "apiId": api,
        "http": {
            "method": request.method,
            "path": request.path,
            "protocol": "HTTP/1.1",
            "sourceIp": request.remote_addr,
            "userAgent": request.headers.get("User-Agent", ""),
        },
        "requestId": secrets.token_urlsafe(12),
        "routeKey": key,
        "stage": "$default",
        "timeEpoch": time.time_ns() // 1_000_000,
    }
    if claims is not None:
        scopes = str(claims.get("scope", "")).split()
        context["authorizer"] = {"jwt": {"claims": {k: str(v) for k, v in claims.items()}, "scopes": scopes}}
    return {
        "version": "2.0",
        "routeKey": key,
        "rawPath": request.path,
        "rawQueryString": request.query_string.decode(),
        "headers": {name.lower(): value for name, value in request.headers},
        **({"queryStringParameters": query} if query else {}),
        **({"pathParameters": dict(parameters)} if parameters else {}),
        "requestContext": context,
        "isBase64Encoded": False,
    }


def _answer(answer: Mapping[str, Any]) -> Any:
    from werkzeug.wrappers import Response

    body = answer.get("body", "")
    content = base64.b64decode(body) if answer.get("isBase64Encoded") else body
    return Response(content, answer["statusCode"], headers=dict(answer.get("headers") or {}))


def certificate_in(folder: Path) -> tuple[Path, Path]:
    """A certificate of these names and its key, made where there is none yet."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    certificate, private = folder / "gateway.pem", folder / "gateway.key"
    if certificate.exists() and private.exists():
        return certificate, private
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "simulated AWS")])
    names = [
        pattern.format(region)
        for region in catalog.aws().regions
        for pattern in (
            "*.execute-api.{}.amazonaws.com",
            "*.auth.{}.amazoncognito.com",
            "cognito-idp.{}.amazonaws.com",
        )
    ]
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=VALID_DAYS))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private.touch(0o600)
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    return certificate, private
