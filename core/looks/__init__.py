"""How images, sequences and map features look on the map, live and downloaded alike, and when they are shown."""
