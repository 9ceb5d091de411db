//! Compiles `Assign`, and sees to it that an inner scope hides no variable of an outer one.

use std::collections::HashSet;

use super::{Compiler, Diagnostics, Fields, Language};
use crate::variables::{Assign, is_name};

/// `$states` is JSONata's: no variable can be called so.
const RESERVED: &str = "states";

/// The flows of a machine, and what each assigns.
#[derive(Debug, Default)]
pub(super) struct VariableScopes {
    scopes: Vec<VariableScope>,
    /// The flow that is being compiled.
    current: Option<usize>,
}

#[derive(Debug)]
struct VariableScope {
    outer: Option<usize>,
    /// The names, and where each is assigned first.
    assigned: Vec<(String, String)>,
}

impl VariableScopes {
    /// A flow begins, inside the one that is being compiled.
    pub(super) fn enter(&mut self) {
        let outer = self.current.replace(self.scopes.len());
        self.scopes.push(VariableScope {
            outer,
            assigned: Vec::new(),
        });
    }

    pub(super) fn leave(&mut self) {
        self.current = self.current.and_then(|scope| self.scopes[scope].outer);
    }

    fn assigns(&mut self, name: &str, location: &str) {
        let Some(scope) = self.current else { return };
        let assigned = &mut self.scopes[scope].assigned;
        if assigned.iter().all(|(known, _)| known != name) {
            assigned.push((name.to_owned(), location.to_owned()));
        }
    }

    /// Reports the names that a flow around assigns too. Call it once, at the end: order does not matter.
    pub(super) fn check(&self, diagnostics: &mut Diagnostics) {
        for scope in &self.scopes {
            let outer = self.names_around(scope);
            for (name, location) in &scope.assigned {
                if outer.contains(name.as_str()) {
                    let message = format!(
                        "Variable '{name}' is assigned in an outer scope and cannot be assigned in an inner one"
                    );
                    diagnostics.error(location, message);
                }
            }
        }
    }

    fn names_around(&self, scope: &VariableScope) -> HashSet<&str> {
        let outer = |scope: &&VariableScope| scope.outer.map(|outer| &self.scopes[outer]);
        std::iter::successors(outer(&scope), outer)
            .flat_map(|scope| scope.assigned.iter().map(|(name, _)| name.as_str()))
            .collect()
    }
}

impl Compiler {
    /// `Assign` of a state, a catcher or a choice rule.
    pub(crate) fn assign(&mut self, fields: &mut Fields<'_>) -> Assign {
        const NAME: &str = "Assign";
        let place = fields.place(NAME);
        let language = fields.language();
        let Some(object) = fields.object(NAME, &mut self.diagnostics) else {
            return Assign::default();
        };
        let mut compiled = Vec::new();
        for (field, value) in object.into_object() {
            let here = place.below(format_args!("/{field}"));
            let (name, template) = match language {
                Language::JsonPath => self.field(field, value, &place.location),
                Language::Jsonata => (field.as_str().into(), self.queries_in(value, &here)),
            };
            let at = here.location;
            self.check_variable(&name, &at);
            self.scopes.assigns(&name, &at);
            compiled.push((name.as_ref().into(), template));
        }
        Assign(compiled)
    }
    fn check_variable(&mut self, name: &str, at: &str) {
        if name == RESERVED {
            let message = format!("Cannot assign to reserved variable '${RESERVED}'.");
            self.diagnostics.push("RESERVED_VARIABLE_NAME", at, message);
        } else if !is_name(name) {
            let message = format!(
                "Invalid variable name '{name}': the variable name contains invalid characters."
            );
            self.diagnostics
                .push("INVALID_VARIABLE_NAME", at, message)
                .hint("a letter, then letters, digits and underscores, at most 80 characters");
        }
    }
}
