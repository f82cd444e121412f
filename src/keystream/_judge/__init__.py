"""The one judge: from uses of keys to mistakes, what excuses them, and the account of every draw.

Proof beats everything but proof. Two draws that happened from one key, neither a recomputation of the
other, are a fact; `excuses` is the closed list of the facts that excuse it. What is excused is kept with
its reason, and `accounts` holds that every repeated draw stands in exactly one account. `words` may
lower a warning to a note, and never touches an error. Loads neither JAX nor NumPy.
"""
