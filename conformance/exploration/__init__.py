"""Explores every interleaving of a listener with its queue and some requestors, on the runtime itself."""
