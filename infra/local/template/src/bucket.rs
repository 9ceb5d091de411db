//! `AWS::S3::Bucket`, with the notifications that it and the functions' `Events` of type `S3`
//! configure.

use super::application::{Bucket, Notification};
use super::error::{Fault, Position, Problem};
use super::node::{Key, Node};
use super::notes::Notes;
use super::resolve::{Resolver, Trail};
use super::resources::Resource;

const READ: &[&str] = &[
    "BucketName",
    "NotificationConfiguration",
    "VersioningConfiguration",
];
const IGNORED: &[&str] = &[
    "AccessControl",
    "BucketEncryption",
    "LoggingConfiguration",
    "OwnershipControls",
    "PublicAccessBlockConfiguration",
    "Tags",
];

/// Reads a bucket and its own notifications.
pub(super) fn read(
    resolver: &Resolver<'_>,
    resource: &Resource,
    notes: &mut Notes,
) -> Result<Bucket, Fault> {
    notes.properties(resource, READ, IGNORED);
    let versioning = resolver.property(resource, "VersioningConfiguration")?;
    let status = versioning.as_ref().and_then(|v| v.get("Status"));
    let status = status.map(|status| status.text("Status")).transpose()?;
    Ok(Bucket {
        logical_id: resource.logical_id.clone(),
        name: resolver.name(resource)?,
        versioned: status == Some("Enabled"),
        notifications: own_notifications(resolver, resource, notes)?,
    })
}

fn own_notifications(
    resolver: &Resolver<'_>,
    resource: &Resource,
    notes: &mut Notes,
) -> Result<Vec<Notification>, Fault> {
    let name = "NotificationConfiguration";
    let Some(configuration) = resolver.property(resource, name)? else {
        return Ok(vec![]);
    };
    let mut notifications = vec![];
    for (key, node) in configuration.map(name)? {
        if key.text != "LambdaConfigurations" {
            notes.add(resource, &format!("{} is ignored", key.text));
            continue;
        }
        for (index, item) in node.list(&key.text)?.iter().enumerate() {
            let id = format!("{}-{index}", resource.logical_id);
            notifications.push(own_notification(id, item)?);
        }
    }
    Ok(notifications)
}

fn own_notification(id: String, node: &Node) -> Result<Notification, Fault> {
    let function = node.required("Function")?;
    notification(id, node, "Event", function.text("Function")?.to_owned())
}

/// Adds an event of type `S3` to its bucket.
pub(super) fn add_event(
    resolver: &Resolver<'_>,
    resource: &Resource,
    key: &Key,
    event: &Node,
    buckets: &mut [Bucket],
) -> Result<(), Fault> {
    let properties = event.required("Properties")?;
    let bucket = bucket_of(properties, event.at)?;
    let properties = resolver.value(properties, &Trail::START)?;
    let found = buckets.iter_mut().find(|b| b.logical_id == bucket);
    let Some(found) = found else {
        let problem = Problem::Unresolved(format!("{bucket} (the bucket of {})", key.text));
        return Err(Fault::new(properties.at, problem));
    };
    let arn = resolver.arn(resource)?;
    let notification = notification(key.text.clone(), &properties, "Events", arn)?;
    found.notifications.push(notification);
    Ok(())
}

/// The logical id in `Bucket: !Ref X`: SAM takes nothing else.
fn bucket_of(properties: &Node, at: Position) -> Result<String, Fault> {
    match properties.get("Bucket").and_then(Node::function) {
        Some(("Ref", id)) => Ok(id.text("Bucket")?.to_owned()),
        _ => {
            let text = "Bucket must be !Ref of a bucket in this template";
            Err(Fault::new(at, Problem::Invalid(text.into())))
        }
    }
}

fn notification(
    id: String,
    node: &Node,
    events_key: &str,
    function_arn: String,
) -> Result<Notification, Fault> {
    let events = node.required(events_key)?.list_or_one().iter();
    let events: Result<_, Fault> = events
        .map(|event| event.text(events_key).map(str::to_owned))
        .collect();
    let mut notification = Notification {
        id,
        events: events?,
        function_arn,
        prefix: String::new(),
        suffix: String::new(),
    };
    let filter = node.get("Filter").and_then(|filter| filter.get("S3Key"));
    if let Some(rules) = filter.and_then(|key| key.get("Rules")) {
        for rule in rules.list("Rules")? {
            add_rule(&mut notification, rule)?;
        }
    }
    Ok(notification)
}

fn add_rule(notification: &mut Notification, rule: &Node) -> Result<(), Fault> {
    let name = rule.required("Name")?;
    let value = rule.required("Value")?.text("Value")?.to_owned();
    match name.text("Name")?.to_ascii_lowercase().as_str() {
        "prefix" => notification.prefix = value,
        "suffix" => notification.suffix = value,
        _ => return Err(name.not("the filter's Name", "prefix or suffix")),
    }
    Ok(())
}
