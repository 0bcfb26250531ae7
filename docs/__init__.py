"""What the documents take from the code and from a stack's state, so that they say what is."""
