"""Choosing values of map features and traffic signs."""
