"""What: conditions and the request, in words and as JSON."""
