"""Known answers of queueing theory, which the simulation is held against."""

from __future__ import annotations

import math


def erlang_c(servers: int, load: float) -> float:
    """The probability that somebody waits in M/M/c, where `load` is arrivals times service, in servers (Erlang 1917).

    Raises ValueError unless 0 ≤ load < servers: there is no steady state otherwise.
    """
    if servers < 1 or not 0 <= load < servers:
        raise ValueError(f"load {load} of {servers} servers, but accepted is 0 or more, and less than the servers")
    blocked = 1.0  # Erlang B, by its recursion over servers
    for number in range(1, servers + 1):
        blocked = load * blocked / (number + load * blocked)
    return blocked / (1 - load / servers * (1 - blocked))


def mean_wait(rate: float, service: float, servers: int) -> float:
    """The mean time before service in M/M/c, in the unit of `service`. Raises ValueError as `erlang_c`."""
    load = rate * service
    return erlang_c(servers, load) * service / (servers - load)


def servers_for(rate: float, service: float, utilisation: float) -> int:
    """The fewest servers that are no more than `utilisation` (of 1) busy; 1 at least."""
    if rate < 0 or service < 0 or not 0 < utilisation <= 1:
        raise ValueError(
            f"rate {rate}, service {service}, utilisation {utilisation}: accepted is 0 or more, and (0, 1]"
        )
    # What is a whole number but for the last bit is one.
    return max(1, math.ceil(rate * service / utilisation - 1e-9))
