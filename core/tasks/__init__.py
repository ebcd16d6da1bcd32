"""Work off the main thread that QGIS' task manager shows; each kind ends in one way."""
