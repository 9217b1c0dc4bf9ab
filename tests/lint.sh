#!/bin/sh
# lint.sh - holds the house together: which room may include what, who owns each library,
# headers that compile alone, and what the top level may hold.
: "${CC:=gcc}"
status=0
fail()
{
    echo "lint: $*"
    status=1
}

# Direction: data/base <- data <- geo <- styles <- tiler, and inside geo and tiler as their rooms stand below.
# A room may include what stands left; the world knows findings by their form, as it holds them.
allowed()
{
    case $1 in
    data/base/*) echo 'data/base/' ;;
    data/*) echo 'data/' ;;
    geo/measure/*) echo 'data/|geo/measure/' ;;
    geo/world/*) echo 'data/|geo/(measure|world)/|geo/findings/finding\.h' ;;
    geo/verdict/*) echo 'data/|geo/(measure|world|verdict)/' ;;
    geo/risk/*) echo 'data/|geo/(measure|world|verdict|risk)/' ;;
    geo/findings/*) echo 'data/|geo/(measure|world|verdict|risk|findings)/' ;;
    geo/pipelines/*) echo 'data/|geo/(measure|world|verdict|pipelines)/' ;;
    geo/pipeline_edits/*) echo 'data/|geo/(measure|world|verdict|pipelines|pipeline_edits)/' ;;
    geo/grades/*) echo 'data/|geo/(measure|world|verdict|risk|findings|grades)/' ;;
    geo/assess/*) echo 'data/|geo/(measure|world|verdict|risk|findings|pipelines|pipeline_edits|grades|assess)/' ;;
    geo/query/*) echo 'data/|geo/(measure|world|verdict|risk|findings|grades|query)/' ;;
    geo/proof/*) echo 'data/|geo/' ;;
    styles/*) echo 'data/|geo/|styles/' ;;
    tiler/grid/*) echo 'data/|tiler/grid/' ;;
    tiler/cache/*) echo 'data/|tiler/cache/' ;;
    tiler/draw/*) echo 'data/|styles/|tiler/(grid|draw)/' ;;
    tiler/features/*) echo 'data/|geo/|styles/|tiler/(grid|features)/' ;;
    tiler/vector/*) echo 'data/|geo/|styles/|tiler/(grid|draw|features|vector)/' ;;
    tiler/labels/*) echo 'data/|geo/|styles/|tiler/(grid|draw|features|labels)/' ;;
    tiler/tiles/*) echo 'data/|geo/|styles/|tiler/(grid|cache|draw|features|vector|labels|tiles)/' ;;
    tiler/archive/*) echo 'data/|geo/|styles/|tiler/(grid|cache|draw|features|vector|labels|tiles|archive)/' ;;
    tiler/http/*) echo 'data/|tiler/(cache|http)/' ;;
    tiler/answers/*) echo 'data/|geo/|styles/|tiler/answers/' ;;
    tiler/report/*) echo 'data/|geo/|tiler/report/' ;;
    tiler/serve/*) echo 'data/|geo/|styles/|tiler/(grid|cache|draw|features|vector|labels|tiles|answers|http|serve)/' ;;
    tiler/*) echo 'data/|geo/|styles/|tiler/' ;;
    tests/*) echo 'data/|geo/|styles/|tiler/|tests/' ;;
    esac
}
for file in $(git ls-files '*.c' '*.h'); do
    rooms=$(allowed "$file")
    grep -nE '^#include "' "$file" | grep -vE "\"($rooms)" | while read -r line; do
        echo "$file:$line"
    done
done >build/lint-direction.txt
[ -s build/lint-direction.txt ] && fail "an include against the direction of the house:" && cat build/lint-direction.txt

# Owners: each library's header is included by the files that own it, and by tests.
owner()
{
    git grep -nE "^#include <($1)" -- '*.c' '*.h' ':!tests' | grep -vE "^($2):" | while read -r line; do
        echo "$line (owned by $2)"
    done
}
{
    owner 'gdal|ogr_|cpl_' 'data/(store|import|gdal_session)[a-z_]*\.[ch]'
    owner 'jansson' 'data/base/json\.c'
    owner 'nettle/' 'data/base/hash\.c'
    owner 'geos_c' 'geo/measure/overlay\.c'
    owner 'geodesic|proj' 'geo/measure/ellipsoid\.c'
    owner 'ft2build|freetype|hb|fribidi|fontconfig|FT_' 'styles/font[a-z_]*\.c'
    owner 'png\.h' 'tiler/draw/image\.c'
    owner 'libdeflate' 'tiler/draw/(image|deflate)\.c|data/store_log\.c'
    owner 'microhttpd' 'tiler/http/http(_private\.h|_send\.c|\.c)'
    owner 'sqlite3' 'tiler/archive/archive[a-z_]*\.c|tiler/cache/disk[a-z_]*\.[ch]|data/store_statement\.c'
    owner 'xlsxwriter' 'tiler/report/report_xlsx\.c'
    owner 'cairo|pango' 'tiler/report/print[a-z_]*\.c'
    owner 'cmocka' 'none'
} >build/lint-owners.txt
[ -s build/lint-owners.txt ] && fail "a library included by a file that does not own it:" && cat build/lint-owners.txt

# Headers compile alone.
for header in $(git ls-files '*.h'); do
    printf '#include "%s"\n' "$header" |
        "$CC" -std=c17 -D_GNU_SOURCE -I. -Wall -Wextra -Wpedantic -Werror $LIBCFLAGS \
            -fsyntax-only -x c - ||
        fail "$header does not compile alone"
done

# Shape: the top level, long files, what is left open, and layout.
extra=$(git ls-files | cut -d/ -f1 | sort -u |
    grep -vxE 'tiler|geo|styles|data|tests|Makefile|README\.md|LICENSE|\..*' | tr '\n' ' ')
[ -n "$extra" ] && fail "the top level holds more than the design allows: $extra"
long=$(git ls-files '*.c' '*.h' '*.js' | xargs wc -l | awk '$2 != "total" && $1 > 600 {printf "%s (%d) ", $2, $1}')
[ -n "$long" ] && fail "over 600 lines, is each one job? $long"
[ "$(wc -l <Makefile)" -le 200 ] || fail "the Makefile is over 200 lines"
open=$(git grep -nIE '\b(TODO|FIXME|XXX|HACK)\b' -- '*.c' '*.h' '*.js' ':!tests/lint.sh')
[ -n "$open" ] && fail "left open: $open"
if command -v clang-format >/dev/null; then
    git ls-files '*.c' '*.h' | xargs clang-format --dry-run -Werror 2>build/lint-format.txt ||
        fail "not laid out as .clang-format says (make format): $(grep -c error build/lint-format.txt) places"
fi
if command -v clang-tidy >/dev/null; then
    export TIDY="-std=c17 -D_GNU_SOURCE -I. -DSISETU_VERSION=\"0\" $LIBCFLAGS"
    git ls-files '*.c' ':!tests' | xargs -P 2 -n 8 sh -c 'clang-tidy --quiet "$@" -- $TIDY' sh 2>/dev/null |
        grep -E ' (error|warning): ' | sort -u >build/lint-tidy.txt
    [ -s build/lint-tidy.txt ] && fail "clang-tidy finds:" && cat build/lint-tidy.txt
fi
[ $status = 0 ] && echo "lint: clean"
exit $status
