"""Photographs of every page and state, for docs/screens: `make screens`."""
