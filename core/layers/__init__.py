"""Tables to QGIS layers and back: kinds, features, metadata, changes, what lies under a click."""
