//! Tests with models written byte by byte.
