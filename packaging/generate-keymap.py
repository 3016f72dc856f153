#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes Sources/GVTDisplay/Input/KeyMapTable.swift from keycodemapdb's data/keymaps.csv.

usage: packaging/generate-keymap.py keymaps.csv > Sources/GVTDisplay/Input/KeyMapTable.swift

keycodemapdb (gitlab.com/keycodemap/keycodemapdb) is GPL-2.0-or-later or 3-clause BSD, and so is what is made from it.
Debian has it in the sources of spice-gtk, subprojects/keycodemapdb. The CSV says which US key makes which keysym; what it
leaves out (keypad without NumLock, AltGr, dead keys, media keys) is listed here by the key's Linux name.
"""
import csv
import sys

SHIFTED = set('~!@#$%^&*()_+{}|:"<>?') | set("ABCDEFGHIJKLMNOPQRSTUVWXYZ")

# Keysyms that the CSV does not name. Values: X11's keysymdef.h and XF86keysym.h.
ALIASES = [
    (0xFF0A, "KEY_ENTER"),  # Linefeed
    (0xFF20, "KEY_COMPOSE"),  # Multi_key
    (0xFF61, "KEY_SYSRQ"),  # Print
    (0xFF67, "KEY_COMPOSE"),  # Menu
    (0xFF6B, "KEY_PAUSE"),  # Break
    (0xFFE6, "KEY_CAPSLOCK"),  # Shift_Lock
    (0xFFEB, "KEY_LEFTMETA"),  # Super_L
    (0xFFEC, "KEY_RIGHTMETA"),  # Super_R
    (0xFFED, "KEY_LEFTMETA"),  # Hyper_L
    (0xFFEE, "KEY_RIGHTMETA"),  # Hyper_R
    (0xFE03, "KEY_RIGHTALT"),  # ISO_Level3_Shift: AltGr
    (0xFE11, "KEY_RIGHTALT"),  # ISO_Level5_Shift
    (0xFF7E, "KEY_RIGHTALT"),  # Mode_switch
    (0xFFAA, "KEY_KPASTERISK"),  # KP_Multiply
    (0xFF31, "KEY_HANGEUL"),  # Hangul
    (0xFF34, "KEY_HANJA"),  # Hangul_Hanja
    (0xFF21, "KEY_HENKAN"),  # Kanji
    (0xFF65, "KEY_UNDO"),  # Undo
    (0xFF66, "KEY_AGAIN"),  # Redo
    (0xFF68, "KEY_FIND"),  # Find
    (0xFF69, "KEY_STOP"),  # Cancel
    (0x1008FF11, "KEY_VOLUMEDOWN"),
    (0x1008FF12, "KEY_MUTE"),
    (0x1008FF13, "KEY_VOLUMEUP"),
    (0x1008FF14, "KEY_PLAYPAUSE"),
    (0x1008FF15, "KEY_STOPCD"),
    (0x1008FF16, "KEY_PREVIOUSSONG"),
    (0x1008FF17, "KEY_NEXTSONG"),
    (0x1008FF18, "KEY_HOMEPAGE"),
    (0x1008FF19, "KEY_MAIL"),
    (0x1008FF1B, "KEY_SEARCH"),
    (0x1008FF1D, "KEY_CALC"),
    (0x1008FF26, "KEY_BACK"),
    (0x1008FF27, "KEY_FORWARD"),
    (0x1008FF28, "KEY_STOP"),
    (0x1008FF29, "KEY_REFRESH"),
    (0x1008FF2A, "KEY_POWER"),
    (0x1008FF2B, "KEY_WAKEUP"),
    (0x1008FF2F, "KEY_SLEEP"),
    (0x1008FF30, "KEY_BOOKMARKS"),
    (0x1008FF32, "KEY_MEDIA"),
    (0x1008FF33, "KEY_COMPUTER"),
    (0x1008FF57, "KEY_CUT"),
    (0x1008FF58, "KEY_COPY"),
    (0x1008FF6D, "KEY_PASTE"),
] + [(0xFFCA + i, "KEY_F%d" % (13 + i)) for i in range(12)]

# Dead keys, where a US-International keyboard has them: keysym, key, with Shift.
DEAD = [
    (0xFE50, "KEY_GRAVE", False),  # dead_grave
    (0xFE51, "KEY_APOSTROPHE", False),  # dead_acute
    (0xFE52, "KEY_6", True),  # dead_circumflex
    (0xFE53, "KEY_GRAVE", True),  # dead_tilde
    (0xFE57, "KEY_APOSTROPHE", True),  # dead_diaeresis
]

# A keypad key makes a digit while NumLock is on and a movement while it is off: keysyms of both, the key, and the keys
# elsewhere that mean the digit and the movement whatever NumLock says.
KEYPAD = [
    (0xFFB0, 0xFF9E, "KEY_KP0", "KEY_0", "KEY_INSERT"),
    (0xFFB1, 0xFF9C, "KEY_KP1", "KEY_1", "KEY_END"),
    (0xFFB2, 0xFF99, "KEY_KP2", "KEY_2", "KEY_DOWN"),
    (0xFFB3, 0xFF9B, "KEY_KP3", "KEY_3", "KEY_PAGEDOWN"),
    (0xFFB4, 0xFF96, "KEY_KP4", "KEY_4", "KEY_LEFT"),
    (0xFFB5, 0xFF9D, "KEY_KP5", "KEY_5", "KEY_KP5"),
    (0xFFB6, 0xFF98, "KEY_KP6", "KEY_6", "KEY_RIGHT"),
    (0xFFB7, 0xFF95, "KEY_KP7", "KEY_7", "KEY_HOME"),
    (0xFFB8, 0xFF97, "KEY_KP8", "KEY_8", "KEY_UP"),
    (0xFFB9, 0xFF9A, "KEY_KP9", "KEY_9", "KEY_PAGEUP"),
    (0xFFAE, 0xFF9F, "KEY_KPDOT", "KEY_DOT", "KEY_DELETE"),
]


def code(at1):
    """The AT set 1 code in one byte: 0xe0 NN is 0x80 | NN (qnum in keycodemapdb's words)."""
    return 0x80 | (at1 & 0x7F) if at1 > 0xFF else at1


def rows_of(path):
    keys, rows = {}, {}
    with open(path, newline="") as file:
        for entry in csv.DictReader(file):
            if not entry["AT set1 keycode"]:
                continue
            number = code(int(entry["AT set1 keycode"], 0))
            keys.setdefault(entry["Linux Name"], number)
            name, keysym = entry["X11 keysym name"], entry["X11 keysym"]
            # The CSV calls the keypad's asterisk "multiply", which is the letter ×.
            if not name or name == "XK_multiply":
                continue
            keysym = int(keysym, 0)
            # Shift and space is a shortcut, not another character.
            if keysym >= 0x100 or keysym == 0x20:
                kind = "any"
            else:
                kind = "shifted" if chr(keysym) in SHIFTED else "plain"
            rows.setdefault(keysym, (number, kind, number, name[3:]))
    for keysym, key in ALIASES:
        if key in keys:
            rows.setdefault(keysym, (keys[key], "any", keys[key], key))
        else:
            print("no code for " + key, file=sys.stderr)
    rows[0xFE20] = (keys["KEY_TAB"], "shifted", keys["KEY_TAB"], "ISO_Left_Tab")
    for keysym, key, shifted in DEAD:
        rows[keysym] = (keys[key], "shifted" if shifted else "plain", keys[key], "dead key, " + key)
    for digit, movement, key, row_key, grey_key in KEYPAD:
        rows[digit] = (keys[key], "numLockOn", keys[row_key], key)
        rows[movement] = (keys[key], "numLockOff", keys[grey_key], key)
    return sorted(rows.items())


def main():
    rows = rows_of(sys.argv[1])
    print("// Which key of a US keyboard makes a keysym. Generated by packaging/generate-keymap.py: change that, not this.")
    print("//")
    print("// The data is keycodemapdb's data/keymaps.csv, Copyright (C) 2009-2017 Red Hat, Inc. and its contributors,")
    print("// GPL-2.0-or-later or 3-clause BSD.")
    print("// swift-format-ignore-file")
    print()
    print("extension KeyMap {")
    chunks = [rows[i : i + 90] for i in range(0, len(rows), 90)]
    print("  static let table: [Row] = " + " + ".join("table%d" % i for i in range(len(chunks))))
    for index, chunk in enumerate(chunks):
        print()
        print("  private static let table%d: [Row] = [" % index)
        for keysym, (number, kind, other, name) in chunk:
            print("    .init(0x%04x, 0x%02x, .%s, 0x%02x),  // %s" % (keysym, number, kind, other, name))
        print("  ]")
    print("}")


main()
