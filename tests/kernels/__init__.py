"""Kernels against their plain-Python twins."""
