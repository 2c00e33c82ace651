"""Webhooks: records are pushed to the address of a receiver, signed as Standard Webhooks 1.0 says."""
