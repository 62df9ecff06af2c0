"""Tests with data of earlier versions."""
