"""The flows, each with its command line: `python -m flows.NAME --help`."""

import atexit
import gc
import os
import sys

from flows.cli.temporary_server import is_wanted, runs_flow, temporary_server

# Prefect reads these while it is imported, so this is the one package that acts at import: nobody calls home, and what
# the stages say reaches the run's log on the server. A value that the user has set stays.
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("PREFECT_LOGGING_EXTRA_LOGGERS", "loanwatch")
# As for the runs of deployments: an automation takes a run without one for 180 seconds for lost.
os.environ.setdefault("PREFECT_FLOWS_HEARTBEAT_FREQUENCY", "30")
# A busy machine needs more than the 20 seconds that Prefect gives its temporary server to start.
os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "180")
# Trees of a window are asked in microseconds: threads would wait for each other, on a busy machine a hundred times as
# long as they work. What is worth several cores (the folds of a training) takes them by itself.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Arrow's own allocator gives memory back and asks for it again: half of the time of a large extraction, in the kernel.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
# Python imports a package before the command in it: the server starts meanwhile.
if sys.argv[0] == "-m" and is_wanted(sys.orig_argv):
    temporary_server.start()
# Imports make much and leave no waste: looking for it takes a tenth of their time. `run_flow` turns it on again.
if sys.argv[0] == "-m" and runs_flow(sys.orig_argv):
    gc.disable()
# Nor is waste looked for once more when a process ends: with so many modules that takes a second.
atexit.register(gc.freeze)
