"""The policy pack: what a deployment must be like, checked by the engine before anything is created.

One file a policy. Policies read only what the engine hands them: no network, no files of the deployment.
"""
