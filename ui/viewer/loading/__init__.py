"""What is asked for and awaited when an image is opened, without widgets."""
