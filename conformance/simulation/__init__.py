"""Simulated runs: seeds, faults and peers of every kind against the monitors of the connection layer."""
