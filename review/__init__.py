"""What a change would do to stacks, told to its reviewer: in a table, as SARIF, and by an exit status."""
