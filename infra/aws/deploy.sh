#!/usr/bin/env bash
# From nothing to a monitored ShelfWatch on EKS, and from any state to the present version: each step looks first.
#
#   infra/aws/deploy.sh [--dry-run] [--postgres]
#
# --dry-run    Only look, and print what would be run.
# --postgres   Rows in the database at $DATABASE_URL, photos in the bucket $PHOTO_BUCKET, one to three pods. Without it one
#              pod keeps both on a volume.
# Environment: AWS_REGION (eu-central-1), CLUSTER, NAMESPACE, RELEASE, REPOSITORY (shelfwatch), TAG (the commit),
#              HOST and CERTIFICATE_ARN for HTTPS.
set -euo pipefail
POSTGRES=no
for argument in "$@"; do
    case $argument in
    --dry-run) DRY_RUN=yes ;;
    --postgres) POSTGRES=yes ;;
    -h | --help)
        sed -n '2,/^set/{s/^# \{0,1\}//;/^set/d;p;}' "$0"
        exit 0
        ;;
    *)
        echo "unknown option $argument; --help names them" >&2
        exit 2
        ;;
    esac
done
# shellcheck source=infra/aws/lib.sh
. "$(dirname "$0")/lib.sh"

step "check tools"
need aws eksctl kubectl helm docker git
ACCOUNT=$(account)
REGISTRY=$ACCOUNT.dkr.ecr.$REGION.amazonaws.com
TAG=${TAG:-$(git -C "$ROOT" rev-parse --short=12 HEAD)}
if [ "$POSTGRES" = yes ]; then
    : "${DATABASE_URL:?--postgres needs DATABASE_URL, postgresql://user:password@host/name}"
    : "${PHOTO_BUCKET:?--postgres needs PHOTO_BUCKET, the name of a bucket that is there or may be made}"
fi
say "cluster $CLUSTER in $REGION, version $TAG"

step "registry"
if aws ecr describe-repositories --repository-names "$REPOSITORY" >/dev/null 2>&1; then
    say "the repository $REPOSITORY is there"
else
    run aws ecr create-repository --repository-name "$REPOSITORY" --image-tag-mutability IMMUTABLE \
        --image-scanning-configuration scanOnPush=true --encryption-configuration encryptionType=AES256
    run aws ecr put-lifecycle-policy --repository-name "$REPOSITORY" --lifecycle-policy-text "file://$HERE/lifecycle.json"
fi

step "build and push"
if aws ecr describe-images --repository-name "$REPOSITORY" --image-ids "imageTag=$TAG" >/dev/null 2>&1; then
    say "the image $TAG is there"
else
    run docker build --platform linux/amd64 --build-arg "VERSION=$TAG" --build-arg "REVISION=$TAG" --tag shelfwatch:base "$ROOT"
    run docker build --platform linux/amd64 --file "$ROOT/Dockerfile.aws" --build-arg BASE=shelfwatch:base \
        --build-arg "VERSION=$TAG" --build-arg "REVISION=$TAG" --tag "$REGISTRY/$REPOSITORY:$TAG" "$ROOT"
    if [ "$DRY_RUN" = no ]; then
        aws ecr get-login-password | docker login --username AWS --password-stdin "$REGISTRY"
    fi
    run docker push "$REGISTRY/$REPOSITORY:$TAG"
fi

step "cluster"
if cluster_is_there; then
    say "the cluster $CLUSTER is there"
else
    file=$(cluster_file "$NODE_GROUP")
    run eksctl create cluster --config-file "$file"
fi
run aws eks update-kubeconfig --name "$CLUSTER"

step "controllers"
run kubectl apply --filename "$HERE/storage-class.yaml"
# Pods may not ask the node's metadata service, so the controller is told which network it is in.
vpc=$(aws eks describe-cluster --name "$CLUSTER" --query cluster.resourcesVpcConfig.vpcId --output text 2>/dev/null || true)
run helm upgrade --install aws-load-balancer-controller aws-load-balancer-controller \
    --repo https://aws.github.io/eks-charts --version 1.14.0 --namespace kube-system \
    --set "clusterName=$CLUSTER" --set "region=$REGION" --set "vpcId=${vpc:-of the new cluster}" \
    --set serviceAccount.create=false --set serviceAccount.name=aws-load-balancer-controller --wait
run helm upgrade --install cluster-autoscaler cluster-autoscaler \
    --repo https://kubernetes.github.io/autoscaler --version 9.46.6 --namespace kube-system \
    --set "autoDiscovery.clusterName=$CLUSTER" --set "awsRegion=$REGION" \
    --set rbac.serviceAccount.create=false --set rbac.serviceAccount.name=cluster-autoscaler --wait

step "secrets"
if kubectl get namespace "$NAMESPACE" >/dev/null 2>&1; then
    say "the namespace $NAMESPACE is there"
else
    run kubectl create namespace "$NAMESPACE"
fi
metrics=$(secret)
if secret_is_there shelfwatch-metrics; then
    # Prometheus and the service have to know the same one, should an earlier run have stopped between the two.
    metrics=$(kubectl --namespace "$NAMESPACE" get secret shelfwatch-metrics --output 'jsonpath={.data.key}' | base64 -d)
fi
make_secret shelfwatch-metrics "key=$metrics"
make_secret shelfwatch-keys "api-keys=admin=$(secret),prometheus=$metrics"
make_secret shelfwatch-grafana "password=$(secret)"

values=("--values" "$ROOT/infra/k8s/shelfwatch/values-eks.yaml")
if [ "$POSTGRES" = yes ]; then
    step "database and bucket"
    values=("--values" "$ROOT/infra/k8s/shelfwatch/values-eks-postgres.yaml")
    make_secret shelfwatch-database "url=$DATABASE_URL"
    if aws s3api head-bucket --bucket "$PHOTO_BUCKET" >/dev/null 2>&1; then
        say "the bucket is there"
    else
        run aws s3 mb "s3://$PHOTO_BUCKET"
        run aws s3api put-public-access-block --bucket "$PHOTO_BUCKET" --public-access-block-configuration \
            BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true
    fi
    policy=arn:aws:iam::$ACCOUNT:policy/$CLUSTER-photos
    role=$CLUSTER-photos
    if ! aws iam get-policy --policy-arn "$policy" >/dev/null 2>&1; then
        run aws iam create-policy --policy-name "$CLUSTER-photos" \
            --policy-document "$(sed "s/BUCKET/$PHOTO_BUCKET/g" "$HERE/photos-policy.json" | tr -d '\n ')"
    fi
    if ! aws iam get-role --role-name "$role" >/dev/null 2>&1; then
        run eksctl create iamserviceaccount --cluster "$CLUSTER" --namespace "$NAMESPACE" --name "$RELEASE" \
            --role-name "$role" --attach-policy-arn "$policy" --role-only --approve
    fi
    values+=("--set" "photos.store=s3://$PHOTO_BUCKET/photos")
    values+=("--set" "serviceAccount.annotations.eks\\.amazonaws\\.com/role-arn=arn:aws:iam::$ACCOUNT:role/$role")
fi
[ -z "${HOST:-}" ] || values+=("--set" "ingress.host=$HOST")
[ -z "${CERTIFICATE_ARN:-}" ] || values+=("--set" "ingress.certificateArn=$CERTIFICATE_ARN")

step "chart"
# Waits until the pods answer; where they do not in ten minutes, everything is as it was before.
run helm upgrade --install "$RELEASE" "$ROOT/infra/k8s/shelfwatch" --namespace "$NAMESPACE" "${values[@]}" \
    --set "image.repository=$REGISTRY/$REPOSITORY" --set "image.tag=$TAG" --atomic --wait --timeout 10m

step "smoke test"
run helm test "$RELEASE" --namespace "$NAMESPACE" --timeout 3m

step "address"
if [ "$DRY_RUN" = yes ]; then
    say "would wait for the load balancer and print its address"
    exit 0
fi
address=
for _ in $(seq 60); do
    address=$(kubectl --namespace "$NAMESPACE" get ingress "$RELEASE" \
        --output 'jsonpath={.status.loadBalancer.ingress[0].hostname}')
    [ -z "$address" ] || break
    sleep 5
done
[ -n "$address" ] || fail "the load balancer has no address after five minutes"
scheme=http
[ -z "${CERTIFICATE_ARN:-}" ] || scheme=https
say "$scheme://${HOST:-$address}"
say "the key of the page: kubectl -n $NAMESPACE get secret shelfwatch-keys -o jsonpath='{.data.api-keys}' | base64 -d"
say "Grafana: kubectl -n $NAMESPACE port-forward service/$RELEASE-grafana 3000"
if [ "$scheme" = http ]; then
    say "Keys and photos travel unencrypted until HOST and CERTIFICATE_ARN are set."
fi
