# What the scripts beside this one share. Sourced by them, after `set -euo pipefail`.
# shellcheck shell=bash
set -E # a failure within a function is told of too
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export ROOT
ROOT=$(cd "$HERE/../.." && pwd)
CLUSTER=${CLUSTER:-shelfwatch}
REGION=${AWS_REGION:-${AWS_DEFAULT_REGION:-eu-central-1}}
NAMESPACE=${NAMESPACE:-shelfwatch}
RELEASE=${RELEASE:-shelfwatch}
REPOSITORY=${REPOSITORY:-shelfwatch}
NODE_GROUP=${NODE_GROUP:-spot-blue}
DRY_RUN=${DRY_RUN:-no}
export AWS_REGION=$REGION AWS_PAGER=""

STEP=start
step() {
    STEP=$1
    printf '\n== %s\n' "$STEP"
}
say() { printf '   %s\n' "$*"; }
fail() {
    printf 'Stopped at "%s": %s\n' "$STEP" "$*" >&2
    trap - ERR
    exit 1
}
trap 'fail "the command above did not succeed"' ERR

# Everything that changes something goes through here. What it reads on its input is handed on.
run() {
    if [ "$DRY_RUN" = yes ]; then
        printf '   would run:'
        printf ' %s' "$@"
        printf '\n'
    else
        "$@"
    fi
}

need() {
    local tool missing=
    for tool in "$@"; do command -v "$tool" >/dev/null 2>&1 || missing="$missing $tool"; done
    [ -z "$missing" ] || fail "these tools are missing:$missing. See infra/aws/README.md."
}

account() { aws sts get-caller-identity --query Account --output text; }

cluster_is_there() { aws eks describe-cluster --name "$CLUSTER" --query cluster.status --output text >/dev/null 2>&1; }

node_groups() { aws eks list-nodegroups --cluster-name "$CLUSTER" --query 'nodegroups[]' --output text; }

# cluster.yaml for this cluster, with the node group of the name given.
cluster_file() {
    local file
    file=$(mktemp)
    sed -e "s/CLUSTER/$CLUSTER/g" -e "s/REGION/$REGION/g" -e "s/NODE_GROUP/$1/g" "$HERE/cluster.yaml" >"$file"
    printf '%s' "$file"
}

secret() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

secret_is_there() { kubectl --namespace "$NAMESPACE" get secret "$1" >/dev/null 2>&1; }

# make_secret NAME KEY=VALUE...; values go through a file that nobody else can read, never through the list of processes.
make_secret() {
    local name=$1 file
    shift
    if secret_is_there "$name"; then
        say "the secret $name is there"
        return
    fi
    if [ "$DRY_RUN" = yes ]; then
        say "would make the secret $name"
        return
    fi
    file=$(umask 077 && mktemp)
    printf '%s\n' "$@" >"$file"
    kubectl --namespace "$NAMESPACE" create secret generic "$name" --from-env-file="$file"
    rm -f "$file"
}
