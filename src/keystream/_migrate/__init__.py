"""``keystream migrate``: from keys that are threaded by hand to named streams.

`rewriting.migrations` finds the root keys of a file (`roots`) and follows each (`following`) through its
scope, the functions that give it back (`carried`), the loops of JAX that carry it (`scans`, `carrying`)
and the states that hold it (`states`, `statesteps`). Each use becomes the key of a stream (`naming`) at
a step (`steps`), as an edit of the text (`editing`) in a draft (`draft`). Whatever can't be followed
refuses the draft and all that hangs together with it: a file is never left with half of a key.
"""
