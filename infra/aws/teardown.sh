#!/usr/bin/env bash
# Remove what deploy.sh has made, so that it costs nothing any more.
#
#   infra/aws/teardown.sh [--dry-run] [--yes] [--data] [--images]
#
# --yes      Do not ask.
# --data     Audits too: the volume of the release. Without it the volume is kept, and named.
# --images   The image repository too.
# A database and a bucket of --postgres are never touched.
set -euo pipefail
YES=no DATA=no IMAGES=no
for argument in "$@"; do
    case $argument in
    --dry-run) DRY_RUN=yes ;;
    --yes) YES=yes ;;
    --data) DATA=yes ;;
    --images) IMAGES=yes ;;
    *)
        echo "usage: $0 [--dry-run] [--yes] [--data] [--images]" >&2
        exit 2
        ;;
    esac
done
# shellcheck source=infra/aws/lib.sh
. "$(dirname "$0")/lib.sh"

step "check tools"
need aws eksctl kubectl helm
if [ "$DRY_RUN" = no ] && [ "$YES" = no ]; then
    printf 'Remove the cluster %s in %s and everything in it? Type its name: ' "$CLUSTER" "$REGION"
    read -r typed || typed=
    [ "$typed" = "$CLUSTER" ] || fail "not confirmed"
fi

if cluster_is_there; then
    run aws eks update-kubeconfig --name "$CLUSTER"
    step "volumes"
    if [ "$DATA" = no ]; then
        # A volume whose claim goes with the cluster is only kept where that was said before.
        for volume in $(kubectl --namespace "$NAMESPACE" get persistentvolumeclaim "$RELEASE" --ignore-not-found \
            --output 'jsonpath={.spec.volumeName}'); do
            run kubectl patch persistentvolume "$volume" --patch '{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}'
            say "kept: $(kubectl get persistentvolume "$volume" --output 'jsonpath={.spec.csi.volumeHandle}')"
        done
    fi

    step "chart"
    # The balancer goes with the Ingress, while its controller is still there; otherwise it would stay and cost.
    run helm uninstall "$RELEASE" --namespace "$NAMESPACE" --ignore-not-found --wait
    run kubectl --namespace "$NAMESPACE" delete persistentvolumeclaim --all --wait
    run kubectl --namespace "$NAMESPACE" wait --for=delete ingress --all --timeout 5m

    step "cluster"
    run eksctl delete cluster --name "$CLUSTER" --region "$REGION" --wait --disable-nodegroup-eviction
else
    step "cluster"
    say "there is no cluster $CLUSTER"
fi

step "images"
if [ "$IMAGES" = no ]; then
    say "kept: the repository $REPOSITORY (--images removes it)"
elif aws ecr describe-repositories --repository-names "$REPOSITORY" >/dev/null 2>&1; then
    run aws ecr delete-repository --repository-name "$REPOSITORY" --force
fi
