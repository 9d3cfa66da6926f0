"""Files that come in the body of a request: base64, read strictly."""

import base64
import binascii
import re
from typing import Annotated, Final, Literal

from pydantic import EncodedBytes, EncoderProtocol

from backend.errors import UploadBroken

_SPACE: Final = re.compile(rb"\s+")


class _Strict(EncoderProtocol):
    """Base64 in which a foreign character is an error: skipped, it would leave another file than the one meant."""

    @classmethod
    def decode(cls, data: bytes) -> bytes:
        """Return the file. Raises `UploadBroken`: this is no base64."""
        try:
            return base64.b64decode(_SPACE.sub(b"", data), validate=True)
        except binascii.Error as error:
            raise UploadBroken(reason=str(error)) from None

    @classmethod
    def encode(cls, value: bytes) -> bytes:
        """Return the text of a file."""
        return base64.b64encode(value)

    @classmethod
    def get_json_format(cls) -> Literal["base64"]:
        """Say what the schema calls it."""
        return "base64"


#: A file, in base64.
Upload = Annotated[bytes, EncodedBytes(encoder=_Strict)]
