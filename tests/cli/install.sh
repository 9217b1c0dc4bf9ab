#!/bin/sh
# install.sh - what `make install` leaves works from anywhere, without the tree it came from.
. tests/cli/lib.sh

[ -f tiler/viewer/ol.js ] || { echo "SKIP: the viewer is not built; make test builds it"; exit 0; }
install()
{
    make -s install MODE="${MODE:-release}" CC="${CC:-gcc}" DESTDIR="$WORK/root" PREFIX=/usr
}
is "make install succeeds" install
is "and once more, over itself" install
share=$WORK/root/usr/share
P=$WORK/root/usr/bin/sisetu
mkdir "$WORK/elsewhere" "$WORK/stores"
cd "$WORK/elsewhere" || exit 1
says '^sisetu [0-9]+[.][0-9]+' "the installed program says its version" "$P" version
is "it finds its rules" "$P" rules check
is "it finds its schema" "$P" init ../stores/s.gpkg
is "it finds its style and fonts" "$P" tile ../stores/s.gpkg risk 7 101 49 -o t.png
"$P" serve ../stores/s.gpkg --listen 127.0.0.1:0 >url 2>log &
pid=$!
i=0
while [ ! -s url ] && [ $i -lt 200 ]; do
    sleep 0.05
    i=$((i + 1))
done
for file in "" viewer/app.js viewer/ol.js viewer/ol.css viewer/viewer.css; do
    same "it serves /$file" 200 "$(curl -s -o /dev/null -w '%{http_code}' "$(cat url)$file")"
done
kill $pid
wait $pid
for file in data/rules styles tiler/viewer; do
    same "all of $file is there" "$(cd "$ROOT" && git ls-files "$file" | grep -E '[.](csv|json|js|css|html)$' | grep -vc package)" \
        "$(find "$share/sisetu/$file" -type f ! -name 'ol.*' ! -name 'maplibre-gl*' | wc -l)"
done
same "and the libraries of the viewer" 4 "$(ls "$share/sisetu/tiler/viewer/" | grep -cE '^(ol|maplibre-gl)')"
same "the service starts what was installed" "ExecStart=/usr/bin/sisetu" \
    "$(grep -o '^ExecStart=[^ ]*' "$WORK/root/usr/lib/systemd/system/sisetu.service")"
if command -v man >/dev/null; then
    says 'SISETU\(1\)' "the man page opens" env MANWIDTH=80 man -l "$share/man/man1/sisetu.1"
else
    echo 'SKIP: no man'
fi
cd "$ROOT" || exit 1
is "make uninstall succeeds" make -s uninstall DESTDIR="$WORK/root" PREFIX=/usr
same "and leaves no file" "" "$(find "$WORK/root" -type f)"
finish
