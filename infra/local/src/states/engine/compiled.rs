//! Parsed state machines, by revision.

use std::collections::HashMap;
use std::sync::Arc;

use asl::StateMachine;
use rusqlite::Connection;

use super::super::error::ApiError;
use super::super::store::machines::{self, Machine};
use super::Fault;

/// What an execution needs of the state machine revision that it runs.
pub(super) struct Compiled {
    pub(super) machine: StateMachine,
    pub(super) name: String,
    pub(super) role_arn: String,
}

/// Revisions that were used lately.
#[derive(Default)]
pub(super) struct Cache(HashMap<i64, Arc<Compiled>>);

impl Cache {
    /// Beyond this many, those that no execution runs are dropped.
    const KEPT: usize = 256;

    pub(super) fn of(&mut self, machine: &Machine) -> Result<Arc<Compiled>, ApiError> {
        if let Some(compiled) = self.0.get(&machine.revision.id) {
            return Ok(Arc::clone(compiled));
        }
        let settings = &machine.revision.settings;
        let compiled = Arc::new(Compiled {
            machine: StateMachine::parse(&settings.definition)?,
            name: machine.name.clone(),
            role_arn: settings.role_arn.clone(),
        });
        if self.0.len() >= Self::KEPT {
            self.0.retain(|_, compiled| Arc::strong_count(compiled) > 1);
        }
        self.0.insert(machine.revision.id, Arc::clone(&compiled));
        Ok(compiled)
    }

    pub(super) fn of_revision(&mut self, db: &Connection, id: i64) -> Result<Arc<Compiled>, Fault> {
        if let Some(compiled) = self.0.get(&id) {
            return Ok(Arc::clone(compiled));
        }
        let missing = || ApiError::Internal(format!("revision {id} is not in states.db"));
        let machine = machines::by_revision(db, id)?.ok_or_else(missing)?;
        Ok(self.of(&machine)?)
    }
}
