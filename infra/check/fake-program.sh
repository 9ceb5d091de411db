#!/usr/bin/env bash
# Stands for aws, sam, cargo, cargo-lambda and docker: writes down how it was called, and answers as the test says.
name=$(basename "$0")
echo "$name $*" >>"$FAKE_LOG"
case "$name $*" in
"aws sts get-caller-identity"*)
    [ -z "${FAKE_SIGNED_OUT:-}" ] || { echo "Unable to locate credentials" >&2; exit 253; }
    echo 123456789012
    ;;
"aws configure get region"*) exit 1 ;;
"aws cloudformation describe-stacks"*)
    [ -n "${FAKE_STACK:-}" ] || [ -e "$FAKE_LOG.stack" ] || exit 254
    case "$*" in *ParameterKey*) printf '%b' "${FAKE_PARAMETERS:-}" ;; esac
    ;;
"aws s3api head-object"*) [ -n "${FAKE_MODEL:-}" ] || exit 254 ;;
"aws s3api head-bucket"*) [ -n "${FAKE_STACK:-}" ] || exit 254 ;;
"aws s3api list-object-versions"*)
    # One page of versions, then none.
    case "$*" in *Versions*) kind=versions ;; *) kind=markers ;; esac
    if [ -e "$FAKE_LOG.$kind" ]; then echo '{"Objects": null, "Quiet": true}'; else
        touch "$FAKE_LOG.$kind"
        echo '{"Objects": [{"Key": "a", "VersionId": "1"}], "Quiet": true}'
    fi
    ;;
"aws stepfunctions start-execution"*) echo arn:execution ;;
"aws stepfunctions describe-execution"*)
    case "$*" in *"--query output"*) echo '{"label": "bicycle"}' ;; *) echo "$FAKE_EXECUTION" ;; esac
    ;;
"docker push"* | "docker tag"* | "docker login"*) ;;
"sam deploy"*)
    [ -z "${FAKE_DEPLOY_FAILS:-}" ] || exit 1
    touch "$FAKE_LOG.stack"
    ;;
esac
