"""The settings of the chat system: what may be said, and which rules compare it."""
