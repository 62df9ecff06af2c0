"""Frames and shapes that any product may write."""
