"""Who may do what: every statement that allows something, and what in it is not as narrow as it could be."""

# What takes no resource: AWS's service authorization reference lists none for these actions, so `*` is all that one can
# write. Where a condition can narrow the action down, it must be there.
TAKES_NO_RESOURCE = {
    "cloudwatch:PutMetricData": "the condition on its namespace stands for a resource",
    "ecr:GetAuthorizationToken": "signs in to the account's registry as a whole",
    "logs:CreateLogDelivery": "log deliveries have no ARN that Step Functions could be given",
    "logs:DeleteLogDelivery": "see logs:CreateLogDelivery",
    "logs:DescribeLogGroups": "lists",
    "logs:DescribeResourcePolicies": "lists",
    "logs:GetLogDelivery": "see logs:CreateLogDelivery",
    "logs:ListLogDeliveries": "see logs:CreateLogDelivery",
    "logs:PutResourcePolicy": "the policy of the account's log groups as a whole",
    "logs:UpdateLogDelivery": "see logs:CreateLogDelivery",
    "sagemaker:ListEndpoints": "lists",
}
NEEDS_CONDITION = {"cloudwatch:PutMetricData"}

# AWS's own policies, which SAM gives to functions and state machines by itself.
MANAGED = {
    "AWSLambdaBasicExecutionRole": "creating log streams and writing to them: what every function does",
    "AWSXRayDaemonWriteAccess": "SAM adds it to a function with Tracing",
    "AWSXrayWriteOnlyAccess": "SAM adds it to a state machine with Tracing",
}

# In the policy of a key, `*` is the key itself; and a key that its account can't administer can't be deleted either.
KEY_POLICIES = {"AWS::KMS::Key"}


def as_list(value):
    return value if isinstance(value, list) else [value]


def policies(template):
    """Each policy document, with where it is."""
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        for policy in properties.get("Policies", []):
            if isinstance(policy, dict) and "PolicyDocument" in policy:
                yield f"{name}.{policy['PolicyName']}", resource["Type"], policy["PolicyDocument"]
        for key in ("PolicyDocument", "KeyPolicy"):
            if key in properties:
                yield name, resource["Type"], properties[key]


def too_wide(template):
    """What is allowed too widely, a line each."""
    for where, kind, document in policies(template):
        for statement in as_list(document["Statement"]):
            if statement["Effect"] == "Allow" and kind not in KEY_POLICIES:
                for problem in of_statement(statement):
                    yield f"{where}: {problem}"
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        for arn in as_list(properties.get("ManagedPolicyArns", [])):
            if isinstance(arn, str) and arn.rsplit("/", 1)[-1] not in MANAGED:
                yield f"{name}: the managed policy {arn} is not in the list of those that are needed"


def of_statement(statement):
    for inverse in ("NotAction", "NotResource", "NotPrincipal"):
        if inverse in statement:
            yield f"{inverse} allows whatever it does not name"
    actions = as_list(statement.get("Action", []))
    for action in actions:
        if "*" in action:
            yield f"the action {action}"
    for resource in as_list(statement.get("Resource", [])):
        if names_nothing(resource):
            for action in actions:
                if action not in TAKES_NO_RESOURCE:
                    yield f"{action} on {text_of(resource)}"
                elif action in NEEDS_CONDITION and "Condition" not in statement:
                    yield f"{action} on * without a condition"
    if statement.get("Principal") in ("*", {"AWS": "*"}) and "Condition" not in statement:
        yield "anyone, without a condition"


def text_of(resource):
    if isinstance(resource, dict):
        resource = resource.get("Fn::Sub", resource)
    return resource if isinstance(resource, str) else str(resource)


def names_nothing(resource):
    """Whether a resource is `*`, or an ARN whose own part (after the account) is nothing but `*`."""
    text = text_of(resource)
    # `${AWS::Region}` has colons of its own.
    for pseudo in ("Partition", "Region", "AccountId", "URLSuffix", "StackName"):
        text = text.replace(f"${{AWS::{pseudo}}}", pseudo)
    if not text.startswith("arn:"):
        return text == "*"
    own = text.split(":", 5)[-1]
    return own.strip("*") in ("", "/") or own.split("/", 1)[0].split(":", 1)[0] == "*"
