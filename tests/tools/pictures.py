# SPDX-License-Identifier: MIT
"""Takes the pictures under docs/pictures: `./dev pictures`.

Each is what `tulip timeline` writes for a script, opened in a headless Chromium, with one span
clicked; nothing is drawn by hand. A text inside the PNG, "Source", is a hash of the script and of the
page's parts; tests/cli/test_timeline.py compares it, so that a picture is taken again when what it
shows has changed. Chromium compresses for speed: write() packs the same pixels again.
"""

import hashlib
import os
import struct
import subprocess
import sys
import tempfile
import zlib

import browser

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.path.join(ROOT, "docs", "pictures")
SCRIPT = "scripts/timeline/saving.tul"
PARTS = (SCRIPT, *(f"cli/timeline/{name}" for name in ("page.html", "page.css", "data.js", "draw.js", "page.js")))
PICTURES = {"timeline.png": "light", "timeline-dark.png": "dark"}
SIGNATURE = b"\x89PNG\r\n\x1a\n"
CLICKED = """(() => {
  const lane = timeline.rows.find(l => l.name === 'Task-1'), span = lane.over[0];
  const box = document.getElementById('view').getBoundingClientRect();
  return [box.x + timeline.xOf(span.begin + (span.end - span.begin) / 2), box.y + timeline.yOf(lane) + 15];
})()"""


def source_hash():
    """What the pictures are made of, as a number."""
    total = hashlib.sha256()
    for part in PARTS:
        with open(os.path.join(ROOT, part), "rb") as file:
            total.update(file.read())
    return total.hexdigest()[:32]


def chunks(png):
    """(kind, data) of each chunk of a PNG."""
    at = len(SIGNATURE)
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at:at + 8])
        yield kind, png[at + 8:at + 8 + size]
        at += size + 12


def noted_hash(path):
    """The hash that a picture carries, or None."""
    with open(path, "rb") as file:
        for kind, data in chunks(file.read()):
            if kind == b"tEXt" and data.startswith(b"Source\0"):
                return data[7:].decode()
    return None


def write(path, png):
    """Stores the picture, packed well, with the hash inside."""
    parts, pixels = [], b""
    for kind, data in chunks(png):
        if kind == b"IDAT":
            pixels += data
        elif kind in (b"IHDR", b"PLTE"):
            parts.append((kind, data))
    parts += [(b"tEXt", b"Source\0" + source_hash().encode()),
              (b"IDAT", zlib.compress(zlib.decompress(pixels), 9)), (b"IEND", b"")]
    with open(path, "wb") as file:
        file.write(SIGNATURE)
        for kind, data in parts:
            file.write(struct.pack(">I", len(data)) + kind + data)
            file.write(struct.pack(">I", zlib.crc32(kind + data)))


def main():
    if not browser.find():
        sys.exit("pictures: no Chromium is installed")
    os.makedirs(FOLDER, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, browser.Browser() as chromium:
        page = os.path.join(folder, "page.html")
        subprocess.run([os.path.join(ROOT, "build", "tulip"), "timeline", "--virtual-time", "-o", page,
                        SCRIPT], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        for name, scheme in PICTURES.items():
            tab = chromium.page(1200, 560)
            tab.prefer(scheme)
            tab.open("file://" + page)
            tab.click_at(*tab.evaluate(CLICKED))
            tab.frame()
            path = os.path.join(FOLDER, name)
            write(path, tab.picture())
            print(os.path.relpath(path, ROOT), os.path.getsize(path), "bytes")


if __name__ == "__main__":
    main()
