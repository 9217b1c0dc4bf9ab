#!/bin/sh
# lines.sh - how figures are printed, for the other scripts here (`. tests/bench/lines.sh`): one line each,
#
#   work                                          ours     peer                           ratio   reach
#
# a ratio is the peer's time over ours (or our rate over the peer's), both the best of rounds that were run in turn. "reach"
# is the ratio that we hold ourselves to, or the most (or, as ">=", the least) of ours; "!" marks a figure that falls short.
# And workload_store, for those that measure on the comparison workload in DIR.

line() # line WHAT OURS [PEER THEIRS [RATIO]]: seconds against a peer's; RATIO: what the ratio should reach
{
    awk -v what="$1" -v ours="$2" -v peer="${3:-}" -v theirs="${4:-}" -v reach="${5:-}" 'BEGIN {
        ratio = theirs == "" ? "" : sprintf("%.1f", theirs / ours)
        against = theirs == "" ? "" : sprintf("%s %.3f s", peer, theirs)
        wanted = reach == "" ? "" : sprintf(">= %s%s", reach, theirs / ours >= reach ? "" : " !")
        text = sprintf("%-52s %8.3f s  %-30s %5s  %s", what, ours, against, ratio, wanted)
        sub(/ +$/, "", text)
        print text
    }'
}
figure() # figure WHAT OURS UNIT [MOST [LEAST]]: a figure without a peer; what it should not pass, or should reach
{
    awk -v what="$1" -v ours="$2" -v unit="$3" -v most="${4:-}" -v least="${5:-}" 'BEGIN {
        wanted = most == "" ? "" : sprintf("<= %s%s", most, ours + 0 <= most + 0 ? "" : " !")
        if (least != "")
            wanted = sprintf(">= %s%s", least, ours + 0 >= least + 0 ? "" : " !")
        text = sprintf("%-52s %8s %s%*s%s", what, ours, unit, 40 - length(unit), "", wanted)
        sub(/ +$/, "", text)
        print text
    }'
}
least() # least A B: the smaller; B may be empty
{
    awk -v a="$1" -v b="$2" 'BEGIN {print (b != "" && b + 0 < a + 0) ? b : a}'
}
rate() # rate WHAT OURS PEER THEIRS [RATIO]: tiles or requests a second against a peer's; RATIO: ours over theirs to reach
{
    awk -v what="$1" -v ours="$2" -v peer="$3" -v theirs="$4" -v reach="${5:-}" 'BEGIN {
        wanted = reach == "" ? "" : sprintf(">= %s%s", reach, ours / theirs >= reach ? "" : " !")
        text = sprintf("%-52s %8.0f /s %-30s %5.1f  %s", what, ours, sprintf("%s %.0f /s", peer, theirs), ours / theirs, wanted)
        sub(/ +$/, "", text)
        print text
    }'
}
most() # most A B: the larger; B may be empty
{
    awk -v a="$1" -v b="$2" 'BEGIN {print (b != "" && b + 0 > a + 0) ? b : a}'
}
workload_store() # the path of the workload's store, made if need be; what making it said, on stderr, if that fails
{
    mkdir -p "$DIR" || return 1
    sh tests/bench/workload.sh "$DIR" 2>"$DIR/workload.log" || { cat "$DIR/workload.log" >&2; return 1; }
}
