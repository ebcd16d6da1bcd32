"""Where: boxes, circles and polygons of any CRS, and their tiles."""
