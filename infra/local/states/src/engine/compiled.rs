//! Parsed state machines, by revision.

use std::collections::HashMap;
use std::sync::Arc;

use asl::{Evaluate, StateMachine};
use rusqlite::Connection;

use super::super::error::ApiError;
use super::super::store::machines::{self, Machine};
use super::Fault;

/// The compiled form of a state machine revision.
pub(super) struct Compiled {
    pub(super) machine: StateMachine,
    pub(super) name: String,
    pub(super) role_arn: String,
}

/// Revisions that were used lately.
pub(super) struct Cache {
    revisions: HashMap<i64, Arc<Compiled>>,
    evaluator: Option<Arc<dyn Evaluate>>,
}

impl Cache {
    /// Beyond this many, those that no execution runs are dropped.
    const KEPT: usize = 256;

    /// Empty. Expressions that may take long are `evaluator`'s to evaluate.
    pub(super) fn new(evaluator: Option<Arc<dyn Evaluate>>) -> Cache {
        Cache {
            revisions: HashMap::new(),
            evaluator,
        }
    }

    pub(super) fn of(&mut self, machine: &Machine) -> Result<Arc<Compiled>, ApiError> {
        if let Some(compiled) = self.revisions.get(&machine.revision.id) {
            return Ok(Arc::clone(compiled));
        }
        let settings = &machine.revision.settings;
        let mut machine_of_revision = StateMachine::parse(&settings.definition)?;
        if let Some(evaluator) = &self.evaluator {
            machine_of_revision = machine_of_revision.with_evaluator(Arc::clone(evaluator));
        }
        let compiled = Arc::new(Compiled {
            machine: machine_of_revision,
            name: machine.name.clone(),
            role_arn: settings.role_arn.clone(),
        });
        if self.revisions.len() >= Self::KEPT {
            self.revisions
                .retain(|_, compiled| Arc::strong_count(compiled) > 1);
        }
        self.revisions
            .insert(machine.revision.id, Arc::clone(&compiled));
        Ok(compiled)
    }

    pub(super) fn of_revision(&mut self, db: &Connection, id: i64) -> Result<Arc<Compiled>, Fault> {
        if let Some(compiled) = self.revisions.get(&id) {
            return Ok(Arc::clone(compiled));
        }
        let missing = || ApiError::Internal(format!("revision {id} is not in states.db"));
        let machine = machines::by_revision(db, id)?.ok_or_else(missing)?;
        Ok(self.of(&machine)?)
    }
}
