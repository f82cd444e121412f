"""Two threads are started with one key."""

import threading

import jax

key = jax.random.key(0)
out = {}


def work(name):
    out[name] = jax.random.normal(key, (3,))  # -> KS201


threads = [threading.Thread(target=work, args=(name,)) for name in ("a", "b")]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(out))
