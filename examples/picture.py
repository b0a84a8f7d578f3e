#!/usr/bin/env python3
"""Draws picture.png, the still picture that the mock cameras of the examples publish: picture.py FILE."""

import struct
import sys
import zlib

WIDTH, HEIGHT = 320, 240
SKY, SUN, HILL, ROAD, LINE, CAR, GLASS, WHEEL = (
    (150, 200, 240), (250, 210, 60), (90, 150, 80), (90, 90, 95), (235, 235, 225), (205, 40, 45), (190, 225, 240),
    (30, 30, 35))


def in_disc(x, y, center_x, center_y, radius):
    return (x - center_x) ** 2 + (y - center_y) ** 2 <= radius ** 2


def colour(x, y):
    if in_disc(x, y, 110, 196, 14) or in_disc(x, y, 190, 196, 14):
        return WHEEL
    if 120 <= x < 180 and 138 <= y < 160:
        return GLASS if abs(x - 150) > 3 else CAR
    if 80 <= x < 220 and 160 <= y < 196 or 112 <= x < 188 and 130 <= y < 160:
        return CAR
    if y >= 190:
        return LINE if 216 <= y < 222 and x % 40 < 24 else ROAD
    if y > 95 + (x - 60) ** 2 // 150 or y > 120 + (x - 290) ** 2 // 180:
        return HILL
    return SUN if in_disc(x, y, 220, 70, 26) else SKY


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def rows():
    return b"".join(b"\0" + bytes(v for x in range(WIDTH) for v in colour(x, y)) for y in range(HEIGHT))


with open(sys.argv[1], "wb") as out:
    out.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)) +
              chunk(b"IDAT", zlib.compress(rows(), 9)) + chunk(b"IEND", b""))
