#!/bin/bash
# compatible.sh NAME VERSION: fails unless docs/compatibility.md has rows for the server or proxy NAME, and all of them name
# VERSION. Each make target of that page calls it with the version that it runs.
set -euo pipefail
[ $# = 2 ] || { echo "usage: compatible.sh NAME VERSION" >&2; exit 2; }
page=$(dirname "${BASH_SOURCE[0]}")/../docs/compatibility.md
versions=$(awk -F'|' -v name="$1" '
    { gsub(/^ +| +$/, "", $2); gsub(/^ +| +$/, "", $3) }
    NF > 2 && $2 == name { print $3 }' "$page" | sort -u)
case $versions in
    "$2") ;;
    '') echo "compatible.sh: '$1' $2 is run, and docs/compatibility.md has no row for it" >&2; exit 1 ;;
    *) echo "compatible.sh: '$1' $2 is run, and docs/compatibility.md has" $versions >&2; exit 1 ;;
esac
