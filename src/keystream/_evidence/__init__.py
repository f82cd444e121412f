"""What is known of a program's randomness, whoever read it: keys, their uses, and what source says.

Three readers fill it: a plan traces a program, the audit records a run, lint reads source. `uses` says
what a use of a key is, `relation` how two uses relate, `source` and `flow` what the program does with
the results. Loads neither JAX nor NumPy.
"""
