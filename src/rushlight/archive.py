"""PyTorch's file container: a zip archive of uncompressed records, all in one folder, each aligned for mapping.

Source of the layout: files written by `torch.save`. This module is imported when a file is saved or loaded.
"""

import struct
import zipfile
import zlib
from typing import IO, Any

import numpy as np

ALIGNMENT = 64
FORMAT_VERSION = 3
_OLDEST, _NEWEST = 1, 10
_LOCAL_HEADER = 30
_MINIZ = (
    ". This is an internal miniz error. If you are seeing this error, there is a high likelihood that your checkpoint "
    "file is corrupted. This can happen if the checkpoint was not saved properly, was transferred incorrectly, or the "
    "file was modified after saving."
)


class ArchiveWriter:
    """Writes records into an archive.

    Args:
        file: where to write; needs `write` only.
        folder: the folder inside the archive that holds the records.
    """

    def __init__(self, file: IO[bytes], folder: str):
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED)
        self._folder = folder

    def write(self, name: str, data: bytes | memoryview) -> None:
        """Adds a record whose data begin at a multiple of 64 bytes."""
        info = zipfile.ZipInfo(f"{self._folder}/{name}")
        info.file_size = len(data)
        # The header of a large record is longer, by the condition that zipfile uses.
        longer = 20 if len(data) * 1.05 > zipfile.ZIP64_LIMIT else 0
        begin = self._zip.start_dir + _LOCAL_HEADER + len(info.filename.encode()) + longer
        padding = -begin % ALIGNMENT
        if padding:
            padding += ALIGNMENT if padding < 4 else 0
            info.extra = struct.pack("<2sH", b"FB", padding - 4) + b"Z" * (padding - 4)
        with self._zip.open(info, "w") as record:
            record.write(data)

    def close(self) -> None:
        """Writes the directory of the archive."""
        self.write("version", b"%d\n" % FORMAT_VERSION)
        self._zip.close()


class ArchiveReader:
    """Reads the records of an archive.

    Args:
        file: the archive, open for reading and seeking.

    Raises:
        RuntimeError: the file is damaged, or not an archive of PyTorch's.
    """

    def __init__(self, file: IO[bytes]):
        begin = file.tell()
        size = file.seek(0, 2) - begin
        file.seek(begin)
        try:
            if size < 22:
                raise zipfile.BadZipFile
            archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError, struct.error, UnicodeError):
            why = "not a ZIP archive" if size < 22 else "failed finding central directory"
            raise RuntimeError(f"PytorchStreamReader failed reading zip archive: {why}{_MINIZ}") from None
        self._file = file
        infos = archive.infolist()
        folder, slash, _ = infos[0].filename.partition("/") if infos else ("", "", "")
        if infos and not slash:
            raise RuntimeError(
                f"[enforce fail at inline_container.cc:180] . file in archive is not in a subdirectory: {folder}"
            )
        self._records = {}
        for info in infos:
            if not info.filename.startswith(folder + slash):
                raise RuntimeError(
                    "[enforce fail at inline_container.cc:340] . file in archive is not in a subdirectory "
                    f"{folder}/: {info.filename}"
                )
            self._records[info.filename[len(folder) + 1 :]] = info
        self._check_version()

    def _check_version(self) -> None:
        if "version" not in self:
            raise RuntimeError(
                'Expected hasRecord("version") to be true, but got false.  (Could this error message be improved?  '
                "If so, please report an enhancement request to PyTorch.)"
            )
        text = self.read("version").decode("utf-8", "replace")
        try:
            version = int(text)
        except ValueError:
            raise RuntimeError(
                f"[enforce fail at inline_container.cc:215] . Couldn't parse the version {text} as Long Long."
            ) from None
        if version > _NEWEST:
            raise RuntimeError(
                "[enforce fail at inline_container.cc:230] . Attempted to read a PyTorch file with version "
                f"{version}, but the maximum supported version for reading is {_NEWEST}. The version of your PyTorch "
                "installation may be too old, please upgrade PyTorch to latest version to mitigate this issue."
            )
        if version < _OLDEST:
            raise RuntimeError(
                "[enforce fail at inline_container.cc:219] . Attempted to read a PyTorch file with version "
                f"{version}, but the minimum supported version for reading is {_OLDEST}. Your PyTorch script module "
                "file is too old. Please regenerate it with latest version of PyTorch to mitigate this issue."
            )

    def __contains__(self, name: str) -> bool:
        return name in self._records

    def _locate(self, name: str) -> zipfile.ZipInfo:
        info = self._records.get(name)
        if info is None:
            raise RuntimeError(f"PytorchStreamReader failed locating file {name}: file not found{_MINIZ}")
        return info

    def size(self, name: str) -> int:
        """The number of bytes of a record."""
        return self._locate(name).file_size

    def offset(self, name: str) -> int | None:
        """Where in the file the data of a record begin; None for a compressed record.

        Raises:
            RuntimeError: the file is damaged there.
        """
        info = self._locate(name)
        self._file.seek(info.header_offset)
        header = self._file.read(_LOCAL_HEADER)
        if len(header) < _LOCAL_HEADER or header[:4] != b"PK\x03\x04" or info.flag_bits & 1:
            raise RuntimeError(
                f"PytorchStreamReader failed reading file {name}: invalid header or archive is corrupted"
            )
        name_size, extra_size = struct.unpack_from("<HH", header, 26)
        if info.compress_type != zipfile.ZIP_STORED:
            return None
        return info.header_offset + _LOCAL_HEADER + name_size + extra_size

    def read_into(self, name: str, memory: np.ndarray) -> None:
        """Fills a uint8 array of the record's size with the record. Checksums are not compared, as in PyTorch.

        Raises:
            RuntimeError: the file is damaged there.
        """
        begin = self.offset(name)
        if begin is None:
            data = self._inflate(self._locate(name))
            if len(data) != memory.size:
                raise RuntimeError(f"PytorchStreamReader failed reading file {name}: decompression failed{_MINIZ}")
            memory[:] = np.frombuffer(data, np.uint8)
            return
        self._file.seek(begin)
        if not fill(self._file, memory):
            raise RuntimeError(f"PytorchStreamReader failed reading file {name}: file read failed{_MINIZ}")

    def _inflate(self, info: zipfile.ZipInfo) -> bytes:
        if info.compress_type != zipfile.ZIP_DEFLATED:
            raise RuntimeError(f"PytorchStreamReader failed reading file: unsupported method{_MINIZ}")
        self._file.seek(info.header_offset + 26)
        name_size, extra_size = struct.unpack("<HH", self._file.read(4))
        self._file.seek(name_size + extra_size, 1)
        try:
            return zlib.decompressobj(-15).decompress(self._file.read(info.compress_size), max(info.file_size, 1))
        except zlib.error:
            raise RuntimeError(f"PytorchStreamReader failed reading file: decompression failed{_MINIZ}") from None

    def read(self, name: str) -> bytes:
        """The bytes of a record.

        Raises:
            RuntimeError: there is no such record, or the file is damaged there.
        """
        begin = self.offset(name)
        info = self._locate(name)
        if begin is None:
            return self._inflate(info)
        self._file.seek(begin)
        data = self._file.read(info.file_size)
        if len(data) < info.file_size:
            raise RuntimeError(f"PytorchStreamReader failed reading file {name}: file read failed{_MINIZ}")
        return data


def fill(file: Any, memory: np.ndarray) -> bool:
    """Reads from a file until a uint8 array is full.

    Returns:
        Whether the file had enough bytes.
    """
    view, done = memoryview(memory.data), 0
    read_into = getattr(file, "readinto", None)
    while done < len(view):
        if read_into is not None:
            count = read_into(view[done:])
        else:
            data = file.read(len(view) - done)
            count = len(data)
            view[done : done + count] = data
        if not count:
            break
        done += count
    return done == len(view)
