"""The audit: records what a program draws while it runs, for the rules to judge.

What is recorded is plain data (`recording`); what looks at JAX and at the frameworks fills it in
(`recorder`, `observers`); `judge` runs the rules over it when the program has ended.
"""
