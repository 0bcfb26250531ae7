"""The real servers behind the simulated clouds: an S3 server a provider, and OpenBao for Vault."""
