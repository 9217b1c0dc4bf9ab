#!/bin/sh
# load.sh SISETU SISETU_SAMPLE STORE - makes the sample region, imports and assesses it.
#
# The store is built beside its place and moved there when it is whole: who serves the old
# one keeps it, and a failed run leaves it as it was.
set -eu
sisetu=$1 sample=$2 store=$3
inputs=data/ningxia
layers=$(dirname "$store")/sample
new=$store.new.gpkg

forget()
{
    rm -f "$new" "$new-wal" "$new-shm" "$new-journal"
}
trap forget EXIT
trap 'exit 1' INT TERM
forget

"$sample" --data "$inputs" "$layers" >/dev/null

"$sisetu" init "$new"
"$sisetu" import "$new" admin "$inputs/boundaries_gcj02.geojson" --crs gcj02 --accuracy 100
"$sisetu" import "$new" admin "$inputs/census2020.csv" --crs EPSG:4490 --join code
for layer in enterprises facilities zones scenarios pipelines protected areas infrastructure hidden_dangers resources; do
    "$sisetu" import "$new" "$layer" "$layers/$layer.geojson" --crs EPSG:4490
done
"$sisetu" import "$new" inventory "$layers/inventory.csv" --crs EPSG:4490
"$sisetu" import "$new" population "$layers/population.flt" --crs EPSG:4490
"$sisetu" assess "$new"
mv -f "$new" "$store"
