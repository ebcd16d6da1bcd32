"""Mapillary's words: tilesets, source layers, their fields and values, symbols, links, licence."""
