# What deploy.sh and destroy.sh have in common: sourced, not run.
# shellcheck shell=bash

dry_run=false

fail() {
    echo "$(basename "$0"): $1" >&2
    exit 1
}

# Prints a command as one would type it, and runs it unless this is a dry run.
run() {
    printf '+' >&2
    printf ' %q' "$@" >&2
    printf '\n' >&2
    $dry_run || "$@"
}

# The same for a command whose output is needed: $1 stands for it in a dry run.
ask() {
    local placeholder=$1
    shift
    run "$@" || return
    if $dry_run; then printf '%s\n' "$placeholder"; fi
}

# absolute FILE: the file from the folder in which the script was called, and never an option of a program.
absolute() {
    case $1 in
    /*) printf '%s' "$1" ;;
    *) printf '%s/%s' "$PWD" "$1" ;;
    esac
}

# need PROGRAM WHAT: says what a program that is not there is for, and where to get it.
need() {
    command -v "$1" >/dev/null || fail "$1 is not there: $2"
}

need_jq() {
    need jq "install it (apt-get install jq)"
}

need_aws() {
    need aws "install the AWS CLI (https://aws.amazon.com/cli/)"
    region=${AWS_REGION:-${AWS_DEFAULT_REGION:-$(aws configure get region || true)}}
    [ -n "$region" ] || fail "no region: set AWS_REGION, for example to us-east-1"
    export AWS_REGION=$region AWS_DEFAULT_REGION=$region # the AWS CLI 1 reads the latter only
    account=$(ask ACCOUNT aws sts get-caller-identity --query Account --output text) ||
        fail "AWS does not take your credentials: sign in (aws sso login, or aws configure), then try again"
    # shellcheck disable=SC2034 # for the scripts that source this
    bucket=scones-unlimited-$account-$region
    # A deployment that went to the local stack by mistake would look like one.
    [ -z "${AWS_ENDPOINT_URL:-}" ] || fail "AWS_ENDPOINT_URL is $AWS_ENDPOINT_URL: unset it to reach AWS"
}
