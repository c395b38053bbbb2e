#!/usr/bin/env bash
# Replace the nodes by a new group of what cluster.yaml says now, blue by green or green by blue. The load balancer stays.
#
#   infra/aws/migrate-nodes.sh [--dry-run]
#
# Pods are moved one at a time, as the disruption budget says; the old group is deleted only when it is empty.
set -euo pipefail
for argument in "$@"; do
    case $argument in
    --dry-run) DRY_RUN=yes ;;
    *)
        echo "usage: $0 [--dry-run]" >&2
        exit 2
        ;;
    esac
done
# shellcheck source=infra/aws/lib.sh
. "$(dirname "$0")/lib.sh"

step "check tools"
need aws eksctl kubectl
cluster_is_there || fail "there is no cluster $CLUSTER in $REGION"
old=
new=spot-blue
for group in $(node_groups); do
    case $group in
    spot-blue) old="$old spot-blue" new=spot-green ;;
    spot-green) old="$old spot-green" ;;
    esac
done
case $old in
"") fail "neither spot-blue nor spot-green is there" ;;
*" "*" "*) say "both groups are there: an earlier run was interrupted. Going on with spot-blue to spot-green." && old=" spot-blue" ;;
esac
old=${old# }
say "from $old to $new"

step "add $new"
if node_groups | tr '\t' '\n' | grep -qx "$new"; then
    say "the group $new is there"
else
    file=$(cluster_file "$new")
    run eksctl create nodegroup --config-file "$file" --include "$new"
fi
run kubectl wait --for=condition=Ready nodes --selector "eks.amazonaws.com/nodegroup=$new" --timeout 10m

step "cordon $old"
run kubectl cordon --selector "eks.amazonaws.com/nodegroup=$old"

step "drain $old"
run kubectl drain --selector "eks.amazonaws.com/nodegroup=$old" --ignore-daemonsets --delete-emptydir-data --timeout 20m
run kubectl --namespace "$NAMESPACE" rollout status "deployment/$RELEASE" --timeout 10m

step "delete $old"
run eksctl delete nodegroup --cluster "$CLUSTER" --name "$old" --drain=false --wait
say "done; the load balancer and its address are what they were"
