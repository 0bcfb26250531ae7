"""The settings of the hosting system: what may be said, and which rules compare it."""
