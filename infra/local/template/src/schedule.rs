//! `AWS::Scheduler::Schedule`, and the events of type `ScheduleV2` that SAM makes such schedules
//! of.
//!
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-statemachine-statemachineschedulev2.html>

use serde_json::{Map, Value, json};

use super::application::Schedule;
use super::error::Fault;
use super::node::{Key, Node};
use super::notes::Notes;
use super::resolve::{Resolver, Trail};
use super::resources::Resource;

const READ: &[&str] = &[
    "Description",
    "EndDate",
    "FlexibleTimeWindow",
    "Name",
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "StartDate",
    "State",
    "Target",
];
const IGNORED: &[&str] = &["GroupName", "KmsKeyArn"];

/// The members of an event that belong to the target.
const OF_THE_TARGET: [&str; 3] = ["Input", "RetryPolicy", "RoleArn"];

/// The members of an event that have no effect here: the dead-letter queue, and those by which SAM
/// names and guards its resources.
const OF_SAM: [&str; 5] = [
    "DeadLetterConfig",
    "GroupName",
    "KmsKeyArn",
    "OmitName",
    "PermissionsBoundary",
];

/// Reads a schedule that the template has as a resource.
pub(super) fn read(
    resolver: &Resolver<'_>,
    resource: &Resource,
    notes: &mut Notes,
) -> Result<Schedule, Fault> {
    notes.properties(resource, READ, IGNORED);
    let mut request = Map::new();
    for property in READ {
        if let Some(value) = resolver.property(resource, property)? {
            request.insert((*property).to_owned(), value.to_json());
        }
    }
    request.remove("Name");
    Ok(Schedule {
        logical_id: resource.logical_id.clone(),
        name: resolver.name(resource)?,
        request: Value::Object(request),
    })
}

/// Reads an event of the function or state machine `resource`.
pub(super) fn of_event(
    resolver: &Resolver<'_>,
    resource: &Resource,
    key: &Key,
    event: &Node,
) -> Result<Schedule, Fault> {
    let properties = event.required("Properties")?;
    let properties = resolver.value(properties, &Trail::START)?;
    let logical_id = format!("{}{}", resource.logical_id, key.text);
    // SAM makes the role.
    let role = resolver.arn_of("iam::{a}:role/{n}", &format!("{logical_id}Role"));
    let mut target = json!({ "Arn": resolver.arn(resource)?, "RoleArn": role });
    let mut request = Map::new();
    for (name, value) in properties.map("Properties")? {
        let name = name.text.as_str();
        if OF_THE_TARGET.contains(&name) {
            target[name] = value.to_json();
        } else if !OF_SAM.contains(&name) && name != "Name" {
            request.insert(name.to_owned(), value.to_json());
        }
    }
    request
        .entry("FlexibleTimeWindow")
        .or_insert_with(|| json!({ "Mode": "OFF" }));
    request.insert("Target".to_owned(), target);
    let name = properties
        .get("Name")
        .map(|name| name.text("Name").map(str::to_owned));
    Ok(Schedule {
        name: name.transpose()?.unwrap_or_else(|| logical_id.clone()),
        logical_id,
        request: Value::Object(request),
    })
}
