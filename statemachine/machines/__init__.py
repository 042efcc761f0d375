"""The tables, and nothing else: association, connection, listener, library, and how they are coupled."""
