"""Child processes that end when their parent does, even after `kill -9`."""

import ctypes
import os
import signal
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def ends_with_parent(how: signal.Signals) -> Callable[[], None]:
    """Return what a child runs before its program begins: the kernel sends it `how` when its parent dies.

    Call it in the parent, and start the child from a thread that lives as long as the process: the kernel looks at
    the thread. Set after the change of user, because that change clears it.
    """
    parent = os.getpid()

    def set_it() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, int(how), 0, 0, 0)
        # The parent may have died before the line above; then nobody would tell us.
        if os.getppid() != parent:
            os._exit(1)

    return set_it
