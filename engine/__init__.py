"""The Pulumi engine where no official one is installed: its Go module and a Python language host."""
