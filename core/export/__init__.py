"""Layers as files: what each format can hold, the writing in a task, and putting the result in its place."""
