"""Become another program that dies with its parent.

Run as a script by `children.spawn`, with the parent's process id and the command line as arguments. Linux kills the
program when the parent goes away, however it goes (PR_SET_PDEATHSIG survives the exec). Elsewhere the program only
ends when its parent stops it. Imports nothing outside the standard library: it runs without site-packages.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, *command = sys.argv[1:]
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
            sys.exit(f"prctl failed: {os.strerror(ctypes.get_errno())}")
        if os.getppid() != int(parent):  # the parent died before prctl took effect
            sys.exit(1)
    try:
        os.execvp(command[0], command)  # noqa: S606 - replacing this process is its purpose
    except OSError as error:
        sys.exit(f"cannot start {command[0]}: {error.strerror}")


main()
