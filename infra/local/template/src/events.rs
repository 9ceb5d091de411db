//! The `Events` of functions and state machines: what starts them.

use super::application::Application;
use super::error::Fault;
use super::node::{Key, Node};
use super::notes::Notes;
use super::resolve::Resolver;
use super::resources::{Resource, ServiceKind, Support};
use super::{bucket, schedule};

/// Adds the notifications and schedules that the functions' events declare.
pub(super) fn add(
    resolver: &Resolver<'_>,
    application: &mut Application,
    notes: &mut Notes,
) -> Result<(), Fault> {
    for resource in resolver.resources.values() {
        let runs = matches!(
            resource.support(),
            Support::Run(ServiceKind::Function | ServiceKind::StateMachine)
        );
        let Some(events) = resource.properties.get("Events").filter(|_| runs) else {
            continue;
        };
        if !resolver.exists(resource)? {
            continue;
        }
        for (key, event) in events.map("Events")? {
            let about = |fault: Fault| fault.about(|| resource.subject());
            add_event(resolver, resource, key, event, application, notes).map_err(about)?;
        }
    }
    Ok(())
}

fn add_event(
    resolver: &Resolver<'_>,
    resource: &Resource,
    key: &Key,
    event: &Node,
    application: &mut Application,
    notes: &mut Notes,
) -> Result<(), Fault> {
    match event.required("Type")?.text("Type")? {
        "S3" => bucket::add_event(resolver, resource, key, event, &mut application.buckets)?,
        "ScheduleV2" => {
            let schedule = schedule::of_event(resolver, resource, key, event)?;
            application.schedules.push(schedule);
        }
        kind => notes.add(
            resource,
            &format!("the event {} of type {kind} never comes", key.text),
        ),
    }
    Ok(())
}
