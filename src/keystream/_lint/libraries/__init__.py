"""What calls of libraries do to keys.

`table` says it, one line a function: by a form of `signatures` where all that matters fits into its
fields, else by a handler of the module that is named for the library. To add a library is to add its
lines to the table.
"""
