"""Simulated clouds: what OVH, Scaleway, AWS and Vault would answer, on one machine and without an account."""
