"""Keys of a tree's leaves, by the whole path or by a part of it."""

import zlib

import jax


def by_name(key, params):
    def noise(path, leaf):
        name = path[-1].key
        return leaf + jax.random.normal(
            jax.random.fold_in(key, zlib.crc32(name.encode())),  # KS104
            leaf.shape,
        )

    return jax.tree_util.tree_map_with_path(noise, params)


# Near misses.


def by_path(key, params):
    def noise(path, leaf):
        name = jax.tree_util.keystr(path)
        return leaf + jax.random.normal(
            jax.random.fold_in(key, zlib.crc32(name.encode())), leaf.shape
        )

    return jax.tree_util.tree_map_with_path(noise, params)


def by_layer_and_name(key, params):
    def noise(path, leaf):
        layer = jax.random.fold_in(key, zlib.crc32(path[0].key.encode()))
        return leaf + jax.random.normal(
            jax.random.fold_in(layer, zlib.crc32(path[-1].key.encode())), leaf.shape
        )

    return jax.tree_util.tree_map_with_path(noise, params)
