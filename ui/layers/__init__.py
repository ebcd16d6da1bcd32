"""Our layers in the project: their group, tips, credit, and their export."""
