#!/bin/sh
# fonts.sh - fonts that are absent, and fonts that go while a server runs: it draws on with what it has,
# and says what is missing.
. tests/cli/lib.sh

SAMPLE=$ROOT/build/ningxia.gpkg
[ -f "$SAMPLE" ] || { echo "SKIP: no build/ningxia.gpkg; make sample makes it"; exit 0; }
command -v fc-list >/dev/null || { echo "SKIP: no fc-list (fontconfig)"; exit 0; }
mkdir "$WORK/fonts"
fc-list : file | sed 's/: *$//' | grep -E '/(NotoSansCJK-(Regular|Bold)\.ttc|DejaVuSans\.ttf|NotoSansMongolian-Regular\.ttf|NotoSerifTibetan-Regular\.ttf)$' | sort -u |
    while read -r file; do cp "$file" "$WORK/fonts"; done
[ -f "$WORK/fonts/NotoSansCJK-Regular.ttc" ] || { echo "SKIP: no Noto Sans CJK"; exit 0; }
cat >"$WORK/fonts.conf" <<END
<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>$WORK/fonts</dir><cachedir>$WORK/cache</cachedir></fontconfig>
END
cp "$ROOT/styles/four-colour.json" "$WORK/own.json"
tiles='tiles/risk/9/407/197.png tiles/county/11/1628/785.png tiles/county/12/3257/1570@2x.png tiles/pipelines/11/1628/785.png?style=print
tiles/county/11/1628/785.png?style=dark tiles/county/13/6512/3142.png?style=accessible v1/legend/county.png?style=accessible v1/legend/risk.png'
letters='fonts/Noto%20Sans%20CJK%20SC%20Regular/19968-20223.pbf fonts/Noto%20Sans%20CJK%20SC%20Bold/23296-23551.pbf'
sums() # sums: of what the server answers, one a line
{
    for path in $tiles $letters; do
        curl -sf "$URL/$path" | cksum
    done
}

serve_store "$SAMPLE"
sums >"$WORK/right"
kill "$PID"
wait "$PID"
FONTCONFIG_FILE=$WORK/fonts.conf
export FONTCONFIG_FILE
serve_store "$SAMPLE" --style "$WORK/own.json"
trap 'kill $PID 2>/dev/null; rm -rf "$WORK"' EXIT
is "a server starts with fonts of its own" curl -sf -o /dev/null "$URL/healthz"
mv "$WORK/fonts" "$WORK/gone"
sums >"$WORK/now"
same "after they went, every style, legend and letter is as before" "$(cat "$WORK/right")" "$(cat "$WORK/now")"
sed 's/#1f3a93/#1f3a94/' "$ROOT/styles/four-colour.json" >"$WORK/own.json"
i=0
while ! grep -q 'event=styles' "$WORK/log" && [ $i -lt 100 ]; do
    sleep 0.1
    i=$((i + 1))
done
same "a style that is changed then is refused with the font and its package, once" 1 \
    "$(grep -c 'event=styles error=ERR_INPUT .*"Noto Sans CJK SC.*" is not installed; on Debian: apt-get install fonts-noto-cjk.*the old styles stay' "$WORK/log")"
same "and the old one goes on" "$(sed -n 1p "$WORK/right")" "$(curl -sf "$URL/tiles/risk/9/407/197.png" | cksum)"
fails 3 'four-colour.json: layer "[a-z-]*": text-font: the font "Noto Sans CJK SC.*" is not installed; on Debian: apt-get install fonts-noto-cjk' \
    "without fonts no server starts, and says which" "$S" serve "$SAMPLE" --listen 127.0.0.1:0
fails 3 'is not installed; on Debian: apt-get install fonts-noto-cjk' "nor is a tile drawn" "$S" tile "$SAMPLE" risk 7 101 49 -o "$WORK/t.png"
mv "$WORK/gone" "$WORK/fonts"
sed 's/#1f3a93/#1f3a95/' "$ROOT/styles/four-colour.json" >"$WORK/own.json"
i=0
while ! curl -sf "$URL/styles/four-colour.json?unit=640100" | grep -q 1f3a95 && [ $i -lt 100 ]; do
    sleep 0.1
    i=$((i + 1))
done
is "once they are back a changed style shows" test $i -lt 100
kill "$PID"
wait "$PID"
same "the sanitizers saw nothing" "" "$(grep -E 'Sanitizer|runtime error' "$WORK/log")"
finish
