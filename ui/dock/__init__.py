"""The form of the dock, and what its buttons start."""
