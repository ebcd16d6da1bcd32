"""The widgets of the image panel."""
