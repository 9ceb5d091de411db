//! Reads a SAM template and reduces it to what the services need.
//!
//! Text becomes nodes with positions (`yaml`, `node`); `Globals` are merged in (`resources`);
//! references and functions are resolved where they are used (`resolve`, `intrinsic`); one file for
//! each kind of resource reads it. A problem that AWS would reject is an error with its position;
//! one that only the local stack has is a note.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod api;
mod application;
mod bucket;
mod endpoint;
mod error;
mod events;
mod function;
mod globals;
mod intrinsic;
mod node;
mod notes;
mod parameters;
mod references;
mod resolve;
mod resources;
mod schedule;
mod state_machine;
#[cfg(test)]
mod tests;
mod yaml;

use std::collections::BTreeMap;
use std::path::Path;

pub use application::*;
pub use error::{Position, Problem, TemplateError};

use self::error::Fault;
use self::node::Node;
use self::notes::Notes;
use self::resolve::{Resolver, Trail};
use self::resources::{Resource, ServiceKind, Support};
use service::Identity;

/// Reads the template at `path` with `parameters` over its defaults, for `identity`.
///
/// Resources of the types `declared` are taken as they are ([`Application::resources`]). Relative
/// paths in the template (`DefinitionUri`) start from its folder. See [`Application::notes`] for
/// what is left undone.
pub fn load(
    path: &Path,
    parameters: &BTreeMap<String, String>,
    identity: &Identity,
    declared: &[&str],
) -> Result<Application, TemplateError> {
    let error = |at, subject, problem| TemplateError {
        file: path.to_owned(),
        at,
        subject,
        problem: Box::new(problem),
    };
    let text = std::fs::read_to_string(path).map_err(|e| {
        let what = format!("{e}: name the template with --template");
        error(None, None, Problem::Unreadable(what))
    })?;
    let folder = path.parent().unwrap_or(Path::new(""));
    read(&text, folder, parameters, identity, declared).map_err(|fault| {
        let at = (fault.at != Position::default()).then_some(fault.at);
        error(at, fault.subject, fault.problem)
    })
}

/// [`load`] without the file system, but for the definitions that the template names.
fn read(
    text: &str,
    folder: &Path,
    parameters: &BTreeMap<String, String>,
    identity: &Identity,
    declared: &[&str],
) -> Result<Application, Fault> {
    let document = yaml::parse(text)?;
    let mut notes = Notes::default();
    check_sections(&document, &mut notes)?;
    let parameters = parameters::values(document.get("Parameters"), parameters)?;
    let resources = resources::read(&document)?;
    let resolver = Resolver::new(identity, &document, parameters, resources);
    check_references(&resolver, &document)?;
    application(&resolver, &document, folder, declared, notes)
}

fn check_sections(document: &Node, notes: &mut Notes) -> Result<(), Fault> {
    for (key, _) in document.map("the template")? {
        match key.text.as_str() {
            "AWSTemplateFormatVersion"
            | "Conditions"
            | "Description"
            | "Globals"
            | "Mappings"
            | "Metadata"
            | "Outputs"
            | "Parameters"
            | "Resources"
            | "Transform" => {}
            "Hooks" | "Rules" => notes.line(format!("{} are ignored", key.text)),
            other => {
                let problem = Problem::UnknownSection(other.into());
                return Err(Fault::new(key.at, problem));
            }
        }
    }
    Ok(())
}

fn check_references(resolver: &Resolver<'_>, document: &Node) -> Result<(), Fault> {
    for resource in resolver.resources.values() {
        let checked = resolver.check_references(&resource.properties);
        checked.map_err(|fault| fault.about(|| resource.subject()))?;
    }
    let outputs = document.get("Outputs");
    outputs.map_or(Ok(()), |node| resolver.check_references(node))
}

fn application(
    resolver: &Resolver<'_>,
    document: &Node,
    folder: &Path,
    declared: &[&str],
    mut notes: Notes,
) -> Result<Application, Fault> {
    let mut application = Application::default();
    for resource in resolver.resources.values() {
        let about = |fault: Fault| fault.about(|| resource.subject());
        if !resolver.exists(resource).map_err(about)? {
            continue;
        }
        if declared.contains(&&*resource.kind) {
            let properties = resolver.value(&resource.properties, &Trail::START);
            application.resources.push(DeclaredResource {
                logical_id: resource.logical_id.clone(),
                resource_type: resource.kind.clone(),
                properties: properties.map_err(about)?.to_json(),
            });
        } else {
            add(&mut application, resolver, resource, folder, &mut notes).map_err(about)?;
        }
    }
    events::add(resolver, &mut application, &mut notes)?;
    application.outputs = outputs(resolver, document)?;
    application.notes = notes.into_lines();
    Ok(application)
}

fn add(
    application: &mut Application,
    resolver: &Resolver<'_>,
    resource: &Resource,
    folder: &Path,
    notes: &mut Notes,
) -> Result<(), Fault> {
    match resource.support() {
        Support::Run(ServiceKind::Function) => {
            let function = function::read(resolver, resource, notes)?;
            application.functions.push(function);
        }
        Support::Run(ServiceKind::StateMachine) => {
            let machine = state_machine::read(resolver, resource, folder, notes)?;
            application.state_machines.push(machine);
        }
        Support::Run(ServiceKind::Bucket) => {
            let bucket = bucket::read(resolver, resource, notes)?;
            application.buckets.push(bucket);
        }
        Support::Run(ServiceKind::Endpoint) => {
            let endpoint = endpoint::read(resolver, resource, notes)?;
            application.endpoints.push(endpoint);
        }
        Support::Run(ServiceKind::Api) => {
            let api = api::read(resolver, resource, notes)?;
            application.apis.push(api);
        }
        Support::Run(ServiceKind::Schedule) => {
            let schedule = schedule::read(resolver, resource, notes)?;
            application.schedules.push(schedule);
        }
        Support::Part | Support::NoEffect => {}
        Support::OnAws => notes.only_on_aws(resource),
        Support::Unsupported => notes.add(resource, "the local stack does not have this"),
    }
    Ok(())
}

fn outputs(resolver: &Resolver<'_>, document: &Node) -> Result<BTreeMap<String, String>, Fault> {
    let mut outputs = BTreeMap::new();
    let section = document.get("Outputs");
    for (key, node) in section.map_or(Ok(&[][..]), |node| node.map("Outputs"))? {
        let about = |fault: Fault| fault.about(|| format!("Output {}", key.text));
        if let Some(value) = output(resolver, node).map_err(about)? {
            outputs.insert(key.text.clone(), value);
        }
    }
    Ok(outputs)
}

/// An output's value; `None` where its condition is false.
fn output(resolver: &Resolver<'_>, node: &Node) -> Result<Option<String>, Fault> {
    if let Some(name) = node.get("Condition")
        && !resolver.condition(name.text("Condition")?, name.at, &Trail::START)?
    {
        return Ok(None);
    }
    let value = resolver.value(node.required("Value")?, &Trail::START)?;
    Ok(Some(value.text("Value")?.to_owned()))
}
