"""A directory that is granted to a guest, and nothing outside of it.

A path is walked from the directory's descriptor, one component after the other, each opened
relative to the one before and never through a symbolic link. So it makes no difference what the
guest writes, or what links lie about; and what is opened is checked by its descriptor, not by its
name. Only regular files are opened: a pipe or a device in the directory is refused unopened.
"""

from __future__ import annotations

import errno
import os
import stat
import weakref
from collections.abc import Callable, Mapping
from types import MappingProxyType

from outcalls.descriptors import Errno
from simfw import ArgumentError

LONGEST_PATH = 1024
"""Bytes of a path."""

_WALKED = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_OPENED = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_NEW_FILE = 0o666
"""The mode of files that are made, but for the host's umask."""

ERRORS: Mapping[int, Errno] = MappingProxyType(
    {
        errno.ENOENT: Errno.ENOENT,
        errno.ENAMETOOLONG: Errno.ENOENT,
        errno.EACCES: Errno.EACCES,
        errno.EPERM: Errno.EACCES,
        errno.ELOOP: Errno.EACCES,
        errno.ENOTDIR: Errno.ENOTDIR,
        errno.EISDIR: Errno.EISDIR,
        errno.EEXIST: Errno.EEXIST,
        errno.EROFS: Errno.EROFS,
        errno.EFBIG: Errno.EFBIG,
        errno.ENOSPC: Errno.ENOSPC,
        errno.EDQUOT: Errno.ENOSPC,
        errno.EMFILE: Errno.EMFILE,
        errno.ENFILE: Errno.EMFILE,
    }
)
"""The host's errors in the guest's numbers; all others are EIO."""


class Refused(Exception):  # noqa: N818 - it becomes a guest's error number
    """What the guest asked for is not done; `reason` tells it why."""

    def __init__(self, reason: Errno) -> None:
        super().__init__(reason.name)
        self.reason = reason


def refused(error: OSError) -> Refused:
    """The host's error as the guest sees it."""
    return Refused(ERRORS.get(error.errno or 0, Errno.EIO))


class Directory:
    """An open directory. Raises ArgumentError if it cannot be opened, or by hosts without openat.

    >>> Directory(".").closed
    False
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        if os.open not in os.supports_dir_fd or os.stat not in os.supports_dir_fd:
            raise ArgumentError("this host cannot open files relative to a directory")
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except (OSError, ValueError) as error:
            name = os.fspath(path)
            raise ArgumentError(f"directory {name!r} cannot be opened: {error}") from None
        self._close = weakref.finalize(self, os.close, self._descriptor)

    def open(self, path: bytes, flags: int) -> tuple[int, bool]:
        """Open a regular file with the flags of `os.open`; whether it was made by that.

        Raises Refused for anything else, for paths that are absolute or go up, and when it was
        closed.
        """
        if self.closed:
            raise Refused(Errno.EACCES)
        *parents, name = _components(path)
        directory = os.dup(self._descriptor)
        try:
            for parent in parents:
                inner = _opening(parent, _WALKED, directory)
                os.close(directory)
                directory = inner
            return _file(name, flags, directory)
        finally:
            os.close(directory)

    @property
    def closed(self) -> bool:
        """Whether it has been closed."""
        return not self._close.alive

    def close(self) -> None:
        """Give the descriptor back; files that were opened stay open."""
        self._close()


def _components(path: bytes) -> list[bytes]:
    if path.startswith(b"/"):
        raise Refused(Errno.EACCES)
    if not path or len(path) > LONGEST_PATH:
        raise Refused(Errno.ENOENT)
    names = [name for name in path.split(b"/") if name not in (b"", b".")]
    if b".." in names:
        raise Refused(Errno.EACCES)
    if not names or path.endswith((b"/", b"/.")):
        raise Refused(Errno.EISDIR)
    return names


def _opening(name: bytes, flags: int, directory: int) -> int:
    return _tried(lambda: os.open(name, flags, _NEW_FILE, dir_fd=directory))


def _tried(action: Callable[[], int]) -> int:
    try:
        return action()
    except OSError as error:
        raise refused(error) from None


def _file(name: bytes, flags: int, directory: int) -> tuple[int, bool]:
    """Open, or make, a file in a directory; nothing that exists and is no file is touched."""
    exists = _is_there(name, directory)
    if exists and flags & os.O_EXCL:
        raise Refused(Errno.EEXIST)
    making = flags & os.O_CREAT and not exists
    wanted = flags | os.O_EXCL if making else flags & ~(os.O_CREAT | os.O_EXCL)
    descriptor = _opening(name, wanted | _OPENED, directory)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):  # it was exchanged meanwhile
        os.close(descriptor)
        raise Refused(Errno.EACCES)
    return descriptor, bool(making)


def _is_there(name: bytes, directory: int) -> bool:
    """Whether there is a regular file. Refused if it is something else."""
    try:
        mode = os.stat(name, dir_fd=directory, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return False
    except OSError as error:
        raise refused(error) from None
    if stat.S_ISDIR(mode):
        raise Refused(Errno.EISDIR)
    if not stat.S_ISREG(mode):
        raise Refused(Errno.EACCES)
    return True
