"""The simulated clouds, a module or folder each."""
