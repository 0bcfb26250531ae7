"""What the pipeline's projects do: a buildspec each, and the deployment as a program."""
