#!/bin/sh
# edit.sh - sisetu put, delete and token, and edits over HTTP, as a user meets them: by a writer
# that is killed, on a disk that is full, beside others.
. tests/cli/lib.sh

SAMPLE=build/ningxia.gpkg
[ -f "$SAMPLE" ] || { echo "SKIP: no $SAMPLE; make sample makes it"; exit 0; }
cd "$WORK" || exit 1
store=$WORK/s.gpkg
cp "$ROOT/$SAMPLE" "$store"
"$S" assess "$store" --as-of 2026-11-01 >/dev/null # by this program, whatever made the sample
PIDS=
trap 'kill $PIDS 2>/dev/null; chmod -R u+w "$WORK" 2>/dev/null; rm -rf "$WORK"' EXIT

# feature ID LON [FIELD]: a school
feature()
{
    printf '{"type":"Feature","properties":{"id":"%s","name":"小学","use":"school","persons":300,"accuracy_m":1%s},"geometry":{"type":"Point","coordinates":[%s,38.47]}}' "$1" "${3:-}" "$2"
}
generation()
{
    sqlite3 "$store" "SELECT value FROM sisetu_meta WHERE key = 'generation'"
}
# Edits of a server are in the tables a moment after they are in the log; who reads by sisetu waits.
settle()
{
    "$S" token list "$store" >/dev/null
}
# What a full assessment finds to write: nothing, if edits did their work.
as_assessed()
{
    settle
    cp "$store" again.gpkg
    "$S" assess again.gpkg --as-of 2026-11-01 | grep -c 'nothing changed'
}

# ---- put and delete ----

feature S-1 106.35 >one.geojson
says 'protected S-1 added' 'put adds a record' "$S" put "$store" protected one.geojson --crs EPSG:4490
before=$(generation)
says 'Nothing changed' 'the same again changes nothing' "$S" put "$store" protected one.geojson --crs EPSG:4490
mkdir -p marked
{ printf '\357\273\277' && cat one.geojson; } >marked/one.geojson
says 'Nothing changed' 'nor does it with the byte order mark of an editor' "$S" put "$store" protected marked/one.geojson --crs EPSG:4490
same 'and leaves the generation' "$before" "$(generation)"
feature S-1 106.351632 >moved.geojson
says 'S-1 replaced' 'put replaces it' "$S" put "$store" protected moved.geojson --crs EPSG:4490 --existing
same 'what follows is as a full assessment has it' 1 "$(as_assessed)"
"$S" put "$store" protected one.geojson --crs EPSG:4490 --json >put.json
same 'the answer is JSON' 'replaced True True' "$(python3 -c 'import json; d = json.load(open("put.json")); print(d["records"][0]["change"], d["changed"], all(k in d for k in ("verdicts", "grades", "segments", "warnings")))')"
fails 14 'is there already' 'put --new refuses to replace' "$S" put "$store" protected moved.geojson --crs EPSG:4490 --new
fails 14 'somebody else changed it' 'put holds to a generation' "$S" put "$store" protected moved.geojson --crs EPSG:4490 --if-generation 1
fails 2 'crs is required' 'put needs the CRS' "$S" put "$store" protected moved.geojson
feature S-1 106.35 ',"usse":"school"' >typo.geojson
fails 3 'no field "usse"; did you mean use' 'an unknown field is refused with the near one' "$S" put "$store" protected typo.geojson --crs EPSG:4490
sed 's/"id":"S-1",//' one.geojson >nameless.geojson
fails 3 'id is absent' 'a record without an id is refused' "$S" put "$store" protected nameless.geojson --crs EPSG:4490
feature 'S-1\nS-2' 106.35 >lines.geojson
fails 3 'row 1: id: the id "S-1 S-2" of protected holds the control character U.000A' 'an id with a line break is refused, in one line' "$S" put "$store" protected lines.geojson --crs EPSG:4490
id=$(printf '%513s' | tr ' ' a)
feature "$id" 106.35 >long.geojson
fails 3 'at most 512 are kept' 'an id of 513 bytes is refused' "$S" put "$store" protected long.geojson --crs EPSG:4490
feature "${id#a}" 106.35 >long.geojson
says 'added' 'one of 512 is taken' "$S" put "$store" protected long.geojson --crs EPSG:4490
says 'deleted' 'and goes again' "$S" delete "$store" protected "${id#a}"
fails 2 'import --replace' 'population is no layer of records' "$S" put "$store" population one.geojson --crs EPSG:4490
fails 2 'assess' 'conflicts are not edited' "$S" put "$store" conflicts one.geojson --crs EPSG:4490
fails 2 'did you mean protected' 'a layer that is none' "$S" put "$store" protectd one.geojson --crs EPSG:4490
fails 4 'there is no protected S-2' 'delete of nothing' "$S" delete "$store" protected S-2
before=$(generation)
fails 4 'there is no protected S-2' 'delete of two of which one is not there' "$S" delete "$store" protected S-1 S-2
same 'changes nothing' "$before" "$(generation)"
says 'S-1 deleted' 'delete' "$S" delete "$store" protected S-1
plant=$(sqlite3 "$store" 'SELECT enterprise_id FROM facilities LIMIT 1')
says "still name enterprise $plant" 'deleting a plant tells of what names it' "$S" delete "$store" enterprises "$plant"
same 'and what follows is as assessed' 1 "$(as_assessed)"

# ---- eight at once ----

cp "$store" eight.gpkg
before=$(sqlite3 eight.gpkg "SELECT value FROM sisetu_meta WHERE key = 'generation'")
for i in 1 2 3 4 5 6 7 8; do
    feature "E-$i" "106.35$i" >"eight.$i.geojson"
    (SISETU_STORE_WAIT_MS=120000 "$S" put eight.gpkg protected "eight.$i.geojson" --crs EPSG:4490 >"eight.$i.out" 2>&1 || echo "$i: $? $(cat "eight.$i.out")" >>eight.failed) &
done
wait
same 'eight writers at once wait for each other' '' "$(cat eight.failed 2>/dev/null)"
same 'and each is there' 8 "$(sqlite3 eight.gpkg "SELECT COUNT(*) FROM protected WHERE id LIKE 'E-%'")"
same 'each in a transaction of its own' $((before + 8)) "$(sqlite3 eight.gpkg "SELECT value FROM sisetu_meta WHERE key = 'generation'")"
same 'and what follows is as assessed' 1 "$(cp eight.gpkg again.gpkg; "$S" assess again.gpkg --as-of 2026-11-01 | grep -c 'nothing changed')"

# ---- a writer that is killed ----

killed=0
for i in 1 2 3 4 5 6 7 8; do
    feature "K-$i" 106.3516 >kill.geojson
    "$S" put "$store" protected kill.geojson --crs EPSG:4490 >/dev/null 2>&1 &
    child=$!
    sleep "0.$((i * 7 % 10))$i"
    kill -9 $child 2>/dev/null && killed=$((killed + 1))
    wait $child 2>/dev/null
done
is 'some writers were killed in the middle' test $killed -gt 0
says '' 'a killed writer leaves a store that opens' "$S" at "$store" 106.35 38.47
same 'of old or of new, in all layers' 1 "$(as_assessed)"

# ---- a disk that is full ----

mkdir disk
cat >full.sh <<END
mount -t tmpfs -o size=$(($(stat -c %s "$store") / 1024 + 96))k none disk || exit 1
cp "$store" disk/s.gpkg
before=\$(sqlite3 disk/s.gpkg "SELECT value FROM sisetu_meta WHERE key = 'generation'")
"$S" put disk/s.gpkg protected many.geojson --crs EPSG:4490 >/dev/null 2>full.err
echo \$? >status
[ "\$before" = "\$(sqlite3 disk/s.gpkg "SELECT value FROM sisetu_meta WHERE key = 'generation'")" ] && touch intact
END
feature S-0 106.35 >zero.geojson
cat >small.sh <<END
mount -t tmpfs -o size=$(($(stat -c %s "$store") / 1024 + 65536))k none disk || exit 1
cp "$store" disk/s.gpkg
token=\$("$S" token add disk/s.gpkg li)
"$S" serve disk/s.gpkg --listen 127.0.0.1:0 >small.url &
i=0
while [ \$((i += 1)) -lt 100 ]; do
    sleep 0.2
    curl -s -o /dev/null -w '%{http_code}' -X PUT "\$(cat small.url)v1/protected/S-0" -H "Authorization: Bearer \$token" --data-binary @zero.geojson >small.status
    [ "\$(cat small.status)" = 201 ] && break
done
kill -9 \$!
ls disk >small.files
sqlite3 disk/s.gpkg "SELECT COUNT(*) FROM protected WHERE id = 'S-0'" >small.count
END
python3 - >many.geojson <<'END'
import json
print(json.dumps({"type": "FeatureCollection", "features": [
    {"type": "Feature", "properties": {"id": f"M-{i}", "name": "小学" * 200, "use": "school"},
     "geometry": {"type": "Point", "coordinates": [106 + i / 1e4, 38.4]}} for i in range(2000)]}))
END
if unshare -m true 2>/dev/null; then
    unshare -m sh full.sh >/dev/null 2>&1
    same 'an edit on a full disk has its own exit status' 8 "$(cat status)"
    same 'and says so in one line' 1 "$(grep -c 'no space left' full.err)"
    is 'and leaves the store as it was' test -f intact
    unshare -m sh small.sh >/dev/null 2>&1
    same 'on a disk that is nearly full a server answers an edit' 201 "$(cat small.status)"
    same 'when the tables have it, and keeps no log' '1 0' "$(echo $(cat small.count) $(grep -c edits small.files))"
else
    echo 'SKIP: no disk can be mounted here'
fi

# ---- tokens ----

token=$("$S" token add "$store" wang)
reader=$("$S" token add "$store" screen --scope read)
says '^wang +write' 'tokens are listed' "$S" token list "$store"
fails 5 'exists already' 'a name is taken once' "$S" token add "$store" wang
fails 2 'should be a name' 'a name that is none' "$S" token add "$store" 'wang li'
fails 4 'no token nobody' 'removing nobody' "$S" token remove "$store" nobody
same 'the store keeps no token' 0 "$(sqlite3 "$store" "SELECT COUNT(*) FROM sisetu_meta WHERE instr(value, '${token#sst_}')")"

# ---- over HTTP, beside others ----

# begin: a server of the store
begin()
{
    : >url
    "$S" serve "$store" --listen 127.0.0.1:0 >url 2>>log &
    PID=$!
    PIDS=$PID
    i=0
    while [ ! -s url ] && [ $i -lt 400 ]; do
        sleep 0.05
        i=$((i + 1))
    done
    URL=$(sed 's|/$||' url)
}
begin

# call METHOD PATH TOKEN [FILE]: the status; the answer is in `answer`
call()
{
    n=0
    while [ $n -lt 30 ]; do
        status=$(curl -s --max-time 60 -o answer -w '%{http_code}' -X "$1" "$URL$2" -H "Authorization: Bearer $3" ${4:+--data-binary @"$4"})
        [ "$status" = 503 ] || break # what edits need is still being prepared
        n=$((n + 1))
    done
    echo "$status"
}
same 'a change without a token' 401 "$(call PUT /v1/protected/S-1 '' one.geojson)"
same 'with a token that may read' 403 "$(call PUT /v1/protected/S-1 "$reader" one.geojson)"
same 'with a token that may write' 201 "$(call PUT /v1/protected/S-1 "$token" one.geojson)"
"$S" export "$store" protected -o when_answered.csv >/dev/null
same 'is read from the store when answered' 1 "$(grep -c ',S-1,' when_answered.csv)"
same 'and by then is in its tables' 1 "$(sqlite3 "$store" "SELECT COUNT(*) FROM protected WHERE id = 'S-1'")"
same 'and published' "$(generation)" "$(curl -s "$URL/v1/status" | python3 -c 'import json, sys; print(json.load(sys.stdin)["generation"])')"
feature S-2 106.352 >two.geojson
is 'another program edits the same store' "$S" put "$store" protected two.geojson --crs EPSG:4490
same 'and the server edits on, on what that made' 200 "$(call DELETE /v1/protected/S-2 "$token")"
same 'a long line of edits' 200 "$(for i in 1 2 3 4 5 6 7 8 9; do feature S-1 "106.35$i" >s.geojson; call PUT /v1/protected/S-1 "$token" s.geojson; done | sort -u)"
same 'what follows is as assessed' 1 "$(as_assessed)"
same 'an id with a line break in the address' 400 "$(call PUT /v1/protected/S-1%0A "$token" nameless.geojson)"
same 'an id of 3,000 letters' 422 "$(call PUT "/v1/protected/$(printf '%3000s' | tr ' ' a)" "$token" nameless.geojson)"
is 'is refused with the limit' grep -q 'at most 512 are kept' answer

# A server that is killed as soon as it has answered; what it answered is there for the next.
feature S-9 106.359 >nine.geojson
same 'an edit before a server is killed' 201 "$(call PUT /v1/protected/S-9 "$token" nine.geojson)"
kill -9 $PID
wait $PID 2>/dev/null
"$S" export "$store" protected -o killed.csv >/dev/null
same 'is found by whoever reads the store next' 1 "$(grep -c ',S-9,' killed.csv)"
same 'with all that follows from it' 1 "$(as_assessed)"
begin
same 'and goes again over HTTP' 200 "$(call DELETE /v1/protected/S-9 "$token")"
settle

# Another file in place of the store, with the same generation: what the server knew is not true of it.
settle
cp "$store" other.gpkg
sqlite3 other.gpkg "DELETE FROM protected WHERE id = 'S-1'" 2>/dev/null || echo 'not ok - sqlite3 deletes'
"$S" assess other.gpkg --as-of 2026-11-01 >/dev/null
sqlite3 other.gpkg "UPDATE sisetu_meta SET value = $(generation) WHERE key IN ('generation', 'assessed')"
ln "$store" replaced.gpkg
mv other.gpkg "$store"
feature S-3 106.353 >three.geojson
same 'an edit just after the store was replaced' 201 "$(call PUT /v1/protected/S-3 "$token" three.geojson)"
settle
same 'goes into the store that stands there' '0 1' "$(echo $(sqlite3 "$store" "SELECT COUNT(*) FROM protected WHERE id = 'S-1'; SELECT COUNT(*) FROM protected WHERE id = 'S-3'"))"
same 'and not into the other' 0 "$(sqlite3 replaced.gpkg "SELECT COUNT(*) FROM protected WHERE id = 'S-3'")"
same 'what follows is as assessed' 1 "$(as_assessed)"
mv "$store" away.gpkg
same 'an edit of a store that was taken away' 404 "$(call PUT /v1/protected/S-3 "$token" three.geojson)"
mv away.gpkg "$store"
same 'and when it is back' 200 "$(call DELETE /v1/protected/S-3 "$token")"
says 'nothing changed' 'an assessment beside the server' "$S" assess "$store" --as-of 2026-11-01
same 'and the server edits on' 201 "$(call PUT /v1/protected/S-1 "$token" one.geojson)"

# A server that is killed while it edits.
(for i in $(seq 200); do feature S-1 "106.3$i" >k.geojson; curl -s -o /dev/null -X PUT "$URL/v1/protected/S-1" -H "Authorization: Bearer $token" --data-binary @k.geojson || break; done) &
editor=$!
sleep 0.7
kill -9 $PID
wait $editor 2>/dev/null
wait $PID 2>/dev/null
same 'a server that is killed leaves old or new, in all layers' 1 "$(as_assessed)"

finish
