//! `Assign`: the variables that a state sets, and the templates that give their values.

use std::sync::Arc;

use crate::Payload;
use crate::fault::Fault;
use crate::payload::MAX_PAYLOAD_BYTES;
use crate::scope::Scope;
use crate::template::Template;
use crate::variables::Assigned;

/// `Assign`
#[derive(Debug, Default)]
pub(crate) struct Assign(pub(crate) Vec<(Arc<str>, Template)>);

impl Assign {
    /// Evaluates the new values, all of them from the old ones.
    pub(crate) fn evaluate(&self, scope: &Scope<'_>) -> Result<Assigned, Fault> {
        let mut left = MAX_PAYLOAD_BYTES;
        let mut assigned = Assigned::with_capacity(self.0.len());
        for (name, template) in &self.0 {
            let value = Payload::from(template.render(scope)?);
            left = left
                .checked_sub(value.text().len())
                .filter(|_| value.is_acceptable())
                .ok_or_else(|| Fault::too_much_assigned(name))?;
            assigned.push((name.clone(), value));
        }
        Ok(assigned)
    }
}
