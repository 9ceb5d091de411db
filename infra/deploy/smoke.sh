#!/usr/bin/env bash
# Classifies one image on the deployed application (or, with AWS_ENDPOINT_URL, on a local stack), and fails where it gets
# no answer. A refusal by the gate is an answer.
#
#     infra/deploy/smoke.sh [IMAGE]
#
# Without an image, a grey square is asked about.
set -euo pipefail

fail() {
    echo "smoke.sh: $1" >&2
    exit 1
}

command -v jq >/dev/null || fail "jq is not there: install it (apt-get install jq)"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
image=${1:-$work/grey.bmp}
if [ $# -eq 0 ]; then
    # 32 x 32 pixels of 24 bits: the header, and 3,072 bytes of the same grey.
    printf 'BM\x36\x0c\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x20\0\0\0\x20\0\0\0\x01\0\x18\0%024d' 0 | tr 0 '\0' >"$image"
    head -c 3072 /dev/zero | tr '\0' '\200' >>"$image"
fi
[ -f "$image" ] || fail "$image: no such file"
case $image in /*) ;; *) image=$PWD/$image ;; esac # or a name such as -x.png were an option
region=${AWS_REGION:-${AWS_DEFAULT_REGION:-us-east-1}}
export AWS_REGION=$region AWS_DEFAULT_REGION=$region # the AWS CLI 1 reads the latter only
account=$(aws sts get-caller-identity --query Account --output text 2>/dev/null) || account=${SCONES_ACCOUNT:-}
[ -n "$account" ] || fail "AWS does not take your credentials; SCONES_ACCOUNT names the account of a local stack"
bucket=scones-unlimited-$account-$region
key=smoke/${image##*/}

input=$(jq -cn --arg bucket "$bucket" --arg key "$key" '{image_data: "", s3_bucket: $bucket, s3_key: $key}')
aws s3 cp --only-show-errors "$image" "s3://$bucket/$key"
execution=$(aws stepfunctions start-execution --query executionArn --output text \
    --state-machine-arn "arn:aws:states:$region:$account:stateMachine:classify-images" \
    --input "$input")
for _ in $(seq "${SMOKE_TRIES:-60}"); do
    read -r status error < <(aws stepfunctions describe-execution --execution-arn "$execution" \
        --query '[status, error]' --output text)
    case $status in
    RUNNING) sleep "${SMOKE_PAUSE:-2}" ;;
    SUCCEEDED)
        aws stepfunctions describe-execution --execution-arn "$execution" --query output --output text
        exit
        ;;
    *)
        [ "$error" = ThresholdConfidenceNotMet ] || fail "$execution ended $status with $error"
        echo "$status with $error: the gate has refused a doubtful answer, as it should"
        exit
        ;;
    esac
done
fail "$execution is still running"
