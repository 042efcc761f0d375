"""The decoders under any octets: a corpus of small samples, and a coverage-guided run over it."""
