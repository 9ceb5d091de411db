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
# The environment variable PARAMETERS has more parameters, quoted as in a shell: Labels='bicycle,motor bike' LogRetentionDays=90.
# The command line goes before it.
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
given='{}' # the parameters, as a JSON object

# Takes NAME=VALUE, whatever the value is.
give() {
    [[ $1 =~ ^[A-Za-z][A-Za-z0-9]*= ]] || fail "$2"
    given=$(jq -c --arg name "${1%%=*}" --arg value "${1#*=}" '.[$name] = $value' <<<"$given")
}

need_jq
if [ -n "${PARAMETERS:-}" ]; then
    words=$(mktemp)
    xargs -r printf '%s\0' <<<"$PARAMETERS" >"$words" || fail "PARAMETERS can't be read: quote values as in a shell"
    while IFS= read -r -d '' word; do
        give "$word" "PARAMETERS: $word is not NAME=VALUE; quote values that have spaces"
    done <"$words"
    rm "$words"
fi
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
    *) give "$1" "unknown argument $1: see --help" ;;
    esac
    shift
done

if [ -n "$model" ]; then
    [ -f "$model" ] || fail "--model $model: no such file"
    model=$(absolute "$model")
fi
need_aws
need sam "install the AWS SAM CLI (pip install aws-sam-cli)"
need cargo-lambda "install it (pip install cargo-lambda), it compiles for arm64 without Docker"
cd "$root"

exists() { # in a dry run nothing is there
    ! $dry_run || return 1
    "$@" >/dev/null 2>&1
}

stack_exists=false
before='{}' # the parameters of the stack as it is, which a deployment keeps
if exists aws cloudformation describe-stacks --stack-name "$stack"; then
    stack_exists=true
    before=$(aws cloudformation describe-stacks --stack-name "$stack" --output json --query 'Stacks[0].Parameters' |
        jq -c '[.[]? | {(.ParameterKey): .ParameterValue}] | add // {}')
fi

# The value of a parameter: as given, as the stack has it, or its default ($2).
parameter() {
    jq -rn --argjson before "$before" --argjson given "$given" --arg name "$1" --arg default "$2" \
        '($before + $given)[$name] | if . == null or . == "" then $default else . end'
}

in_lambda=$(parameter ModelInLambda false)
repository=$(parameter ModelRepository scones-model)
model_key=$(parameter ModelDataKey models/model.tar.gz)
# A new model or image has a name of its own, or CloudFormation would see no change and the endpoint would keep the old one.
if [ -n "$model" ]; then
    digest=$(sha256sum <"$model")
    model_key=models/${digest:0:16}/model.tar.gz
    give "ModelDataKey=$model_key"
fi
tag=$(before='{}' parameter ModelImageTag "$(git rev-parse --short=12 HEAD 2>/dev/null || echo latest)")
# The stack may have none only because there was no model yet.
wants_endpoint=$(before='{}' parameter DeployEndpoint true)
[ "$wants_endpoint" = true ] || image=false
if $image; then give "ModelImageTag=$tag"; fi

# All functions in one build: `sam build` would compile the workspace once for each of them.
build_functions() {
    local features=()
    [ "$in_lambda" = false ] || features=(--features embedded-model)
    run cargo lambda build --profile deploy --arm64 --locked --package lambdas ${features[@]+"${features[@]}"}
}

# SAM cuts values of the command line at spaces and reads more parameters in what is left, so they go by a file. JSON is YAML, the
# form that SAM reads. It takes quotes around a value off, and backslashes before spaces and quotes, twice: put them on where needed.
sam_parameters='def quoted: "\"" + gsub("\\\\(?=[ \"\u0027])"; "\\\\") + "\"";
    map_values(if test("^[\"\u0027]|\\\\[ \"\u0027]") then quoted | quoted else . end)'
deploy() { # WITH_ENDPOINT
    local file=target/deploy/parameters.yaml
    give "DeployEndpoint=$1"
    mkdir -p "$(dirname "$file")"
    jq "$sam_parameters" <<<"$given" >"$file"
    echo "+ $file: $given" >&2
    run sam deploy --template-file infra/template.yaml --stack-name "$stack" --region "$region" \
        --capabilities CAPABILITY_IAM --resolve-s3 --no-confirm-changeset --no-fail-on-empty-changeset \
        --parameter-overrides "file://$file" ||
        fail "sam deploy failed; it must be version 1.152.0 or newer, and this is $(sam --version)"
}

push_image() {
    local registry=$account.dkr.ecr.$region.amazonaws.com
    need docker "it builds and pushes the model container; --no-image goes without"
    run infra/container/build.sh scones-model
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
