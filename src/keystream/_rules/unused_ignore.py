"""A comment `# keystream: ignore[...]` that suppresses nothing.

The mistake that it was written for is gone, or the line has moved away from it. Left there, it would
hide the next mistake on its line. Remove the comment, or move it to the line that is named first.
"""
