"""A stream that is declared or given and never drawn from.

Reserved: neither lint nor the audit reports it yet. Giving a stream that a call does not need is common
and harmless, in evaluation above all; a stream that was meant to be drawn from shows as another mistake,
`misnamed-stream` or `dropout-never-draws`.
"""
