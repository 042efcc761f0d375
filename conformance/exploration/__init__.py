"""The exploration of the connection layer: its rows, its faults, and every interleaving."""
