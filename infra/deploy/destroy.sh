#!/usr/bin/env bash
# Deletes what deploy.sh made: the stack, the bucket with every version of every object, and the model container's images.
#
#     infra/deploy/destroy.sh [options]
#
#     --stack NAME      the CloudFormation stack (scones)
#     --repository NAME the ECR repository of the model container (scones-model)
#     --yes             do not ask
#     --dry-run         print each command and run none
#
# Models, endpoint configurations and jobs that train-and-deploy made are not the stack's: they cost nothing, stay, and
# are listed at the end.
set -euo pipefail
here=$(dirname "$0")
# shellcheck source=infra/deploy/commands.sh
. "$here/commands.sh"

stack=scones repository=scones-model yes=false
while [ $# -gt 0 ]; do
    case $1 in
    --stack | --repository)
        [ $# -gt 1 ] || fail "$1 needs a value"
        [ "$1" = --stack ] && stack=$2 || repository=$2
        shift
        ;;
    --yes) yes=true ;;
    --dry-run) dry_run=true ;;
    --help | -h)
        sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"
        exit
        ;;
    *) fail "unknown argument $1: see --help" ;;
    esac
    shift
done

need_jq
need_aws
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if ! $yes && ! $dry_run; then
    echo "This deletes the stack $stack in $region (account $account), and s3://$bucket with all images and models in it."
    read -r -p "Type the name of the stack to go on: " answer || true
    [ "${answer:-}" = "$stack" ] || fail "nothing was deleted"
fi

# A bucket with versions is empty when they and the markers of deletions are gone, 1,000 a request. The request goes by a file: as
# an argument it may be longer than the kernel takes.
delete_versions() { # Versions or DeleteMarkers
    local refused
    echo '{}' >"$work/before"
    while aws s3api list-object-versions --bucket "$bucket" --max-items 1000 --output json \
        --query "{Objects: $1[:1000].{Key: Key, VersionId: VersionId}, Quiet: \`true\`}" >"$work/page" ||
        fail "the versions of s3://$bucket can't be listed, so nothing else was deleted"; do
        jq -e '.Objects // [] | length > 0' "$work/page" >/dev/null || return 0
        ! cmp -s "$work/page" "$work/before" ||
            stuck "$(jq -r '.Objects[] | "\(.Key) (version \(.VersionId)): deleted, but still there"' "$work/page")"
        refused=$(aws s3api delete-objects --bucket "$bucket" --delete "file://$work/page" --output json --query Errors) ||
            stuck "$(jq -r '.Objects[] | "\(.Key) (version \(.VersionId))"' "$work/page")"
        refused=$(jq -r '.[]? | "\(.Key) (version \(.VersionId)): \(.Code), \(.Message)"' <<<"$refused")
        [ -z "$refused" ] || stuck "$refused"
        mv "$work/page" "$work/before"
    done
}

# stuck LINES: ends because of versions that can't be deleted, a line each.
stuck() {
    head -n 10 <<<"$1" >&2
    fail "s3://$bucket keeps $(wc -l <<<"$1") versions that can't be deleted, so the stack $stack was not deleted either: mend what holds \
them (a policy, Object Lock, your own rights), then run this again"
}

if $dry_run || aws s3api head-bucket --bucket "$bucket" >/dev/null 2>&1; then
    echo "+ delete every version of every object of s3://$bucket" >&2
    if ! $dry_run; then
        delete_versions Versions
        delete_versions DeleteMarkers
    fi
fi
# An endpoint that train-and-deploy has moved to another configuration is deleted with the stack all the same.
run aws cloudformation delete-stack --stack-name "$stack"
run aws cloudformation wait stack-delete-complete --stack-name "$stack" ||
    fail "the stack is not gone: aws cloudformation describe-stack-events --stack-name $stack says why"
run aws ecr delete-repository --repository-name "$repository" --force ||
    echo "There was no ECR repository $repository." >&2
echo "Left over from train-and-deploy:" >&2
run aws sagemaker list-models --name-contains scones- --query 'Models[].ModelName' --output text
run aws sagemaker list-endpoint-configs --name-contains scones- \
    --query 'EndpointConfigs[].EndpointConfigName' --output text
