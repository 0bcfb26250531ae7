"""The function that serves the dashboard's files from their private bucket, where no network of a third party may.

The files are the same for everybody and hold no reading: what they show is asked from the API, with the token of whoever
looks at them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from apps.sensors.environment import client

INDEX: Final = "index.html"
FILE: Final = re.compile(r"[a-z][a-z0-9-]*(\.[a-z]+)+", re.ASCII)
CACHED: Final = "public, max-age=0, must-revalidate"


class Page:
    """Answers requests for files; `s3` is boto3's client, `policy` the content security policy."""

    def __init__(self, s3: Any, bucket: str, policy: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._policy = policy

    def handle(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The response."""
        name = (event.get("pathParameters") or {}).get("file", INDEX)
        known = event.get("headers", {}).get("if-none-match")
        if not FILE.fullmatch(name):
            return self._response(404, "text/plain", "there is no such file\n")
        try:
            found = self._s3.get_object(Bucket=self._bucket, Key=name, **({"IfNoneMatch": known} if known else {}))
        except self._s3.exceptions.ClientError as error:
            code = error.response["Error"]["Code"]
            if code in ("304", "NotModified"):
                return self._response(304, "text/plain", "", ETag=str(known))
            if code == "NoSuchKey":
                return self._response(404, "text/plain", "there is no such file\n")
            raise
        content = found["Body"].read().decode()
        return self._response(200, found["ContentType"], content, ETag=found["ETag"])

    def _response(self, status: int, kind: str, body: str, **headers: str) -> dict[str, Any]:
        return {
            "statusCode": status,
            "headers": {
                "Content-Type": kind,
                "Cache-Control": CACHED,
                "Content-Security-Policy": self._policy,
                "Referrer-Policy": "no-referrer",
                "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
                "X-Content-Type-Options": "nosniff",
                **headers,
            },
            "body": body,
        }


@cache
def _page() -> Page:
    return Page(client("s3"), os.environ["PAGE_BUCKET"], os.environ["CONTENT_SECURITY_POLICY"])


def handler(event: Mapping[str, Any], _context: Any) -> dict[str, Any]:
    """What Lambda calls with a request."""
    return _page().handle(event)
