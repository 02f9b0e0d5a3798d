"""Program 1, the control plane: HTTP API, loops, settings."""
