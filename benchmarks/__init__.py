"""Benchmarks against peers and against what the machine allows; never part of the wheel, never a timed test."""
