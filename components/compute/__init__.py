"""What happens on machines after they exist."""
