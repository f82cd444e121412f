"""What source says about findings: comments that leave one out. Loads no JAX."""
