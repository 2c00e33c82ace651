from daumoi.core.interim.cluster import Cluster
from daumoi.core.interim.faults import StartFault
__all__ = ["Cluster", "StartFault"]
