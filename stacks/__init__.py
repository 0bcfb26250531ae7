"""The systems, a module each."""
