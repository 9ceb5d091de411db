#!/usr/bin/env bash
# Deploys the application to AWS: builds the functions once, for arm64, and brings the stack to infra/template.yaml.
#
#     infra/deploy/deploy.sh [options] [NAME=VALUE…]
#
#     --model FILE      a model.tar.gz to upload (scones model train makes one); needed once, for the endpoint
#     --no-image        leave the model container in ECR as it is
#     --stack NAME      the CloudFormation stack (scones)
#     --dry-run         print each command and run none
#     NAME=VALUE        a parameter of the template, for example AlarmEmail=you@example.com
#
# The endpoint needs its image and its model before it can be made. So the first deployment is one without endpoint, which
# makes the bucket; then the image and the model go up, then the endpoint is added. Without --model, and with none in the bucket,
# all is deployed but the endpoint.
set -euo pipefail
here=$(dirname "$0")
# shellcheck source=infra/deploy/commands.sh
. "$here/commands.sh"
root=$(cd "$here/../.." && pwd)

stack=scones model='' image=true
parameters=()
while [ $# -gt 0 ]; do
    case $1 in
    --model | --stack)
        [ $# -gt 1 ] || fail "$1 needs a value"
        [ "$1" = --model ] && model=$2 || stack=$2
        shift
        ;;
    --no-image) image=false ;;
    --dry-run) dry_run=true ;;
    --help | -h)
        sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"
        exit
        ;;
    [A-Za-z]*=*) parameters+=("$1") ;;
    *) fail "unknown argument $1: see --help" ;;
    esac
    shift
done

[ -z "$model" ] || [ -f "$model" ] || fail "--model $model: no such file"
need_aws
need sam "install the AWS SAM CLI (pip install aws-sam-cli)"
need cargo-lambda "install it (pip install cargo-lambda), it compiles for arm64 without Docker"
cd "$root"

exists() { # in a dry run nothing is there
    ! $dry_run || return 1
    "$@" >/dev/null 2>&1
}

stack_exists=false
before='' # the parameters of the stack as it is, which a deployment keeps: a line each, "NAME<tab>VALUE"
if exists aws cloudformation describe-stacks --stack-name "$stack"; then
    stack_exists=true
    before=$(aws cloudformation describe-stacks --stack-name "$stack" --output text \
        --query 'Stacks[0].Parameters[].[ParameterKey,ParameterValue]')
fi

# The value of a parameter: as given, as the stack has it, or its default ($2).
parameter() {
    local given value
    value=$(awk -F '\t' -v name="$1" '$1 == name {print $2}' <<<"$before")
    for given in ${parameters[@]+"${parameters[@]}"}; do
        case $given in "$1="*) value=${given#*=} ;; esac
    done
    printf '%s\n' "${value:-$2}"
}

in_lambda=$(parameter ModelInLambda false)
repository=$(parameter ModelRepository scones-model)
model_key=$(parameter ModelDataKey models/model.tar.gz)
# A new model or image has a name of its own, or CloudFormation would see no change and the endpoint would keep the old one.
if [ -n "$model" ]; then
    digest=$(sha256sum "$model")
    model_key=models/${digest:0:16}/model.tar.gz
    parameters+=("ModelDataKey=$model_key")
fi
tag=$(before='' parameter ModelImageTag "$(git rev-parse --short=12 HEAD 2>/dev/null || echo latest)")
# The stack may have none only because there was no model yet.
wants_endpoint=$(before='' parameter DeployEndpoint true)
[ "$wants_endpoint" = true ] || image=false
if $image; then parameters+=("ModelImageTag=$tag"); fi

# All functions in one build: `sam build` would compile the workspace once for each of them.
build_functions() {
    local features=()
    [ "$in_lambda" = false ] || features=(--features embedded-model)
    run cargo lambda build --release --arm64 --locked --package lambdas ${features[@]+"${features[@]}"}
}

deploy() { # WITH_ENDPOINT
    run sam deploy --template-file infra/template.yaml --stack-name "$stack" --region "$region" \
        --capabilities CAPABILITY_IAM --resolve-s3 --no-confirm-changeset --no-fail-on-empty-changeset \
        --parameter-overrides ${parameters[@]+"${parameters[@]}"} "DeployEndpoint=$1"
}

push_image() {
    local registry=$account.dkr.ecr.$region.amazonaws.com
    need docker "it builds and pushes the model container; --no-image goes without"
    run infra/container/build.sh
    exists aws ecr describe-repositories --repository-names "$repository" ||
        run aws ecr create-repository --repository-name "$repository" --image-scanning-configuration scanOnPush=true
    echo "+ aws ecr get-login-password | docker login --username AWS --password-stdin $registry" >&2
    $dry_run || aws ecr get-login-password | docker login --username AWS --password-stdin "$registry"
    run docker tag scones-model:latest "$registry/$repository:$tag"
    run docker push "$registry/$repository:$tag"
}

build_functions
with_endpoint=$wants_endpoint
if [ "$wants_endpoint" = true ] || [ "$in_lambda" = true ]; then
    $stack_exists || deploy false
    [ -z "$model" ] || run aws s3 cp "$model" "s3://$bucket/$model_key"
    if [ -z "$model" ] && ! exists aws s3api head-object --bucket "$bucket" --key "$model_key"; then
        echo "There is no s3://$bucket/$model_key yet, so no endpoint: deploy again with --model FILE." >&2
        with_endpoint=false
    fi
fi
if $image; then push_image; fi
deploy "$with_endpoint"
run aws cloudformation describe-stacks --stack-name "$stack" --query 'Stacks[0].Outputs' --output table
