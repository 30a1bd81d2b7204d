"""Recordings and worlds on the command line: imported, checked, learned from, built."""
