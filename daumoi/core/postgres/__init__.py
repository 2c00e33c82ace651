"""Our own start of PostgreSQL: a cluster in the data directory, run as a child that ends with its parent.

The wheel's own starter is not used: it believes a dead pid after `kill -9`, refuses a folder with files in it, opens
parent folders and trusts every login.
"""

from daumoi.core.postgres.child import ends_with_parent
from daumoi.core.postgres.cluster import Cluster
from daumoi.core.postgres.faults import StartEnded, StartFault
from daumoi.core.postgres.lock import DirectoryLock, Holder
from daumoi.core.postgres.places import runtime_dir

__all__ = ["Cluster", "DirectoryLock", "Holder", "StartEnded", "StartFault", "ends_with_parent", "runtime_dir"]
