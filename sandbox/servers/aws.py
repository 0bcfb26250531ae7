"""AWS: moto, in this process, filled again from the sandbox's list at every start."""

from __future__ import annotations

from sandbox.cloud import Call, Servers, Session
from sandbox.clouds import aws
from sandbox.store import Account, Store


def start(store: Store) -> str:
    """Start moto and ask it for everything that the list has; returns where it answers."""
    # moto takes seconds to import, and most stacks have nothing at AWS.
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    everybody = Session(Account("aws", "", "", "", frozenset()), {})
    for row in store.rows("aws"):
        kind = aws.CLOUD.kinds[row.token]
        if isinstance(kind, aws.AwsKind):
            kind.restore(row, Call("aws", store, everybody, row.urn, Servers(aws=lambda: endpoint)))
    return endpoint
