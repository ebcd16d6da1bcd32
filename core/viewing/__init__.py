"""What a person sees of single images and map features, without widgets. Plain Python, no qgis."""
