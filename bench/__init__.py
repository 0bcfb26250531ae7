"""What the program, the policies and the engine cost in time and memory, measured side by side in one run."""
