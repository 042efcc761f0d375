"""What reads any table: mutants, product search, suites."""
