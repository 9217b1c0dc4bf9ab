#!/bin/sh
# rules.sh - `sisetu rules check`: what ships is well, and a table edited badly says so.
. tests/cli/lib.sh

says '^hash [0-9a-f]{64}$' "the shipped rules load and have a hash" "$S" rules check
says '^spacing.csv +[0-9]+ ' "rows are counted by table" "$S" rules check
says '^note: spacing.csv:[0-9]+: rule P05a can meet no stored record' \
    "a rule without stored targets is told" "$S" rules check
says '"ok":true' "the same as JSON" "$S" rules check --json

cp -r "$ROOT/data/rules" "$WORK/rules"
shipped=$("$S" rules check | grep '^hash')
same "a copy has the same hash" "$shipped" "$("$S" rules check --rules "$WORK/rules" | grep '^hash')"

sed -i '2s/,fire,40,/,fire,41,/' "$WORK/rules/spacing.csv"
is "an edited row loads" "$S" rules check --rules "$WORK/rules"
[ "$shipped" != "$("$S" rules check --rules "$WORK/rules" | grep '^hash')" ] &&
    ok "an edited row changes the hash" || not_ok "an edited row changes the hash"

sed -i '2s/,fire,41,/,fire,4O,/' "$WORK/rules/spacing.csv"
fails 3 'spacing.csv:2: value_m "4O" is not a number' "a bad number is refused with its line" \
    "$S" rules check --rules "$WORK/rules"
sed -i '3s/LIQ_TANK_AB/LIQ_TANK_BA/' "$WORK/rules/spacing.csv"
fails 3 '2 errors in the rule tables' "two errors are counted" "$S" rules check --rules "$WORK/rules"
same "and each is printed" 2 "$("$S" rules check --rules "$WORK/rules" 2>/dev/null | grep -c '^error: spacing.csv:')"

rm "$WORK/rules/alpha.csv"
fails 4 'alpha.csv is missing' "a missing table is named" "$S" rules check --rules "$WORK/rules"
fails 4 '/nowhere' "a missing directory is named" "$S" rules check --rules /nowhere
finish
