"""What the chat needs for how many messages a second: a model, a simulation that it is held against, and pictures."""
