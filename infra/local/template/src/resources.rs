//! The `Resources` section, and the table of the types that the local stack supports.

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
    /// The properties, merged over the globals.
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

    pub(super) fn support(&self) -> Support {
        match self.type_row() {
            Some(row) => row.support,
            None if self.kind.starts_with("AWS::IAM::") => Support::NoEffect,
            None => Support::Unsupported,
        }
    }
}

/// The support that the local stack has for a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Support {
    /// A service runs the type.
    Run(ServiceKind),
    /// The type is read as part of a type that runs.
    Part,
    /// The type has no effect on one machine: permissions, log destinations.
    NoEffect,
    /// The type monitors or scales what runs on AWS: logged once, by name.
    OnAws,
    /// The local stack lacks the type; a note says so.
    Unsupported,
}

/// The service that runs a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ServiceKind {
    Function,
    StateMachine,
    Bucket,
    Endpoint,
    Api,
    Schedule,
}

/// A type: its name, the values of `Ref` and `GetAtt`, and the local stack's support for it.
#[derive(Debug)]
pub(super) struct Type {
    pub(super) kind: &'static str,
    pub(super) support: Support,
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
        matches!(self.support, Run(_) | Part)
    }
}

/// The value of `Ref`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reference {
    Name,
    Arn,
}

use Reference::{Arn, Name};
use Support::{NoEffect, OnAws, Part, Run};

/// Returns a type without name, ARN and attributes, whose `Ref` is its name.
const fn row(kind: &'static str, support: Support) -> Type {
    Type {
        kind,
        support,
        name_property: "",
        arn: "",
        reference: Name,
        arn_attribute: "",
        name_attribute: "",
    }
}

impl Type {
    const fn name_property(self, name_property: &'static str) -> Self {
        Self {
            name_property,
            ..self
        }
    }

    const fn arn(self, arn: &'static str) -> Self {
        Self { arn, ..self }
    }

    const fn ref_is_arn(self) -> Self {
        Self {
            reference: Arn,
            ..self
        }
    }

    const fn arn_attribute(self, arn_attribute: &'static str) -> Self {
        Self {
            arn_attribute,
            ..self
        }
    }

    const fn name_attribute(self, name_attribute: &'static str) -> Self {
        Self {
            name_attribute,
            ..self
        }
    }
}

const FUNCTION: &str = "lambda:{r}:{a}:function:{n}";
const MACHINE: &str = "states:{r}:{a}:stateMachine:{n}";

/// The types that the local stack knows. All others are [`Support::Unsupported`].
static TYPES: [Type; 32] = [
    row("AWS::Serverless::Function", Run(ServiceKind::Function))
        .name_property("FunctionName")
        .arn(FUNCTION)
        .arn_attribute("Arn"),
    row("AWS::Lambda::Function", Run(ServiceKind::Function))
        .name_property("FunctionName")
        .arn(FUNCTION)
        .arn_attribute("Arn"),
    row(
        "AWS::Serverless::StateMachine",
        Run(ServiceKind::StateMachine),
    )
    .name_property("Name")
    .arn(MACHINE)
    .ref_is_arn()
    .arn_attribute("Arn")
    .name_attribute("Name"),
    row(
        "AWS::StepFunctions::StateMachine",
        Run(ServiceKind::StateMachine),
    )
    .name_property("StateMachineName")
    .arn(MACHINE)
    .ref_is_arn()
    .arn_attribute("Arn")
    .name_attribute("Name"),
    row("AWS::S3::Bucket", Run(ServiceKind::Bucket))
        .name_property("BucketName")
        .arn("s3:::{n}")
        .arn_attribute("Arn"),
    row("AWS::SageMaker::Endpoint", Run(ServiceKind::Endpoint))
        .name_property("EndpointName")
        .arn("sagemaker:{r}:{a}:endpoint/{n}")
        .ref_is_arn()
        .arn_attribute("EndpointArn")
        .name_attribute("EndpointName"),
    row("AWS::SageMaker::EndpointConfig", Part)
        .name_property("EndpointConfigName")
        .arn("sagemaker:{r}:{a}:endpoint-config/{n}")
        .ref_is_arn()
        .arn_attribute("EndpointConfigArn")
        .name_attribute("EndpointConfigName"),
    row("AWS::SageMaker::Model", Part)
        .name_property("ModelName")
        .arn("sagemaker:{r}:{a}:model/{n}")
        .ref_is_arn()
        .arn_attribute("ModelArn")
        .name_attribute("ModelName"),
    row("AWS::IAM::Role", NoEffect)
        .name_property("RoleName")
        .arn("iam::{a}:role/{n}")
        .arn_attribute("Arn"),
    row("AWS::IAM::ManagedPolicy", NoEffect)
        .name_property("ManagedPolicyName")
        .arn("iam::{a}:policy/{n}")
        .ref_is_arn()
        .arn_attribute("PolicyArn"),
    row("AWS::Lambda::Permission", NoEffect),
    row("AWS::S3::BucketPolicy", NoEffect),
    row("AWS::SQS::QueuePolicy", NoEffect),
    row("AWS::SNS::TopicPolicy", NoEffect),
    row("AWS::Logs::LogGroup", NoEffect)
        .name_property("LogGroupName")
        .arn("logs:{r}:{a}:log-group:{n}:*")
        .arn_attribute("Arn"),
    row("AWS::ECR::Repository", NoEffect)
        .name_property("RepositoryName")
        .arn("ecr:{r}:{a}:repository/{n}")
        .arn_attribute("Arn"),
    row("AWS::KMS::Key", NoEffect)
        .arn("kms:{r}:{a}:key/{n}")
        .arn_attribute("Arn")
        .name_attribute("KeyId"),
    row("AWS::Serverless::Api", Run(ServiceKind::Api))
        .arn("apigateway:{r}::/restapis/{n}")
        .name_attribute("RestApiId"),
    row("AWS::Scheduler::Schedule", Run(ServiceKind::Schedule))
        .name_property("Name")
        .arn("scheduler:{r}:{a}:schedule/default/{n}")
        .arn_attribute("Arn"),
    row("AWS::ApiGateway::ApiKey", NoEffect).name_attribute("APIKeyId"),
    row("AWS::ApiGateway::UsagePlan", NoEffect).name_attribute("Id"),
    row("AWS::ApiGateway::UsagePlanKey", NoEffect).name_attribute("Id"),
    row("AWS::ApplicationAutoScaling::ScalableTarget", OnAws),
    row("AWS::ApplicationAutoScaling::ScalingPolicy", OnAws)
        .name_property("PolicyName")
        .name_attribute("PolicyName"),
    row("AWS::CloudWatch::CompositeAlarm", OnAws)
        .name_property("AlarmName")
        .arn("cloudwatch:{r}:{a}:alarm:{n}")
        .arn_attribute("Arn"),
    row("AWS::CloudWatch::Dashboard", OnAws).name_property("DashboardName"),
    row("AWS::Logs::MetricFilter", OnAws).name_property("FilterName"),
    row("AWS::SNS::Subscription", OnAws),
    row("AWS::KMS::Alias", NoEffect).name_property("AliasName"),
    row("AWS::SNS::Topic", OnAws)
        .name_property("TopicName")
        .arn("sns:{r}:{a}:{n}")
        .ref_is_arn()
        .arn_attribute("TopicArn")
        .name_attribute("TopicName"),
    row("AWS::SQS::Queue", OnAws)
        .name_property("QueueName")
        .arn("sqs:{r}:{a}:{n}")
        .arn_attribute("Arn")
        .name_attribute("QueueName"),
    row("AWS::CloudWatch::Alarm", OnAws)
        .name_property("AlarmName")
        .arn("cloudwatch:{r}:{a}:alarm:{n}")
        .arn_attribute("Arn"),
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
    let properties = match node.get("Properties") {
        Some(properties) => properties.clone(),
        None => Node::map_at(at, vec![]),
    };
    properties.map("Properties")?;
    let condition = node.get("Condition").map(|name| name.text("Condition"));
    Ok(Resource {
        at,
        logical_id: id.into(),
        kind: kind.into(),
        condition: condition.transpose()?.map(str::to_owned),
        metadata: node.get("Metadata").cloned(),
        properties: with_globals(kind, properties, document, at)?,
    })
}

fn with_globals(
    kind: &str,
    properties: Node,
    document: &Node,
    at: Position,
) -> Result<Node, Fault> {
    let Some(short) = kind.strip_prefix("AWS::Serverless::") else {
        return Ok(properties);
    };
    let transform = document.get("Transform").map_or(&[][..], Node::list_or_one);
    let sam = |node: &Node| node.text("Transform") == Ok("AWS::Serverless-2016-10-31");
    if !transform.iter().any(sam) {
        return Err(Fault::new(at, Problem::NoTransform(kind.into())));
    }
    let global = document.get("Globals").and_then(|all| all.get(short));
    Ok(match global {
        Some(global) => globals::merge(global, &properties),
        None => properties,
    })
}
