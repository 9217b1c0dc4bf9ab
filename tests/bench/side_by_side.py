#!/usr/bin/python3
"""side_by_side.py LIST THEIRS OURS OUT: two sets of tiles next to each other, and ten times their difference on the right.

LIST holds "z x y" a line; THEIRS and OURS are paths with {z}, {x}, {y}. Prints the mean difference of a channel, of 255."""
import sys
from PIL import Image, ImageChops, ImageStat

keys = [line.split() for line in open(sys.argv[1])]
out = Image.new("RGB", (3 * 256, 256 * len(keys)), "white")
total = 0.0


def tile(pattern, key):
    picture = Image.open(pattern.format(z=key[0], x=key[1], y=key[2])).convert("RGBA")
    ground = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(ground, picture).convert("RGB")


for row, key in enumerate(keys):
    theirs, ours = tile(sys.argv[2], key), tile(sys.argv[3], key)
    difference = ImageChops.difference(theirs, ours)
    total += sum(ImageStat.Stat(difference).mean) / 3
    for column, picture in enumerate((theirs, ours, difference.point(lambda v: min(255, 10 * v)))):
        out.paste(picture, (256 * column, 256 * row))
out.save(sys.argv[4])
print(f"tiles: a tile of each zoom side by side in {sys.argv[4]}; they differ by {total / len(keys):.2f} of 255 on average")
