"""The one part that opens sockets, and the one where the token is taken out of what others may read."""
