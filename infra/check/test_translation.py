"""What SAM makes of the template, where no validator looks."""

import json
import re

import application


def machines(template):
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::StepFunctions::StateMachine":
            yield name, resource["Properties"]


def names_in(properties):
    """The substitutions that a definition asks for."""
    definition = json.dumps(properties["DefinitionString"])
    return set(re.findall(r"\$\{(\w+)\}", definition))


def test_every_substitution_has_a_value_and_every_value_a_use(cloudformation):
    found = dict(machines(cloudformation))
    assert len(found) == len(application.DEFINITIONS)
    for name, properties in found.items():
        assert names_in(properties) == set(properties["DefinitionSubstitutions"]), name


def test_a_substitution_that_is_missing_is_noticed(sam):
    del sam["Resources"]["ClassifyImages"]["Properties"]["DefinitionSubstitutions"]["SerializeImageFunctionArn"]
    [properties] = [p for name, p in machines(application.deployed_form(sam)) if name == "ClassifyImages"]
    assert names_in(properties) != set(properties["DefinitionSubstitutions"])


def test_every_state_machine_is_traced_and_logs(cloudformation):
    for name, properties in machines(cloudformation):
        assert properties["TracingConfiguration"] == {"Enabled": True}, name
        assert properties["LoggingConfiguration"]["Level"] == "ERROR", name
        assert not properties["LoggingConfiguration"].get("IncludeExecutionData"), f"{name} would log images"


def test_every_function_is_traced_and_logs_to_the_group_that_forgets(cloudformation):
    for name, resource in cloudformation["Resources"].items():
        if resource["Type"] == "AWS::Lambda::Function":
            assert resource["Properties"]["TracingConfig"] == {"Mode": "Active"}, name
            assert resource["Properties"]["LoggingConfig"] == {"LogGroup": {"Ref": "FunctionLogs"}}, name
            assert resource["Properties"]["Architectures"] == ["arm64"], name


def test_every_function_that_judges_has_the_deployed_threshold(sam, cloudformation):
    functions = (resource["Properties"] for resource in cloudformation["Resources"].values() if resource["Type"] == "AWS::Lambda::Function")
    variables = {properties["FunctionName"]: properties.get("Environment", {}).get("Variables", {}) for properties in functions}
    judging = {name for name, values in variables.items() if values.get("CONFIDENCE_THRESHOLD") == {"Ref": "ConfidenceThreshold"}}
    assert judging == {"classify-batch", "classify-http", "evaluate-model", "filter-inferences", "monitor-endpoint"}
    parameter = sam["Parameters"]["ConfidenceThreshold"]
    assert 0 < parameter["MinValue"] < parameter["Default"] < parameter["MaxValue"] == 1


def test_every_alarm_goes_to_the_topic_and_is_explained(cloudformation):
    operations = (application.ROOT / "docs" / "operations.md").read_text()
    for name, resource in cloudformation["Resources"].items():
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            assert resource["Properties"]["AlarmActions"] == [{"Ref": "AlarmTopic"}], name
            assert f"## {resource['Properties']['AlarmName']}\n" in operations, f"docs/operations.md says nothing of {name}"


def test_the_dashboard_is_json(cloudformation):
    body = cloudformation["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    assert len(json.loads(body)["widgets"]) == 9


def test_no_layer_of_the_definitions_is_left_out():
    """The definitions that the template names are all that there are."""
    used = {
        (application.TEMPLATE.parent / resource["Properties"]["DefinitionUri"]).resolve()
        for resource in application.read()["Resources"].values()
        if "DefinitionUri" in resource.get("Properties", {})
    }
    assert used == set(application.DEFINITIONS)
