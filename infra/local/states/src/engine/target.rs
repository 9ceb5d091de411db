//! Resolves the revision that an execution runs: the current one, a version's, or one that an alias
//! picks.

use rusqlite::Connection;

use super::{Fault, Start};
use crate::arn::Qualifier;
use crate::error::ApiError;
use crate::store::aliases::{self, Route};
use crate::store::executions::Target;
use crate::store::machines::{self, Machine};
use crate::store::versions;

/// The state machine at the revision to run, and what led there. `dice` decides between two
/// versions of an alias.
pub(super) fn find(db: &Connection, start: &Start, dice: u64) -> Result<(Machine, Target), Fault> {
    let unknown = || ApiError::StateMachineDoesNotExist(start.machine_arn.clone());
    let machine = machines::by_name(db, &start.machine)?.ok_or_else(unknown)?;
    if machine.deleting {
        return Err(ApiError::StateMachineDeleting(start.machine_arn.clone()).into());
    }
    let (number, alias) = match &start.qualifier {
        None => return Ok((machine, Target::default())),
        Some(Qualifier::Version(number)) => (*number, None),
        Some(Qualifier::Alias(name)) => {
            let alias = aliases::find(db, machine.id, name)?.ok_or_else(unknown)?;
            (
                pick(&alias.routes, dice).ok_or_else(unknown)?,
                Some(alias.name),
            )
        }
    };
    let version = versions::find(db, machine.id, number)?.ok_or_else(unknown)?;
    let published = machines::by_revision(db, version.revision)?.ok_or_else(unknown)?;
    let target = Target {
        version: Some(number),
        alias,
    };
    Ok((published, target))
}

/// The version whose share of the hundred the dice fall into.
fn pick(routes: &[Route], dice: u64) -> Option<i64> {
    let mut remaining = i64::try_from(dice % 100).unwrap_or(0);
    for route in routes {
        remaining -= route.weight;
        if remaining < 0 {
            return Some(route.version);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(weights: &[i64], expected: &[i64]) {
        let routes: Vec<Route> = weights
            .iter()
            .enumerate()
            .map(|(at, weight)| Route {
                version: at as i64 + 1,
                weight: *weight,
            })
            .collect();
        let mut picked = vec![0; weights.len()];
        for dice in 0..1000 {
            picked[pick(&routes, dice).unwrap() as usize - 1] += 1;
        }
        assert_eq!(picked, expected, "{weights:?}");
    }

    #[test]
    fn weights_share_the_executions() {
        check(&[100], &[1000]);
        check(&[70, 30], &[700, 300]);
        check(&[0, 100], &[0, 1000]);
        check(&[100, 0], &[1000, 0]);
    }
}
