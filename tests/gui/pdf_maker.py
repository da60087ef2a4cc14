"""PDFs for tests: with text, scanned, locked with a password."""

import hashlib
from pathlib import Path

from PySide6.QtGui import QImage, QPageSize, QPainter, QPdfWriter

_PADDING = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")
_PERMISSIONS = -4
_ID = b"0123456789abcdef"


def write_pdf(path: Path, pages: list[str]) -> Path:
    """A PDF whose pages hold these texts; a page without one is a picture, as from a scanner."""
    writer = QPdfWriter(str(path))
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    painter = QPainter(writer)
    for number, text in enumerate(pages):
        if number:
            writer.newPage()
        for row, line in enumerate(text.splitlines()):
            painter.drawText(200, 300 + row * 220, line)
        if not text:
            picture = QImage(60, 60, QImage.Format.Format_RGB32)
            picture.fill(0xFF8080)
            painter.drawImage(300, 300, picture)
    painter.end()
    return path


def write_locked_pdf(path: Path, text: str, password: str) -> Path:
    """A PDF of one page, encrypted as PDF 1.4 does (RC4, 40 bits, algorithms 3.1 to 3.4)."""
    padded = (password.encode() + _PADDING)[:32]
    owner = _rc4(hashlib.md5(padded).digest()[:5], padded)
    key = hashlib.md5(padded + owner + _PERMISSIONS.to_bytes(4, "little", signed=True) + _ID)
    key_bytes = key.digest()[:5]
    stream = f"BT /F1 12 Tf 50 700 Td ({text}) Tj ET".encode()
    salted = hashlib.md5(key_bytes + (4).to_bytes(3, "little") + b"\0\0").digest()[:10]
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n" % len(stream) + _rc4(salted, stream) + b"\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Filter /Standard /V 1 /R 2 /O <%s> /U <%s> /P %d >>"
        % (owner.hex().encode(), _rc4(key_bytes, _PADDING).hex().encode(), _PERMISSIONS),
    ]
    path.write_bytes(_joined(objects))
    return path


def _joined(objects: list[bytes]) -> bytes:
    data, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R /Encrypt 6 0 R /ID [<%s> <%s>] >>\n" % (
        len(objects) + 1,
        _ID.hex().encode(),
        _ID.hex().encode(),
    )
    return data + head + table + trailer + b"startxref\n%d\n%%%%EOF" % len(data)


def _rc4(key: bytes, data: bytes) -> bytes:
    box, j = list(range(256)), 0
    for i in range(256):
        j = (j + box[i] + key[i % len(key)]) % 256
        box[i], box[j] = box[j], box[i]
    out, i, j = bytearray(), 0, 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + box[i]) % 256
        box[i], box[j] = box[j], box[i]
        out.append(byte ^ box[(box[i] + box[j]) % 256])
    return bytes(out)
