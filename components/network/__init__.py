"""Who has which address, and who may talk to whom."""
