"""What layers look like: colours, symbols and legends, and when they are shown."""
