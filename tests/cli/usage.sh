#!/bin/sh
# usage.sh - what the command line does with words that are right, and with others.
. tests/cli/lib.sh

commands=$("$S" help | sed -n '/^Commands:/,/^$/p' | sed -n 's/^  \([a-z]*\( [a-z]*\)\{0,1\}\)  .*/\1/p')
same "help lists every command" "$(sed -n '/cli_commands\[\] = {/,/};/p' tiler/command/cli_table.c | grep -o '&cli_' | wc -l)" \
    "$(echo "$commands" | wc -l)"
echo "$commands" | while read -r command; do
    # shellcheck disable=SC2086
    says "^Usage: sisetu $command" "$command --help shows its usage" "$S" $command --help
done
echo "$commands" | while read -r command; do
    # shellcheck disable=SC2086
    says "^Examples:" "$command --help has examples" "$S" $command --help
done
says '^sisetu [0-9]+\.[0-9]+\.[0-9]+$' "version prints one line" "$S" version
says '^sisetu [0-9]' "--version is understood" "$S" --version
says '^Commands:' "no command shows the overview" "$S"
says 'Usage: sisetu import' "help COMMAND is its --help" "$S" help import
fails 2 'did you mean assess' "a misspelt command gets a suggestion" "$S" asess x
fails 2 'unknown command "frobnicate"' "an unknown command is refused" "$S" frobnicate
fails 2 'does nothing alone; there is .sisetu token add., .sisetu token list. or .sisetu token remove.' "token alone tells what there is" "$S" token
fails 2 'unknown command "rules chek"; there is .sisetu rules check.' "and so does rules" "$S" rules chek
says '^sisetu token remove' "token --help tells all of them" "$S" token --help
fails 2 'unknown option --crss; did you mean --crs' "a misspelt option gets a suggestion" "$S" import a b c --crss x
fails 2 'unknown option -z' "an unknown letter is refused" "$S" export a b -z
fails 2 'missing argument; usage: sisetu import' "a missing argument shows the usage" "$S" import a b
fails 2 'unexpected argument "d"' "a surplus argument is refused" "$S" import a b c d --crs EPSG:4490
fails 2 'crs needs a value' "an option without its value is refused" "$S" import a b c --crs
fails 2 'json takes no value' "a flag with a value is refused" "$S" assess a --json=yes
fails 2 'crs is given twice' "an option given twice is refused" "$S" import a b c --crs EPSG:4490 --crs gcj02
fails 2 'should be name=value' "a pair without = is refused" "$S" import a b c --crs EPSG:4490 --field code
fails 2 'contradict' "--replace and --append contradict" "$S" import a b c --crs EPSG:4490 --replace --append
fails 2 'not a date' "a date that is none is refused" "$S" assess a --as-of 2026-02-30
fails 2 'LON "x" is not a number' "a longitude that is no number is refused" "$S" at a x 1
fails 2 'LAT 91 is outside' "a latitude beyond the pole is refused" "$S" at a 1 91
fails 2 'not UTF-8' "an argument that is not UTF-8 is refused" "$S" at "$(printf '\377')" 1 1
fails 4 'no such store|No such file' "a negative longitude is a number, not an option" "$S" at "$WORK/none.gpkg" -106.2 38.4
fails 4 'no such store|No such file' "-- ends the options" "$S" at -- "$WORK/none.gpkg" 1 1
fails 8 'standard output: No space left' "a full standard output is an error" sh -c "'$S' version >/dev/full"
is "init makes a store" "$S" init "$WORK/a.gpkg"
fails 5 'exists already' "init overwrites nothing" "$S" init "$WORK/a.gpkg"
fails 2 'did you mean enterprises' "a misspelt layer gets a suggestion" "$S" export "$WORK/a.gpkg" enterprise -o "$WORK/x.geojson"
fails 2 'o FILE is missing' "export wants a file" "$S" export "$WORK/a.gpkg" enterprises
says 'schema 3' "upgrade has nothing to do" "$S" upgrade "$WORK/a.gpkg"
fails 2 'there is relocation|did you mean relocation' "an unknown report is refused" "$S" report "$WORK/a.gpkg" evacuation -o "$WORK"
fails 2 'radius is missing' "incident wants a radius" "$S" incident "$WORK/a.gpkg" 106 38
fails 2 'give one of' "risk is asked of one thing" "$S" risk "$WORK/a.gpkg" --unit 1 --at 1,1
fails 2 'should be LON,LAT' "risk at a place needs both numbers" "$S" risk "$WORK/a.gpkg" --at 106.2
fails 2 '"5" should be a frequency' "a contour of more than one a year is refused" "$S" risk "$WORK/a.gpkg" --contours 3e-7,5
fails 2 'names no level' "contours without a level are refused" "$S" risk "$WORK/a.gpkg" --contours ,
fails 2 'is for --contours' "risk writes no file but contours" "$S" risk "$WORK/a.gpkg" -o x.geojson
fails 2 'not of --at' "a point has no contours" "$S" risk "$WORK/a.gpkg" --at 1,1 --contours 1e-6
fails 2 'the store itself' "contours do not go into the store" "$S" risk "$WORK/a.gpkg" --contours 1e-6 -o "$WORK/a.gpkg"
says 'Societal risk: not known, there are no scenarios' "a store without scenarios is not called acceptable" "$S" risk "$WORK/a.gpkg"
says '"region":null,"could_be":null' "nor as JSON" "$S" risk "$WORK/a.gpkg" --json
fails 2 'maps are region' "an unknown map is refused" "$S" tile "$WORK/a.gpkg" nomap 1 0 0 -o "$WORK/t.png"
fails 4 'x goes from 0 to 1' "a tile outside the grid is not found" "$S" tile "$WORK/a.gpkg" risk 1 2 0 -o "$WORK/t.png"
is "an empty store draws a tile" "$S" tile "$WORK/a.gpkg" risk 1 0 0 -o "$WORK/t.png"
same "an empty tile is the 116-byte PNG" 116 "$(wc -c <"$WORK/t.png")"
says 'has not been assessed' "at an unassessed store says so" "$S" at "$WORK/a.gpkg" 106 38
finish
