#!/bin/sh
# What quern-sim says of a history: its exit status, and words that have to be in its output.
#
#     tests/histories/check.sh QUERN_SIM HISTORY STATUS WORDS
set -u
said=$("$1" check "$2" 2>&1)
status=$?
echo "$said"
[ "$status" = "$3" ] || { echo "exit status $status instead of $3"; exit 1; }
case $said in
*"$4"*) ;;
*) echo "it does not say: $4"; exit 1 ;;
esac
