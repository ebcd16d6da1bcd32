"""What of the open image is on the map canvas."""
