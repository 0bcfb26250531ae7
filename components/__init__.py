"""The parts that systems are made of, a folder a concern; provider-specific code only in the sites' modules."""
