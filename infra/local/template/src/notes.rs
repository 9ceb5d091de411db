//! Notes on the parts of a template that the local stack does not implement, one line each.

use std::collections::BTreeMap;

use super::resources::Resource;

/// The maximum number of resources named for a type that exists only on AWS; beyond it, their
/// number is given.
const NAMED: usize = 2;

/// The lines, in the order of the template's logical ids.
#[derive(Debug, Default)]
pub(super) struct Notes {
    lines: Vec<String>,
    /// Logical ids by type.
    on_aws: BTreeMap<String, Vec<String>>,
}

impl Notes {
    /// Adds a line about a resource, once.
    pub(super) fn add(&mut self, resource: &Resource, what: &str) {
        let Resource {
            logical_id, kind, ..
        } = resource;
        self.line(format!("{logical_id} ({kind}): {what}"));
    }

    /// Adds a line about the template.
    pub(super) fn line(&mut self, line: String) {
        if !self.lines.contains(&line) {
            self.lines.push(line);
        }
    }

    /// Adds a resource to the one line of those that are only on AWS.
    pub(super) fn only_on_aws(&mut self, resource: &Resource) {
        let ids = self.on_aws.entry(resource.kind.clone()).or_default();
        ids.push(resource.logical_id.clone());
    }

    /// Adds a line for each property that is neither read nor without effect on one machine.
    pub(super) fn properties(&mut self, resource: &Resource, read: &[&str], ignored: &[&str]) {
        let Ok(entries) = resource.properties.map("Properties") else {
            return;
        };
        for (key, _) in entries {
            let name = key.text.as_str();
            if !read.contains(&name) && !ignored.contains(&name) {
                self.add(resource, &format!("{name} is ignored"));
            }
        }
    }

    pub(super) fn into_lines(mut self) -> Vec<String> {
        if !self.on_aws.is_empty() {
            let kinds = self.on_aws.iter();
            let kinds: Vec<_> = kinds
                .map(|(kind, ids)| match ids.len() {
                    count if count > NAMED => format!("{kind} ({count} of them)"),
                    _ => format!("{kind} ({})", ids.join(", ")),
                })
                .collect();
            self.line(format!("only on AWS: {}", kinds.join(", ")));
        }
        self.lines
    }
}
