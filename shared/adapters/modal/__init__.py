"""
Modal, which runs models on rented GPUs.

Its client reads a configuration file when it is imported, and would take a token or a server from
there. What this installation uses comes from ``shared/settings`` alone.
"""

import os

os.environ.setdefault("MODAL_CONFIG_PATH", os.devnull)
