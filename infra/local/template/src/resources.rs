//! The `Resources` section, and the table of what the local stack makes of each type.

use std::collections::BTreeMap;

use super::error::{Fault, Position, Problem};
use super::globals;
use super::node::Node;

/// A resource, before its functions are resolved.
#[derive(Clone, Debug)]
pub(super) struct Resource {
    pub(super) at: Position,
    pub(super) logical_id: String,
    pub(super) kind: String,
    pub(super) condition: Option<String>,
    pub(super) metadata: Option<Node>,
    /// With the globals underneath.
    pub(super) properties: Node,
}

impl Resource {
    /// `Resource X`, for errors.
    pub(super) fn subject(&self) -> String {
        format!("Resource {}", self.logical_id)
    }

    pub(super) fn is_sam(&self) -> bool {
        self.kind.starts_with("AWS::Serverless::")
    }

    pub(super) fn type_row(&self) -> Option<&'static Type> {
        TYPES.iter().find(|row| row.kind == self.kind)
    }

    pub(super) fn treatment(&self) -> Treatment {
        match self.type_row() {
            Some(row) => row.treatment,
            None if self.kind.starts_with("AWS::IAM::") => Treatment::Needless,
            None => Treatment::Absent,
        }
    }
}

/// What the local stack does about a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Treatment {
    /// A service runs it.
    Run(Runs),
    /// Read where something that runs refers to it.
    Part,
    /// It changes nothing on one machine: permissions, where logs go.
    Needless,
    /// It watches or grows what runs on AWS: said once, by name.
    OnAws,
    /// Missed, and said so.
    Absent,
}

/// Which service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Runs {
    Function,
    StateMachine,
    Bucket,
    Endpoint,
    Api,
    Schedule,
}

/// A type: how it is named, what `Ref` and `GetAtt` give, and what becomes of it.
#[derive(Debug)]
pub(super) struct Type {
    pub(super) kind: &'static str,
    pub(super) treatment: Treatment,
    /// The property that names it; the logical id is the name where it is left out.
    pub(super) name_property: &'static str,
    /// The ARN after `arn:aws:`; `{r}`, `{a}` and `{n}` are region, account and name.
    pub(super) arn: &'static str,
    pub(super) reference: Reference,
    pub(super) arn_attribute: &'static str,
    pub(super) name_attribute: &'static str,
}

impl Type {
    /// The reader knows all of its attributes.
    pub(super) fn runs(&self) -> bool {
        matches!(self.treatment, Run(_) | Part)
    }
}

/// What `Ref` gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reference {
    Name,
    Arn,
}

use Reference::{Arn, Name};
use Treatment::{Needless, OnAws, Part, Run};

const fn row(
    kind: &'static str,
    treatment: Treatment,
    name_property: &'static str,
    arn: &'static str,
    reference: Reference,
    attributes: [&'static str; 2],
) -> Type {
    let [arn_attribute, name_attribute] = attributes;
    Type {
        kind,
        treatment,
        name_property,
        arn,
        reference,
        arn_attribute,
        name_attribute,
    }
}

const FUNCTION: &str = "lambda:{r}:{a}:function:{n}";
const MACHINE: &str = "states:{r}:{a}:stateMachine:{n}";

/// Types that are not here are [`Treatment::Absent`].
#[rustfmt::skip]
static TYPES: [Type; 32] = [
    row("AWS::Serverless::Function", Run(Runs::Function), "FunctionName", FUNCTION, Name, ["Arn", ""]),
    row("AWS::Lambda::Function", Run(Runs::Function), "FunctionName", FUNCTION, Name, ["Arn", ""]),
    row("AWS::Serverless::StateMachine", Run(Runs::StateMachine), "Name", MACHINE, Arn, ["Arn", "Name"]),
    row("AWS::StepFunctions::StateMachine", Run(Runs::StateMachine), "StateMachineName", MACHINE, Arn, ["Arn", "Name"]),
    row("AWS::S3::Bucket", Run(Runs::Bucket), "BucketName", "s3:::{n}", Name, ["Arn", ""]),
    row("AWS::SageMaker::Endpoint", Run(Runs::Endpoint), "EndpointName", "sagemaker:{r}:{a}:endpoint/{n}", Arn, ["EndpointArn", "EndpointName"]),
    row("AWS::SageMaker::EndpointConfig", Part, "EndpointConfigName", "sagemaker:{r}:{a}:endpoint-config/{n}", Arn, ["EndpointConfigArn", "EndpointConfigName"]),
    row("AWS::SageMaker::Model", Part, "ModelName", "sagemaker:{r}:{a}:model/{n}", Arn, ["ModelArn", "ModelName"]),
    row("AWS::IAM::Role", Needless, "RoleName", "iam::{a}:role/{n}", Name, ["Arn", ""]),
    row("AWS::IAM::ManagedPolicy", Needless, "ManagedPolicyName", "iam::{a}:policy/{n}", Arn, ["PolicyArn", ""]),
    row("AWS::Lambda::Permission", Needless, "", "", Name, ["", ""]),
    row("AWS::S3::BucketPolicy", Needless, "", "", Name, ["", ""]),
    row("AWS::SQS::QueuePolicy", Needless, "", "", Name, ["", ""]),
    row("AWS::SNS::TopicPolicy", Needless, "", "", Name, ["", ""]),
    row("AWS::Logs::LogGroup", Needless, "LogGroupName", "logs:{r}:{a}:log-group:{n}:*", Name, ["Arn", ""]),
    row("AWS::ECR::Repository", Needless, "RepositoryName", "ecr:{r}:{a}:repository/{n}", Name, ["Arn", ""]),
    row("AWS::KMS::Key", Needless, "", "kms:{r}:{a}:key/{n}", Name, ["Arn", "KeyId"]),
    row("AWS::Serverless::Api", Run(Runs::Api), "", "apigateway:{r}::/restapis/{n}", Name, ["", "RestApiId"]),
    row("AWS::Scheduler::Schedule", Run(Runs::Schedule), "Name", "scheduler:{r}:{a}:schedule/default/{n}", Name, ["Arn", ""]),
    row("AWS::ApiGateway::ApiKey", Needless, "", "", Name, ["", "APIKeyId"]),
    row("AWS::ApiGateway::UsagePlan", Needless, "", "", Name, ["", "Id"]),
    row("AWS::ApiGateway::UsagePlanKey", Needless, "", "", Name, ["", "Id"]),
    row("AWS::ApplicationAutoScaling::ScalableTarget", OnAws, "", "", Name, ["", ""]),
    row("AWS::ApplicationAutoScaling::ScalingPolicy", OnAws, "PolicyName", "", Name, ["", "PolicyName"]),
    row("AWS::CloudWatch::CompositeAlarm", OnAws, "AlarmName", "cloudwatch:{r}:{a}:alarm:{n}", Name, ["Arn", ""]),
    row("AWS::CloudWatch::Dashboard", OnAws, "DashboardName", "", Name, ["", ""]),
    row("AWS::Logs::MetricFilter", OnAws, "FilterName", "", Name, ["", ""]),
    row("AWS::SNS::Subscription", OnAws, "", "", Name, ["", ""]),
    row("AWS::KMS::Alias", Needless, "AliasName", "", Name, ["", ""]),
    row("AWS::SNS::Topic", OnAws, "TopicName", "sns:{r}:{a}:{n}", Arn, ["TopicArn", "TopicName"]),
    row("AWS::SQS::Queue", OnAws, "QueueName", "sqs:{r}:{a}:{n}", Name, ["Arn", "QueueName"]),
    row("AWS::CloudWatch::Alarm", OnAws, "AlarmName", "cloudwatch:{r}:{a}:alarm:{n}", Name, ["Arn", ""]),
];

/// Reads the section, with `Globals` merged into SAM's types.
pub(super) fn read(document: &Node) -> Result<BTreeMap<String, Resource>, Fault> {
    let Some(section) = document.get("Resources") else {
        return Err(Fault::new(
            document.at,
            Problem::Missing("Resources".into()),
        ));
    };
    let entries = section.map("Resources")?.iter();
    entries
        .map(|(key, node)| {
            let resource = resource(&key.text, key.at, node, document)
                .map_err(|fault| fault.about(|| format!("Resource {}", key.text)))?;
            Ok((key.text.clone(), resource))
        })
        .collect()
}

fn resource(id: &str, at: Position, node: &Node, document: &Node) -> Result<Resource, Fault> {
    node.map("the resource")?;
    let Some(kind) = node.get("Type") else {
        return Err(Fault::new(at, Problem::Missing("Type".into())));
    };
    let kind = kind.text("Type")?;
    let own = match node.get("Properties") {
        Some(properties) => properties.clone(),
        None => Node::map_at(at, vec![]),
    };
    own.map("Properties")?;
    let condition = node.get("Condition").map(|name| name.text("Condition"));
    Ok(Resource {
        at,
        logical_id: id.into(),
        kind: kind.into(),
        condition: condition.transpose()?.map(str::to_owned),
        metadata: node.get("Metadata").cloned(),
        properties: with_globals(kind, own, document, at)?,
    })
}

fn with_globals(kind: &str, own: Node, document: &Node, at: Position) -> Result<Node, Fault> {
    let Some(short) = kind.strip_prefix("AWS::Serverless::") else {
        return Ok(own);
    };
    let transform = document.get("Transform").map_or(&[][..], Node::list_or_one);
    let sam = |node: &Node| node.text("Transform") == Ok("AWS::Serverless-2016-10-31");
    if !transform.iter().any(sam) {
        return Err(Fault::new(at, Problem::NoTransform(kind.into())));
    }
    let global = document.get("Globals").and_then(|all| all.get(short));
    Ok(match global {
        Some(global) => globals::merge(global, &own),
        None => own,
    })
}
