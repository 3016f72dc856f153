#!/usr/bin/env python3
"""Renders DejaVu faces into Sources/GVTDisplay/Frames/Text/FontData*.swift (format: see Font.swift).

Needs python3-pil and fonts-dejavu-core. Run from the top of the repository; the result is committed.
"""
import base64
import struct
import sys

from PIL import Image, ImageDraw, ImageFont

FOLDER = "/usr/share/fonts/truetype/dejavu/"
LATIN = list(range(0x20, 0x7F)) + list(range(0xA0, 0x100))
TEXT = (LATIN + list(range(0x100, 0x180)) + [0x1E9E]
        + list(range(0x2010, 0x2016)) + list(range(0x2018, 0x201F)) + [0x2020, 0x2021, 0x2022, 0x2026, 0x2030]
        + [0x2039, 0x203A] + list(range(0x2080, 0x208A)) + [0x20AC, 0x2122]
        + list(range(0x2190, 0x219A)) + [0x21B5, 0x21E7, 0x2205, 0x2212, 0x221E, 0x2260, 0x2264, 0x2265]
        + [0x25A0, 0x25A1, 0x25B2, 0x25B6, 0x25BC, 0x25C0, 0x25CB, 0x25CF, 0x2713, 0x2717, 0xFFFD])
TEXT += list(range(0x386, 0x3CF)) + list(range(0x400, 0x460))  # Greek and Cyrillic
TEXT = [c for c in TEXT if c not in (0x387, 0x38B, 0x38D, 0x3A2)]
BOXES = list(range(0x2500, 0x25A0))

FACES = [  # Swift name, file, pixels, characters
    ("SansSmall", "DejaVuSans.ttf", 13, TEXT),
    ("SansSmallBold", "DejaVuSans-Bold.ttf", 13, TEXT),
    ("SansMedium", "DejaVuSans.ttf", 18, TEXT),
    ("SansLarge", "DejaVuSans.ttf", 30, LATIN + [0x2013, 0x2019, 0x201C, 0x201D, 0x2026, 0x20AC, 0xFFFD]),
    ("SansHuge", "DejaVuSans.ttf", 52, LATIN + [0x2013, 0x2019, 0x2026, 0xFFFD]),
    ("Mono", "DejaVuSansMono.ttf", 14, TEXT + BOXES),
]


def runs(values):
    """One byte a run: the value in the high half, its length less one in the low half."""
    out, index = bytearray(), 0
    while index < len(values):
        end = index
        while end < len(values) and values[end] == values[index] and end - index < 16:
            end += 1
        out.append(values[index] << 4 | (end - index - 1))
        index = end
    return bytes(out)


def halves(values):
    """Two values a byte, the first in the high half."""
    padded = values + [0] * (len(values) % 2)
    return bytes(padded[i] << 4 | padded[i + 1] for i in range(0, len(padded), 2))


def render(font, code):
    text = chr(code)
    box = font.getbbox(text, anchor="ls")
    width, height = max(0, box[2] - box[0]), max(0, box[3] - box[1])
    values = []
    if width and height:
        image = Image.new("L", (width, height), 0)
        ImageDraw.Draw(image).text((-box[0], -box[1]), text, font=font, fill=255, anchor="ls")
        trimmed = image.getbbox()
        if trimmed is None:
            width = height = 0
        else:
            image = image.crop(trimmed)
            box = (box[0] + trimmed[0], box[1] + trimmed[1])
            width, height = image.size
            values = [(v * 15 + 127) // 255 for v in image.getdata()]
    long, short = halves(values), runs(values)
    is_run = len(short) < len(long)
    advance = int(round(font.getlength(text)))
    left, top = (box[0], -box[1]) if values else (0, 0)
    entry = struct.pack("<HbbBBBB", code, left, top, width, height, advance, is_run)
    return entry, short if is_run else long


def face(name, file, pixels, codes):
    font = ImageFont.truetype(FOLDER + file, pixels, layout_engine=ImageFont.Layout.BASIC)
    ascent, descent = font.getmetrics()
    glyphs = [render(font, code) for code in sorted(set(codes))]
    data = struct.pack("<BBH", ascent, descent, len(glyphs))
    data += b"".join(g[0] for g in glyphs) + b"".join(g[1] for g in glyphs)
    text = base64.b64encode(data).decode()
    lines = [text[i:i + 116] for i in range(0, len(text), 116)]
    with open(f"Sources/GVTDisplay/Frames/Text/FontData{name}.swift", "w") as out:
        out.write(f"// {file} at {pixels} pixels, as Font.swift reads it. Made by packaging/generate-fonts.py; do not edit.\n")
        out.write("// Licence: docs/licenses/DejaVu.txt\n// swift-format-ignore-file\n\n")
        out.write(f"extension FontData {{\n  static let {name[0].lower()}{name[1:]} = \"\"\"\n")
        out.write("".join(f"    {line}\n" for line in lines))
        out.write("    \"\"\"\n}\n")
    print(name, len(glyphs), "glyphs", len(data), "bytes", ascent, descent, file=sys.stderr)


for row in FACES:
    face(*row)
