"""What holds for every test: nothing is judged by how long it takes, and nothing is far away."""

import os
from pathlib import Path

from hypothesis import HealthCheck, settings

settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", settings.get_profile("house"), max_examples=1000)
settings.load_profile("house")

# Nobody's certificates: no test leaves this machine, and to read everybody's takes each HTTP client
# 20 ms, which would be a third of the whole run.
os.environ.pop("SSL_CERT_FILE", None)
os.environ["SSL_CERT_DIR"] = str(Path(__file__).parent / "data")
