"""Who writes a module: prompts, the openai client, the offline adapter behind it, code out of replies, the
ledger.

May enter: what a call needs (prompt, messages, reply, cost, refusals of a server). Knows no template and no
design; the adapter in `adapter/` knows not even what code is about. Keys come from the environment and are
never stored.
"""
