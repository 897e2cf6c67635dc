"""Tests of the order of stages."""
