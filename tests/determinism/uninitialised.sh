#!/bin/sh
# Replays one seed in valgrind, which tells of every decision that hangs on memory nobody has written.
#
#     tests/determinism/uninitialised.sh QUERN_SIM SEED [OPTION...]
#
# The simulator brings its own allocator; valgrind takes its place. Exits with 77, skipped to ctest, where there
# is no valgrind.
set -eu
sim=$1
shift
command -v valgrind >/dev/null || {
    echo 'skipped: no valgrind here: apt-get install valgrind'
    exit 77
}
exec valgrind -q --soname-synonyms=somalloc=NONE --error-exitcode=3 "$sim" replay "$@" --quiet
