"""Setting, testing and forgetting the token, and signing in."""
