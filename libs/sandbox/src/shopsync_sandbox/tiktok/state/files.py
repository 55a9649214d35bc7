"""Uploaded documents and videos."""

from dataclasses import dataclass

from shopsync_sandbox.tiktok.identity import Ids
from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code

MAX_PDF, MAX_VIDEO = 20 * 1024 * 1024, 100 * 1024 * 1024
VIDEOS = {
    "MP4": "video/mp4",
    "MOV": "video/quicktime",
    "MKV": "video/x-matroska",
    "WMV": "video/x-ms-wmv",
    "WEBM": "video/webm",
    "AVI": "video/x-msvideo",
    "3GP": "video/3gpp",
    "FLV": "video/x-flv",
    "MPEG": "video/mpeg",
}


@dataclass(frozen=True, slots=True)
class File:
    """A stored upload."""

    id: str
    name: str
    format: str
    content: bytes

    @property
    def media_type(self) -> str:
        return VIDEOS.get(self.format, "application/pdf")


class FileStore:
    """Files by id. Every upload is a new file."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._files: dict[str, File] = {}

    def get(self, file_id: str) -> File | None:
        return self._files.get(file_id)

    def add(self, name: str, content: bytes) -> File:
        """Check and store a file. Raises ApiError with a 12038xxx code when it is refused."""
        kind = name.rpartition(".")[2].upper()
        if not content:
            raise ApiError(Code.FILE_BAD, "the file is empty")
        if kind != "PDF" and kind not in VIDEOS:
            raise ApiError(Code.FILE_FORMAT, f"file {name!r} is not one of PDF, {', '.join(VIDEOS)}")
        if kind == "PDF" and not content.startswith(b"%PDF-"):
            raise ApiError(Code.FILE_BAD, f"file {name!r} is not a PDF document")
        limit = MAX_PDF if kind == "PDF" else MAX_VIDEO
        if len(content) > limit:
            raise ApiError(Code.FILE_SIZE, f"a {kind} file must have at most {limit} bytes")
        file = File(self._ids.next(), name, kind, content)
        self._files[file.id] = file
        return file
