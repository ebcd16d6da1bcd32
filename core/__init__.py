"""Everything that is not a widget. Importing this package imports nothing else."""
