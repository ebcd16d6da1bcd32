"""The image panel: picture, metadata, detections, map features, and the tool that opens them from the map."""
