#!/bin/sh
# golden.sh - a few tiles of the sample, of each style and kind of layer, are pixel for pixel as in tests/golden/, which were
# looked at when they were put there. Pixels are compared, not bytes of files.
#
#     sh tests/cli/golden.sh --renew     draws them anew: look at each before it is committed
. tests/cli/lib.sh

SAMPLE=build/ningxia.gpkg
[ -f "$SAMPLE" ] || { echo "SKIP: no $SAMPLE; make sample makes it"; exit 0; }

# name style map zoom x y scale: units with names; cells, plants and pipelines; hatches of what is undecided; dense
# conflicts and zones; stretches of pipelines; dangers with symbols; everything dimmed but one county
tiles='units-names four-colour risk 8 203 98 1
units-names-2x four-colour risk 8 203 98 2
region four-colour region 6 50 24 1
county-plants four-colour county 11 1628 785 1
county-close four-colour county 14 13045 6271 1
pipelines four-colour pipelines 10 814 392 1
dangers four-colour dangers 9 407 196 1
units-accessible accessible risk 8 203 98 1
county-accessible accessible county 11 1628 785 1
units-dark dark risk 8 203 98 1
county-dark dark county 11 1628 785 1
units-print print risk 8 203 98 1
county-print print county 11 1628 785 1'

draw() # draw STYLE MAP Z X Y SCALE FILE
{
    "$S" tile "$SAMPLE" "$2" "$3" "$4" "$5" --style "$1" --scale "$6" --png 32 -o "$7"
}
if [ "${1:-}" = --renew ]; then
    mkdir -p tests/golden
    echo "$tiles" | while read -r name style map z x y scale; do
        draw "$style" "$map" "$z" "$x" "$y" "$scale" "tests/golden/$name.png" || exit 1
    done
    exit
fi

# Red, green, blue and opacity of every pixel, whatever the form of the file.
cat >"$WORK/compare.py" <<'P'
import struct, subprocess, sys
def pixels(path):
    out = path + ".raw"
    subprocess.run(["gdal_translate", "-q", "-of", "ENVI", "-co", "INTERLEAVE=BIP", path, out], check=True)
    raw = open(out, "rb").read()
    width, height = struct.unpack(">II", open(path, "rb").read(24)[16:])
    bands = len(raw) // (width * height)
    if bands == 3:  # opaque: written without
        raw = b"".join(raw[i:i + 3] + b"\xff" for i in range(0, len(raw), 3))
    return (width, height), raw
(size, ours), (expected, golden) = pixels(sys.argv[1]), pixels(sys.argv[2])
if size != expected or len(ours) != len(golden):
    sys.exit(f"{size} pixels, {expected} expected")
off = [abs(a - b) for a, b in zip(ours, golden)]
if any(off):
    wrong = sum(any(off[i:i + 4]) for i in range(0, len(off), 4))
    sys.exit(f"{wrong} pixels differ, by up to {max(off)}, on average {sum(off) / len(off):.3f} of 255")
P
echo "$tiles" >"$WORK/tiles"
while read -r name style map z x y scale; do
    draw "$style" "$map" "$z" "$x" "$y" "$scale" "$WORK/$name.png"
    cp "tests/golden/$name.png" "$WORK/$name-golden.png"
    is "$name is as it was" python3 "$WORK/compare.py" "$WORK/$name.png" "$WORK/$name-golden.png"
done <"$WORK/tiles"

# That the comparison can fail: another style, one wrong pixel's worth of names.
draw dark risk 8 203 98 1 "$WORK/other.png"
fails 1 'pixels differ' "another picture is told" python3 "$WORK/compare.py" "$WORK/other.png" "$WORK/units-names-golden.png"
finish
