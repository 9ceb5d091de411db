//! What the template names and the local stack leaves undone, one line each.

use super::resources::Resource;

/// The lines, in the order of the template's logical ids.
#[derive(Debug, Default)]
pub(super) struct Notes(Vec<String>);

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
        if !self.0.contains(&line) {
            self.0.push(line);
        }
    }

    /// Adds a line for each property that is neither read nor needless on one machine.
    pub(super) fn properties(&mut self, resource: &Resource, read: &[&str], needless: &[&str]) {
        let Ok(entries) = resource.properties.map("Properties") else {
            return;
        };
        for (key, _) in entries {
            let name = key.text.as_str();
            if !read.contains(&name) && !needless.contains(&name) {
                self.add(resource, &format!("{name} is ignored"));
            }
        }
    }

    pub(super) fn into_lines(self) -> Vec<String> {
        self.0
    }
}
