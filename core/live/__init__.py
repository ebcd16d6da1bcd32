"""Live coverage: the tiles that the map shows, fetched as it moves."""
