#!/usr/bin/env bash
# Stands for aws, sam, cargo, cargo-lambda and docker: writes down how it was called (a JSON array a call), keeps copies of the files
# that it was given, and answers as the test says.
name=$(basename "$0")
jq -cn '$ARGS.positional' --args -- "$name" "$@" >>"$FAKE_LOG"
for argument; do
    case $argument in file://*) cp "${argument#file://}" "$FAKE_LOG.files/$(wc -l <"$FAKE_LOG").yaml" ;; esac
done
case "$name $*" in
"aws sts get-caller-identity"*)
    [ -z "${FAKE_SIGNED_OUT:-}" ] || { echo "Unable to locate credentials" >&2; exit 253; }
    echo 123456789012
    ;;
"aws configure get region"*) exit 1 ;;
"aws cloudformation describe-stacks"*)
    [ -n "${FAKE_STACK:-}" ] || [ -e "$FAKE_LOG.stack" ] || exit 254
    case "$*" in *Parameters*) printf '%s' "${FAKE_PARAMETERS:-null}" ;; esac
    ;;
"aws s3api head-object"*) [ -n "${FAKE_MODEL:-}" ] || exit 254 ;;
"aws s3api head-bucket"*) [ -n "${FAKE_STACK:-}" ] || exit 254 ;;
"aws s3api list-object-versions"*)
    [ -z "${FAKE_UNLISTED:-}" ] || exit 254
    # One page of versions, then none; or the same for ever.
    case "$*" in *Versions*) kind=versions ;; *) kind=markers ;; esac
    page=${FAKE_VERSIONS:-'[{"Key": "a", "VersionId": "1"}]'}
    if [ -z "${FAKE_VERSIONS:-}" ] && [ -e "$FAKE_LOG.$kind" ]; then page=null; fi
    touch "$FAKE_LOG.$kind"
    echo "{\"Objects\": $page, \"Quiet\": true}"
    ;;
"aws s3api delete-objects"*) printf '%s' "${FAKE_REFUSED:-null}" ;;
"aws stepfunctions start-execution"*) echo arn:execution ;;
"aws stepfunctions describe-execution"*)
    case "$*" in *"--query output"*) echo '{"label": "bicycle"}' ;; *) echo "$FAKE_EXECUTION" ;; esac
    ;;
"docker push"* | "docker tag"* | "docker login"*) ;;
"sam --version") echo "SAM CLI, version 1.170.0" ;;
"sam deploy"*)
    [ -z "${FAKE_DEPLOY_FAILS:-}" ] || exit 1
    touch "$FAKE_LOG.stack"
    ;;
esac
