"""The repository's template in its two forms, made once for all tests."""

import os

import pytest

# Nothing here may reach AWS: these take the place of whatever the environment has.
os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_SESSION_TOKEN="testing",
    AWS_DEFAULT_REGION="us-east-1",
    AWS_REGION="us-east-1",
)
os.environ.pop("AWS_PROFILE", None)
os.environ.pop("AWS_ENDPOINT_URL", None)

import application  # noqa: E402  (after the environment: the translator asks boto3 for a region)


@pytest.fixture
def sam():
    """The template as it is written; a test may change its copy."""
    return application.read()


@pytest.fixture(scope="session")
def cloudformation():
    """The template that CloudFormation gets. Not to be changed."""
    return application.deployed_form()
