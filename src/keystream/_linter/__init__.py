"""Checking files: found, read by `_lint`, judged by the rules, repaired where asked."""
