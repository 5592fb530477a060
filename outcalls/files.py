"""Files for guests: those of one directory of the host, within limits.

The functions are those of `files.cas`; how a guest is kept in the directory says
`outcalls.sandbox`.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from functools import wraps
from itertools import count
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Concatenate, ParamSpec

from attrs import define, field, frozen
from attrs.validators import ge, instance_of

from outcalls.descriptors import Errno
from outcalls.sandbox import Directory, Refused, refused
from outcalls.streams import LARGEST_READ
from simfw import Focus, Outcalls, Process, outcall

SPEC = Path(__file__).with_suffix(".cas")
FIRST_HANDLE = 3
"""The smallest handle; those below stand for the standard streams elsewhere."""

LARGEST_OFFSET = 1 << 62

P = ParamSpec("P")


@frozen
class Limits:
    """What guests may use up, all that share one `Files` together.

    `open_files` at a time; `file_size` in bytes, beyond which nothing is written; `new_files`
    that may be made, ever.
    """

    open_files: int = field(default=16, validator=[instance_of(int), ge(1)])
    file_size: int = field(default=16 << 20, validator=[instance_of(int), ge(0)])
    new_files: int = field(default=64, validator=[instance_of(int), ge(0)])


@frozen
class Mode:
    """What a mode of `fopen` stands for, as flags of `os.open`, and beyond those."""

    flags: int
    truncates: bool = False
    appends: bool = False

    @property
    def reads(self) -> bool:
        """Whether the file can be read."""
        return self.flags & os.O_ACCMODE != os.O_WRONLY

    @property
    def writes(self) -> bool:
        """Whether the file can be written."""
        return self.flags & os.O_ACCMODE != os.O_RDONLY


_BOTH, _WRITE, _MAKE = os.O_RDWR, os.O_WRONLY, os.O_CREAT
MODES = MappingProxyType(
    {
        "r": Mode(os.O_RDONLY),
        "r+": Mode(_BOTH),
        "w": Mode(_WRITE | _MAKE, truncates=True),
        "w+": Mode(_BOTH | _MAKE, truncates=True),
        "a": Mode(_WRITE | _MAKE, appends=True),
        "a+": Mode(_BOTH | _MAKE, appends=True),
        "x": Mode(_WRITE | _MAKE | os.O_EXCL),
        "x+": Mode(_BOTH | _MAKE | os.O_EXCL),
    }
)
"""The modes of `file_open`; a `b` in them, as C has it, changes nothing."""


@define(eq=False)
class OpenFile:
    """A file that a guest has open, and where it reads or writes next."""

    descriptor: int
    mode: Mode
    position: int = 0
    close: Callable[[], object] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.close = weakref.finalize(self, os.close, self.descriptor)

    @property
    def size(self) -> int:
        """Bytes."""
        return os.fstat(self.descriptor).st_size


def _numbered(
    serve: Callable[Concatenate[Files, Focus, P], int],
) -> Callable[Concatenate[Files, Focus, P], int]:
    """Give the guest the number of what went wrong; the host's errors are no exceptions to it."""

    @wraps(serve)
    def served(self: Files, focus: Focus, *args: P.args, **kwargs: P.kwargs) -> int:
        try:
            return serve(self, focus, *args, **kwargs)
        except Refused as refusal:
            return -refusal.reason
        except OSError as error:
            return -refused(error).reason

    return served


class Files(Outcalls):
    """The files of one directory, and of those in it, for guests to read and perhaps to write.

    Args:
        directory: what is granted.
        writable: whether files can be written and made.
        limits: how much.

    Handles belong to the process that opened them. Raises ArgumentError if the directory cannot
    be opened. `close` closes everything; so does leaving a `with` block.

    >>> from outcalls.files import Files
    >>> files = Files("data", writable=True)     # doctest: +SKIP
    """

    def __init__(
        self,
        directory: str | os.PathLike[str],
        *,
        writable: bool = False,
        limits: Limits | None = None,
    ) -> None:
        super().__init__("files", optional=True, spec=SPEC)
        self._directory = Directory(directory)
        self._writable = writable
        self._limits = limits or Limits()
        self._made = 0
        self._open = weakref.WeakKeyDictionary[Process, dict[int, OpenFile]]()
        self._lock = threading.Lock()  # machines of several Python threads may share the limits

    # What the guest calls

    @outcall("file_open")
    @_numbered
    def open(self, focus: Focus, path: bytes, mode: bytes) -> int:
        """Open a file; its handle."""
        wanted = MODES.get(mode.decode("latin-1").replace("b", "", 1))
        if wanted is None:
            raise Refused(Errno.EINVAL)
        if wanted.writes and not self._writable:
            raise Refused(Errno.EROFS)
        with self._lock:
            if sum(map(len, self._open.values())) >= self._limits.open_files:
                raise Refused(Errno.EMFILE)
            opened = self._opened(path, wanted)
            own = self._open.setdefault(focus.process, {})
            handle = next(n for n in count(FIRST_HANDLE) if n not in own)
            own[handle] = opened
        return handle

    def _opened(self, path: bytes, mode: Mode) -> OpenFile:
        flags = mode.flags
        may_make = self._made < self._limits.new_files
        if flags & os.O_CREAT and not may_make:
            flags &= ~os.O_CREAT
        try:
            descriptor, made = self._directory.open(path, flags)
        except Refused as refusal:
            if refusal.reason is Errno.ENOENT and flags != mode.flags:
                raise Refused(Errno.ENOSPC) from None
            raise
        self._made += made
        opened = OpenFile(descriptor, mode)
        if mode.truncates:
            os.ftruncate(descriptor, 0)
        return opened

    @outcall("file_read")
    @_numbered
    def read(self, focus: Focus, handle: int, buffer: int, size: int) -> int:
        """Read into a buffer; how many bytes there were. MemoryFault leaves the place as it was."""
        file = self._found(focus, handle)
        if not file.mode.reads:
            raise Refused(Errno.EBADF)
        data = os.pread(file.descriptor, min(size, LARGEST_READ), file.position)
        focus.memory.write(buffer, data)
        file.position += len(data)
        return len(data)

    @outcall("file_write")
    @_numbered
    def write(self, focus: Focus, handle: int, data: memoryview) -> int:
        """Write bytes; how many there was room for."""
        file = self._found(focus, handle)
        if not file.mode.writes:
            raise Refused(Errno.EBADF)
        if file.mode.appends:
            file.position = file.size
        room = self._limits.file_size - file.position
        if room <= 0 and len(data):
            raise Refused(Errno.EFBIG)
        written = os.pwrite(file.descriptor, data[: max(room, 0)], file.position)
        file.position += written
        return written

    @outcall("file_seek")
    @_numbered
    def seek(self, focus: Focus, handle: int, offset: int, whence: int) -> int:
        """Move in a file; where it stands then."""
        file = self._found(focus, handle)
        origins = {os.SEEK_SET: 0, os.SEEK_CUR: file.position, os.SEEK_END: file.size}
        place = origins.get(whence, -1) + offset
        if whence not in origins or not 0 <= place <= LARGEST_OFFSET:
            raise Refused(Errno.EINVAL)
        file.position = place
        return place

    @outcall("file_size")
    @_numbered
    def size(self, focus: Focus, handle: int) -> int:
        """How many bytes a file has."""
        return self._found(focus, handle).size

    @outcall("file_close")
    @_numbered
    def close_handle(self, focus: Focus, handle: int) -> int:
        """Close a handle."""
        with self._lock:
            file = self._found(focus, handle)
            del self._open[focus.process][handle]
        file.close()
        return 0

    def _found(self, focus: Focus, handle: int) -> OpenFile:
        file = self._open.get(focus.process, {}).get(handle)
        if file is None:
            raise Refused(Errno.EBADF)
        return file

    # What the host calls

    def close(self) -> None:
        """Close all files and the directory; guests find nothing open and nothing to open."""
        with self._lock:
            files = [file for own in self._open.values() for file in own.values()]
            self._open.clear()
        for file in files:
            file.close()
        self._directory.close()

    def __enter__(self) -> Files:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
