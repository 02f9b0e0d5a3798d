"""Program 2, for people: Python SDK, the suan command, wire shapes."""
