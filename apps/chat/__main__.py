"""`python -m apps.chat gateway|bulk|priority|broadcaster` is a process of the chat; `smoke URL` tries a gateway.

Exit status: 0 ended as asked by SIGTERM, or the smoke test passed; 1 something failed; 2 wrong arguments.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys

import zmq
import zmq.asyncio
from aiohttp import web

from apps.chat import broadcast, environment, smoke
from apps.chat.documents import Documents
from apps.chat.environment import EnvironmentVariableError
from apps.chat.gateway import Gateway
from apps.chat.messages import Lane
from apps.chat.queues import Queue
from apps.chat.worker import Worker

USAGE = "usage: python -m apps.chat gateway | bulk | priority | broadcaster | smoke URL"


async def _gateway(stop: asyncio.Event) -> None:
    told = environment.read(environment.Gateway)
    queues = {
        Lane.BULK: Queue(Lane.BULK, told.bulk_queue.get_secret_value()),
        Lane.PRIORITY: Queue(Lane.PRIORITY, told.priority_queue.get_secret_value()),
    }
    documents = Documents(told.documents.get_secret_value())
    with zmq.asyncio.Context() as context:
        subscriber = broadcast.Subscriber(context, told)
        gateway = Gateway(queues, documents, subscriber, told.token_key.get_secret_value(), told.metrics)
        runner = web.AppRunner(gateway.application(), access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, told.address, told.port)
        await site.start()
        try:
            async with asyncio.TaskGroup() as group:
                work = (subscriber.follow(), gateway.deliver(), gateway.catch_up(), gateway.report())
                tasks = [group.create_task(one) for one in work]
                await stop.wait()
                await gateway.leave()
                for task in tasks:
                    task.cancel()
        finally:
            await runner.cleanup()
            subscriber.close()
            for queue in queues.values():
                await queue.close()
            await documents.close()


async def _worker(lane: Lane, stop: asyncio.Event) -> None:
    told = environment.read(environment.Worker)
    queue, documents = Queue(lane, told.queue.get_secret_value()), Documents(told.documents.get_secret_value())
    with zmq.asyncio.Context() as context:
        publisher = broadcast.Publisher(context, told)
        worker = Worker(queue, documents, publisher, told.metrics)
        following = asyncio.create_task(publisher.follow())
        try:
            await worker.run(stop)
        finally:
            following.cancel()
            publisher.close()
            await queue.close()
            await documents.close()


async def _run(process: str) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    match process:
        case "gateway":
            await _gateway(stop)
        case "broadcaster":
            await broadcast.broadcast(environment.read(environment.Broadcast), stop)
        case lane:
            await _worker(Lane(lane), stop)


def main() -> int:
    """Run what the arguments name; the exit status."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        match sys.argv[1:]:
            case ["gateway" | "bulk" | "priority" | "broadcaster" as process]:
                asyncio.run(_run(process))
            case ["smoke", url]:
                asyncio.run(smoke.run(url))
            case _:
                print(USAGE, file=sys.stderr)
                return 2
    except EnvironmentVariableError as error:
        print(error, file=sys.stderr)
        return 1
    except (smoke.SmokeError, zmq.ZMQError, OSError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
