#!/bin/sh
# Runs a command if CI is set in the environment when the test runs; else ctest is told that it was skipped.
if [ -z "${CI+set}" ]; then
    echo "skipped: CI is not set in the environment"
    exit 77
fi
exec "$@"
