"""The load test of the chat: a JMeter plan made from a stack's settings, run for real, and its results counted."""
