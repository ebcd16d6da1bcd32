"""Live coverage: the switch in the panel, the layers that it adds, and what keeps them filled and styled."""
