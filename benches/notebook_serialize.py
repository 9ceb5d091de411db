"""The notebook's serializeImageData, as it is pasted into the Lambda console: the peer of `serialize-image`."""

import base64

import boto3

s3 = boto3.client("s3")


def lambda_handler(event, context):
    """Downloads the object to a file and puts it into the event as base64."""
    key = event["s3_key"]
    bucket = event["s3_bucket"]
    s3.download_file(bucket, key, "/tmp/image.png")
    with open("/tmp/image.png", "rb") as f:
        image_data = base64.b64encode(f.read())
    return {
        "statusCode": 200,
        "body": {
            "image_data": image_data,
            "s3_bucket": bucket,
            "s3_key": key,
            "inferences": [],
        },
    }
