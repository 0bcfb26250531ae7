"""The settings of the sensors system: what may be said, and which rules compare it."""
