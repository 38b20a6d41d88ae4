#!/bin/bash
# The manifests of docs/campaigns for Kubernetes: that they agree with each other, and that their commands, run
# for each index with /results elsewhere and fewer seeds, add up to the trace hash of a single run.
#
#     tests/campaign/kubernetes.sh QUERN_SIM
#
# Exit status 77, which ctest takes for skipped, where Python has no YAML.
set -u

sim=$(realpath "${1:?the quern-sim to run}")
docs=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../docs" && pwd)
python3 -c 'import yaml' 2>/dev/null || {
    echo 'skipped: it needs python3-yaml to read the manifests'
    exit 77
}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
results=$work/results
mkdir "$results"

fail() {
    [ ! -f "$work/said" ] || tail -n 20 "$work/said"
    echo "FAILED: $*"
    exit 1
}

# FILE KIND PATH...: the value there; each item of a list ends with a zero byte.
value() {
    python3 - "$docs/campaigns/$1" "${@:2}" <<'PYTHON' || echo "there is no $*" >&2
import sys, yaml
for found in yaml.safe_load_all(open(sys.argv[1])):
    if found["kind"] == sys.argv[2]:
        for key in sys.argv[3:]:
            found = found[int(key) if key.isdigit() else key]
        print(*found, sep="\0", end="\0") if isinstance(found, list) else print(found)
PYTHON
}

pod=(spec template spec)
container=("${pod[@]}" containers 0)
shard() { value kubernetes.yaml Job "$@"; }
merge() { value kubernetes-merge.yaml Job "$@"; }
mapfile -t -d '' words < <(shard "${container[@]}" command && shard "${container[@]}" args)
mapfile -t -d '' merge_words < <(merge "${container[@]}" command)

# WHAT VALUE WANTED
same() { [ -n "$2" ] && [ "$2" = "$3" ] || fail "$1: '$2', not '$3'"; }

check_agreement() {
    local job claim
    completions=$(shard spec completions)
    same 'the kind of completion' "$(shard spec completionMode)" Indexed
    [[ ${words[*]} =~ --shard\ \"\$JOB_COMPLETION_INDEX/([0-9]+)\" ]] || fail 'it has no --shard'
    same 'the number of shards' "${BASH_REMATCH[1]}" "$completions"
    [ "$(shard spec parallelism)" -le "$completions" ] || fail 'more pods at once than shards'
    [[ ${words[*]} =~ --jobs\ ([0-9]+) ]] || fail 'it has no --jobs'
    same 'processors' "$(shard "${container[@]}" resources requests cpu)" "${BASH_REMATCH[1]}"
    same 'how often a shard is repeated' "$(shard spec backoffLimitPerIndex)" 0
    same 'the image' "$(merge "${container[@]}" image)" "$(shard "${container[@]}" image)"
    grep -qF "docker build -t $(shard "${container[@]}" image) " "$docs/campaigns/Dockerfile" ||
        fail 'the Dockerfile tells of another image'
    claim=$(value kubernetes.yaml PersistentVolumeClaim metadata name)
    same 'who may write' "$(value kubernetes.yaml PersistentVolumeClaim spec accessModes 0)" ReadWriteMany
    for job in shard merge; do
        same "restarts of $job" "$($job "${pod[@]}" restartPolicy)" Never
        same "the claim of $job" "$($job "${pod[@]}" volumes 0 persistentVolumeClaim claimName)" "$claim"
        same "the volume of $job" "$($job "${container[@]}" volumeMounts 0 name)" \
            "$($job "${pod[@]}" volumes 0 name)"
        same "where $job has it" "$($job "${container[@]}" volumeMounts 0 mountPath)" /results
        grep -qF "job/$($job metadata name)" "$docs/campaigns.md" || fail "campaigns.md lacks the name of $job"
    done
}

# ARRAY TEXT NEW: in the last word of the array, which has to have the text once.
replace() {
    local -n list=$1
    local before=${list[-1]%%"$2"*} after=${list[-1]#*"$2"}
    [ "$before$2$after" = "${list[-1]}" ] && [[ $after != *"$2"* ]] || fail "not once in ${list[-1]}: $2"
    list[-1]=$before$3$after
}

# STATUS VARIABLES... -- COMMAND...
run() {
    local status=$1 variables=()
    shift
    while [ "$1" != -- ]; do
        variables+=("$1")
        shift
    done
    shift
    (cd / && env -i PATH="$(dirname "$sim"):/usr/bin:/bin" "${variables[@]}" "$@") >"$work/said" 2>&1
    local ended=$?
    [ $ended = "$status" ] || fail "$* ended with $ended instead of $status"
}

says() { grep -qF -- "$1" "$work/said" || fail "it does not say: $1"; }

check_agreement
replace words '--seeds 1..200000 ' "--seeds 1..$completions "
replace words '"/results/' "\"$results/"
replace merge_words ' /results/' " $results/"
for ((index = 0; index < completions; ++index)); do
    run 0 JOB_COMPLETION_INDEX=$index -- "${words[@]}"
    says 'canary: the planted bug'
done
alone=$("$sim" run --seeds "1..$completions" --no-canary | grep '^trace hash')
run 0 -- "${merge_words[@]}"
says "${alone:?a single run gives no trace hash}"
rm "$results/part-$((completions - 1)).jsonl"
run 1 -- "${merge_words[@]}"
says "VOID: 1 of $completions shards are missing: $((completions - 1))"
echo "the Job is worth a single run: $alone"
