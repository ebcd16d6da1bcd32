"""Mapillary's graph: entities, fields, names of users, detections, and what is kept of them."""
