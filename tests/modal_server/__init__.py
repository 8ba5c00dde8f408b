"""
A control plane for tests: what Modal's unchanged client needs to deploy, look up, spawn, ask and cancel.

It says nothing of queueing, scaling, quotas or the timing of retries, and its wire format is that of the
pinned client: run its tests at every new version of it.
"""
