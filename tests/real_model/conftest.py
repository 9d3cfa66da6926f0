"""Only `make test-real-model` collects these: they compute for minutes, and need packages that nothing else does."""

import os

collect_ignore_glob = [] if os.environ.get("REAL_MODEL") else ["test_*.py"]
