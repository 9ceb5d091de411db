//! Compiles `Assign`, and reports variables of an inner scope that would hide those of an outer
//! one.

use std::collections::HashSet;

use super::Compiler;
use super::cursor::Cursor;
use super::fields::Fields;
use crate::assign::Assign;
use crate::template::Template;
use crate::variables::is_name;

/// JSONata's `$states`: no variable can have this name.
const RESERVED: &str = "states";

/// The flows of a machine, and the variables that each assigns.
#[derive(Debug, Default)]
pub(super) struct VariableScopes<'d> {
    scopes: Vec<VariableScope<'d>>,
    /// The flow that is being compiled.
    current: Option<usize>,
}

#[derive(Debug)]
struct VariableScope<'d> {
    outer: Option<usize>,
    /// The names, and where each is assigned first.
    assigned: Vec<(Box<str>, Cursor<'d>)>,
}

impl<'d> VariableScopes<'d> {
    /// Begins a flow inside the one that is being compiled.
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

    fn note_assigned(&mut self, name: &str, field: Cursor<'d>) {
        let Some(scope) = self.current else { return };
        let assigned = &mut self.scopes[scope].assigned;
        if assigned.iter().all(|(known, _)| **known != *name) {
            assigned.push((name.into(), field));
        }
    }

    /// Reports the names that an outer flow assigns too. Call it once, at the end: flows are in no
    /// order.
    pub(super) fn check(&self) {
        for scope in &self.scopes {
            let outer = self.outer_names(scope);
            for (name, field) in &scope.assigned {
                if outer.contains(&**name) {
                    field.error(format!(
                        "Variable '{name}' is assigned in an outer scope and cannot be assigned \
                         in an inner one"
                    ));
                }
            }
        }
    }

    fn outer_names(&self, scope: &VariableScope<'d>) -> HashSet<&str> {
        let outer = |scope: &&VariableScope<'d>| scope.outer.map(|outer| &self.scopes[outer]);
        std::iter::successors(outer(&scope), outer)
            .flat_map(|scope| scope.assigned.iter().map(|(name, _)| &**name))
            .collect()
    }
}

impl<'d> Compiler<'d> {
    /// Reads `Assign` of a state, a catcher or a choice rule.
    pub(super) fn assign(&mut self, fields: &mut Fields<'d>) -> Assign {
        let Some(object) = fields.object("Assign") else {
            return Assign::default();
        };
        let mut compiled = Vec::new();
        for (field, value) in object.cursor().fields() {
            let (name, template) = Template::compile_field(field, &value);
            check_variable(&name, &value);
            compiled.push((name.as_ref().into(), template));
            self.scopes.note_assigned(&name, value);
        }
        Assign(compiled)
    }
}

fn check_variable(name: &str, field: &Cursor<'_>) {
    if name == RESERVED {
        let message = format!("Cannot assign to reserved variable '${RESERVED}'.");
        field.error_with_code("RESERVED_VARIABLE_NAME", message);
    } else if !is_name(name) {
        let message = format!(
            "Invalid variable name '{name}': the variable name contains invalid characters."
        );
        field
            .error_with_code("INVALID_VARIABLE_NAME", message)
            .hint("a letter, then letters, digits and underscores, at most 80 characters");
    }
}
