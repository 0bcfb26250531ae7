"""The reference chat: gateways hold sockets, queues in Redis, workers write documents, a broadcaster tells all gateways.

A message is stored exactly once, and reaches every member of its chat, in the order of its number: numbers of a chat
are 1, 2, 3 … without a gap, so that whoever misses one knows, and reads it from the store.
"""
