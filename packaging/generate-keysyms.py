#!/usr/bin/env python3
"""Writes KeysymData.swift: names and characters of keysyms, and what dead keys make of letters.

Needs X11/keysymdef.h (x11proto-dev). Run from the top of the repository; the result is committed.
"""
import re
import unicodedata

HEADER = "/usr/include/X11/keysymdef.h"
OUT = "Sources/GVTDisplay/Sources/VGPU/Demo/KeysymData.swift"
LINE = re.compile(r"#define XK_(\w+)\s+0x([0-9a-f]+)(?:\s*/\*[( ]*U\+([0-9A-F]{4,6}))?")
DEAD = [  # keysym, accent on its own, combining character
    (0xFE50, "`", 0x300), (0xFE51, "´", 0x301), (0xFE52, "^", 0x302), (0xFE53, "~", 0x303), (0xFE54, "¯", 0x304),
    (0xFE55, "˘", 0x306), (0xFE56, "˙", 0x307), (0xFE57, "¨", 0x308), (0xFE58, "°", 0x30A), (0xFE59, "˝", 0x30B),
    (0xFE5A, "ˇ", 0x30C), (0xFE5B, "¸", 0x327), (0xFE5C, "˛", 0x328),
]
LETTERS = [chr(c) for c in list(range(0x41, 0x5B)) + list(range(0x61, 0x7B)) + list(range(0xC0, 0x180))]

names, characters = {}, {}
for line in open(HEADER):
    match = LINE.match(line)
    if not match:
        continue
    name, keysym = match[1], int(match[2], 16)
    if keysym >= 0xFE00 and keysym <= 0xFFFF:
        names.setdefault(keysym, name)
    elif match[3] and (0x1A0 <= keysym < 0x4A0 or 0x6A0 <= keysym < 0x800 or keysym in (0x13BC, 0x13BD, 0x13BE, 0x20AC)):
        characters.setdefault(keysym, chr(int(match[3], 16)))


def wrapped(items, width=112):
    lines = [""]
    for item in items:
        if len(lines[-1]) + len(item) + 1 > width:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + item
    return "".join(f"    {line}\n" for line in lines)


compositions = []
for keysym, accent, mark in DEAD:
    pairs = ""
    for letter in LETTERS:
        composed = unicodedata.normalize("NFC", letter + chr(mark))
        if len(composed) == 1 and ord(composed) < 0x180:
            pairs += letter + composed
    compositions.append(f"{keysym:x}={accent}{pairs}")

with open(OUT, "w") as out:
    out.write("// What keysyms are called and which characters they make. Made by packaging/generate-keysyms.py; do not edit.\n")
    out.write("// From X11/keysymdef.h of xorgproto (MIT licence) and the Unicode Character Database.\n")
    out.write("// swift-format-ignore-file\n\nenum KeysymData {\n")
    out.write("  /// Keysyms that make no character: hexadecimal=name.\n  static let names = \"\"\"\n")
    out.write(wrapped(f"{k:x}={n}" for k, n in sorted(names.items())) + "    \"\"\"\n\n")
    out.write("  /// Keysyms whose character is not their own number: hexadecimal=character.\n  static let characters = \"\"\"\n")
    out.write(wrapped(f"{k:x}={c}" for k, c in sorted(characters.items())) + "    \"\"\"\n\n")
    out.write("  /// Dead keys: hexadecimal=accent, then pairs of a letter and the letter with the accent.\n")
    out.write("  static let compositions = \"\"\"\n")
    out.write("".join(f"    {c}\n" for c in compositions) + "    \"\"\"\n}\n")
