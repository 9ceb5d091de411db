//! The application that a template describes, with every reference resolved.

use std::collections::BTreeMap;
use std::time::Duration;

/// The resources of a template that the local stack runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Application {
    /// `AWS::Serverless::Function` and `AWS::Lambda::Function`.
    pub functions: Vec<Function>,
    /// `AWS::Serverless::StateMachine` and `AWS::StepFunctions::StateMachine`.
    pub state_machines: Vec<StateMachine>,
    /// `AWS::S3::Bucket`.
    pub buckets: Vec<Bucket>,
    /// `AWS::Serverless::Api`.
    pub apis: Vec<Api>,
    /// `AWS::Scheduler::Schedule`, and `Events` of type `ScheduleV2`.
    pub schedules: Vec<Schedule>,
    /// `AWS::SageMaker::Endpoint`, with the configuration and models that it refers to.
    pub endpoints: Vec<Endpoint>,
    /// Resources of the types that services declare themselves.
    pub resources: Vec<DeclaredResource>,
    /// The template's `Outputs`, resolved.
    pub outputs: BTreeMap<String, String>,
    /// The parts of the template that the local stack does not implement: logged at start, one line
    /// each.
    pub notes: Vec<String>,
}

/// A resource that a service declares from its properties.
#[derive(Clone, Debug, PartialEq)]
pub struct DeclaredResource {
    /// The key under `Resources`.
    pub logical_id: String,
    /// `Type`, for example `AWS::Made::Up`.
    pub resource_type: String,
    /// `Properties`, with every reference resolved.
    pub properties: serde_json::Value,
}

/// A Lambda function.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// The key under `Resources`.
    pub logical_id: String,
    /// `FunctionName`, or the logical id where the template leaves the name to AWS.
    pub name: String,
    /// `Metadata.BuildProperties.Binary`: which program of the Rust workspace it is.
    pub binary: Option<String>,
    /// `Handler`.
    pub handler: String,
    /// `MemorySize` in MB; AWS's default is 128.
    pub memory_mb: u32,
    /// `Timeout`; AWS's default is 3 seconds.
    pub timeout: Duration,
    /// `Environment.Variables`.
    pub environment: BTreeMap<String, String>,
    /// The ARN of the execution role.
    pub role_arn: String,
}

/// A state machine.
#[derive(Clone, Debug, PartialEq)]
pub struct StateMachine {
    /// The key under `Resources`.
    pub logical_id: String,
    /// `Name` or `StateMachineName`, or the logical id where the template leaves the name to AWS.
    pub name: String,
    /// The definition's text, with `DefinitionSubstitutions` put in.
    pub definition: String,
    /// `EXPRESS` rather than `STANDARD`.
    pub express: bool,
    /// The ARN of the execution role.
    pub role_arn: String,
}

/// An S3 bucket.
#[derive(Clone, Debug, PartialEq)]
pub struct Bucket {
    /// The key under `Resources`.
    pub logical_id: String,
    /// `BucketName`.
    pub name: String,
    /// `VersioningConfiguration.Status: Enabled`.
    pub versioned: bool,
    /// The S3 notifications to functions: from the bucket itself, and from functions' `Events` of
    /// type `S3`.
    pub notifications: Vec<Notification>,
}

/// Object events that invoke a function.
#[derive(Clone, Debug, PartialEq)]
pub struct Notification {
    /// The configuration's id: the logical id of the SAM event, or a made-up one.
    pub id: String,
    /// For example `s3:ObjectCreated:*`.
    pub events: Vec<String>,
    /// The ARN of the function.
    pub function_arn: String,
    /// The key begins with this.
    pub prefix: String,
    /// The key ends with this.
    pub suffix: String,
}

/// A schedule of EventBridge Scheduler.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// The key under `Resources`; for an event, the id that SAM builds from the resource's and the
    /// event's.
    pub logical_id: String,
    /// `Name`, or the logical id where the template leaves the name to AWS.
    pub name: String,
    /// The body of CreateSchedule.
    pub request: serde_json::Value,
}

/// A REST API of API Gateway, whose routes invoke functions.
#[derive(Clone, Debug, PartialEq)]
pub struct Api {
    /// The key under `Resources`, which is also its id here.
    pub logical_id: String,
    /// `StageName`.
    pub stage: String,
    /// `DefinitionBody.paths`, as far as a function answers.
    pub routes: Vec<Route>,
    /// Bodies of these media types reach functions as base64; others must be text. `*/*` is all.
    pub binary_media_types: Vec<String>,
}

/// The function that serves a method and a path.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// The method in upper case; `ANY` matches each.
    pub method: String,
    /// For example `/classify`.
    pub path: String,
    /// The ARN of the function.
    pub function_arn: String,
}

/// A SageMaker endpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct Endpoint {
    /// The key under `Resources`.
    pub logical_id: String,
    /// `EndpointName`.
    pub name: String,
    /// The name of the endpoint configuration.
    pub config_name: String,
    /// The variants of the endpoint, each with its share of the traffic.
    pub variants: Vec<Variant>,
    /// `DataCaptureConfig`, where capture is enabled.
    pub capture: Option<DataCapture>,
}

/// A production variant of an endpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// `VariantName`.
    pub name: String,
    /// `InitialVariantWeight`.
    pub weight: f64,
    /// `InitialInstanceCount`: one server does their work here.
    pub instance_count: i64,
    /// The `InstanceType`, if given.
    pub instance_type: String,
    /// The name of the model.
    pub model_name: String,
    /// `PrimaryContainer.Image`.
    pub image: String,
    /// `PrimaryContainer.ModelDataUrl`, an S3 URI of a `model.tar.gz`.
    pub model_data_url: String,
    /// `PrimaryContainer.Environment`.
    pub environment: BTreeMap<String, String>,
}

/// The data capture of an endpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct DataCapture {
    /// `InitialSamplingPercentage`, 0 to 100.
    pub sampling_percent: u8,
    /// `DestinationS3Uri`.
    pub destination_s3_uri: String,
    /// Capture the requests.
    pub input: bool,
    /// Capture the answers.
    pub output: bool,
    /// `CaptureContentTypeHeader.JsonContentTypes`: written as JSON text; others as base64 unless
    /// they are CSV.
    pub json_content_types: Vec<String>,
    /// `CaptureContentTypeHeader.CsvContentTypes`: written as text.
    pub csv_content_types: Vec<String>,
}
