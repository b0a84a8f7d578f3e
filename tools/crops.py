#!/usr/bin/env python3
"""Makes a film whose every frame is known: cut-outs of real photos that move over grass, with their exact boxes.

    crops.py PHOTOS FILM.mp4 TRUTH.json

PHOTOS is the folder with the photos of Debian's package darknet. One table below describes the scene; the film and its
truth are both made from it. The truth is one JSON object:

    {"width": 1280, "height": 720, "fps": 25, "enough_visible": 0.6,
     "frames": [{"frame": 0, "boxes": [{"label": "person", "x": 8, "y": 419, "w": 83, "h": 275, "visible": 1.0}],
                 "hardly_visible": [...]}]}

Boxes are in pixels: top left corner, width, height, around the object itself and not the cut-out, and clipped to the
picture. `visible` is the part of the object's box that is in the picture and not behind another cut-out; what shows
less of itself than `enough_visible` stands under `hardly_visible`: finding it is neither asked for nor wrong.
"""
import json
import subprocess
import sys
from collections import namedtuple

WIDTH, HEIGHT, FPS, FRAMES = 1280, 720, 25, 250
ENOUGH_VISIBLE = 0.6

Box = namedtuple('Box', 'x y w h')
# cut: the part of the photo that moves; around: the object in it (both in the photo's pixels, whole and tight);
# zoom: how many pixels of film a pixel of the photo gets; start and step: the cut's top left corner, pixels a frame
Sprite = namedtuple('Sprite', 'label photo cut around zoom mirrored start step')

BACKGROUND = ('horses.jpg', Box(480, 346, 288, 162))    # grass, and nothing that anyone could take for an object
SPRITES = [                                             # from the back to the front
    Sprite('car', 'dog.jpg', Box(456, 66, 246, 112), Box(466, 75, 226, 95), 1.5, False, (-220, 4), (6, 0)),
    Sprite('dog', 'person.jpg', Box(54, 254, 150, 100), Box(66, 264, 138, 79), 2, False, (900, 176), (-3, 0)),
    Sprite('person', 'person.jpg', Box(184, 90, 100, 294), Box(192, 99, 83, 275), 1, False, (-40, 408), (6, 0)),
    Sprite('person', 'person.jpg', Box(184, 90, 100, 294), Box(192, 99, 83, 275), 1, True, (1240, 422), (-5, 0)),
]


def cut_at(sprite, frame):
    """Where the cut-out lies in that frame."""
    return Box(sprite.start[0] + sprite.step[0] * frame, sprite.start[1] + sprite.step[1] * frame,
               int(sprite.cut.w * sprite.zoom), int(sprite.cut.h * sprite.zoom))


def object_at(sprite, frame):
    """Where the object itself lies, before clipping to the picture."""
    cut, around, zoom = cut_at(sprite, frame), sprite.around, sprite.zoom
    left = around.x - sprite.cut.x
    if sprite.mirrored:
        left = sprite.cut.w - left - around.w
    return Box(cut.x + left * zoom, cut.y + (around.y - sprite.cut.y) * zoom, around.w * zoom, around.h * zoom)


def overlap(a, b):
    """The common part of two boxes; its width or height is 0 where there is none."""
    x, y = max(a.x, b.x), max(a.y, b.y)
    return Box(x, y, max(0, min(a.x + a.w, b.x + b.w) - x), max(0, min(a.y + a.h, b.y + b.h) - y))


def covered_area(box, covers):
    """How much of the box lies under the covers together (none is counted twice)."""
    parts = [part for part in (overlap(box, cover) for cover in covers) if part.w * part.h > 0]
    xs = sorted({x for part in parts for x in (part.x, part.x + part.w)})
    ys = sorted({y for part in parts for y in (part.y, part.y + part.h)})
    area = 0
    for x, next_x in zip(xs, xs[1:]):
        for y, next_y in zip(ys, ys[1:]):
            cell = Box(x, y, next_x - x, next_y - y)
            if any(overlap(cell, part) == cell for part in parts):
                area += cell.w * cell.h
    return area


def truth_of(frame):
    found = {'frame': frame, 'boxes': [], 'hardly_visible': []}
    for place, sprite in enumerate(SPRITES):
        whole = object_at(sprite, frame)
        inside = overlap(whole, Box(0, 0, WIDTH, HEIGHT))
        in_front = [cut_at(other, frame) for other in SPRITES[place + 1:]]
        visible = (inside.w * inside.h - covered_area(inside, in_front)) / (whole.w * whole.h)
        if visible > 0:
            where = 'boxes' if visible >= ENOUGH_VISIBLE else 'hardly_visible'
            found[where].append({'label': sprite.label, **inside._asdict(), 'visible': round(visible, 3)})
    return found


def truth():
    return {'width': WIDTH, 'height': HEIGHT, 'fps': FPS, 'enough_visible': ENOUGH_VISIBLE,
            'frames': [truth_of(frame) for frame in range(FRAMES)]}


def crop(box):
    return 'crop=%d:%d:%d:%d' % (box.w, box.h, box.x, box.y)


def filter_graph():
    """The scene for ffmpeg: input 0 is the background, input N the photo of sprite N."""
    steps = ['[0]%s,scale=%d:%d,setsar=1,format=gbrp[film0]' % (crop(BACKGROUND[1]), WIDTH, HEIGHT)]
    for number, sprite in enumerate(SPRITES, 1):
        size = cut_at(sprite, 0)
        mirror = ',hflip' if sprite.mirrored else ''
        steps.append('[%d]format=gbrp,%s,scale=%d:%d%s,setsar=1[cut%d]'
                     % (number, crop(sprite.cut), size.w, size.h, mirror, number))
        x, y = ('%d+%d*round(t*%d)' % (sprite.start[axis], sprite.step[axis], FPS) for axis in (0, 1))
        steps.append("[film%d][cut%d]overlay=x='%s':y='%s':format=gbrp[film%d]" % (number - 1, number, x, y, number))
    steps.append('[film%d]format=yuv420p[film]' % len(SPRITES))
    return ';'.join(steps)


def make_film(photos, film):
    command = ['ffmpeg', '-v', 'error', '-nostdin', '-y']
    for photo in [BACKGROUND[0]] + [sprite.photo for sprite in SPRITES]:
        command += ['-loop', '1', '-framerate', str(FPS), '-i', '%s/%s' % (photos, photo)]
    command += ['-filter_complex', filter_graph(), '-map', '[film]', '-frames:v', str(FRAMES),
                '-c:v', 'libx264', '-preset', 'medium', '-crf', '20', '-g', str(FPS), '-bf', '0',
                '-movflags', '+faststart', '-f', 'mp4', film]
    subprocess.run(command, check=True)


def main():
    if len(sys.argv) != 4:
        sys.exit('usage: crops.py PHOTOS FILM.mp4 TRUTH.json')
    photos, film, truth_path = sys.argv[1:]
    try:
        make_film(photos, film)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit('crops.py: the film cannot be made: %s' % error)
    with open(truth_path, 'w', encoding='utf-8') as file:
        json.dump(truth(), file, separators=(',', ':'))
        file.write('\n')


if __name__ == '__main__':
    main()
