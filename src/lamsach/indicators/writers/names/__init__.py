"""Outputs for resolvers and filters of names."""
