//! `routingConfiguration` of an alias: one version, or two with their shares.

use serde_json::Value;

use super::input::{Input, wrong_type};
use crate::arn::{self, Arn, Qualifier};
use crate::error::ApiError;
use crate::handle::States;
use crate::store::aliases::Route;

/// AWS's pattern for the name of an alias.
pub(super) const ALIAS_PATTERN: &str = r"^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$";

/// Returns true if a name fits [`ALIAS_PATTERN`].
pub(super) fn is_alias(name: &str) -> bool {
    let letter = |letter: char| letter.is_ascii_alphabetic() || "_-.".contains(letter);
    name.contains(letter) && name.chars().all(|c| letter(c) || c.is_ascii_digit())
}

/// A routing configuration as the caller sent it: ARNs and weights, each within its constraints.
#[derive(Default)]
pub(super) struct RoutingConfiguration(Vec<(String, i64)>);

impl RoutingConfiguration {
    /// `None` where the field is missing.
    pub(super) fn read(input: &mut Input) -> Result<Option<Self>, ApiError> {
        let list = match input.value("routingConfiguration") {
            None => return Ok(None),
            Some(Value::Array(list)) => list,
            Some(_) => return Err(wrong_type("routingConfiguration", "LIST")),
        };
        let mut items = Vec::with_capacity(list.len());
        for item in &list {
            let arn = item.get("stateMachineVersionArn").and_then(Value::as_str);
            let weight = item.get("weight").and_then(Value::as_i64);
            items.push((arn.unwrap_or_default().to_owned(), weight.unwrap_or(0)));
        }
        if !(1..=2).contains(&items.len()) {
            let (bound, limit) = if items.is_empty() {
                ("greater", 1)
            } else {
                ("less", 2)
            };
            let constraint = format!("Member must have length {bound} than or equal to {limit}");
            input.broken("routingConfiguration", &format_routes(&items), &constraint);
        }
        for (at, (_, weight)) in items.iter().enumerate() {
            let field = format!("routingConfiguration.{}.member.weight", at + 1);
            if *weight > 100 {
                let constraint = "Member must have value less than or equal to 100";
                input.broken(&field, weight, constraint);
            } else if *weight < 0 {
                let constraint = "Member must have value greater than or equal to 0";
                input.broken(&field, weight, constraint);
            }
        }
        Ok(Some(RoutingConfiguration(items)))
    }

    /// The state machine's name, and the versions by number.
    pub(super) fn resolve(&self, states: &States) -> Result<(String, Vec<Route>), ApiError> {
        let arns = || self.0.iter().map(|(arn, _)| arn.as_str());
        let refused = |what: &str, received: String| {
            ApiError::Validation(format!("{what} Received: [{received}]"))
        };
        let received = || arns().collect::<Vec<_>>().join(", ");
        let mut found = Vec::with_capacity(self.0.len());
        for (arn, weight) in &self.0 {
            let text = "Routing configuration must contain state machine version ARNs.";
            let (machine, version) = version(arn)?.ok_or_else(|| refused(text, received()))?;
            if !arn::is_local(arn, states.identity()) {
                return Err(ApiError::NoSuchAlias);
            }
            let weight = *weight;
            found.push((machine, Route { version, weight }));
        }
        if found.len() == 2 && found[0].0 != found[1].0 {
            let text = "Routing configuration must contain versions of the same state machine.";
            return Err(refused(text, received()));
        }
        if found.len() == 2 && found[0].1.version == found[1].1.version {
            let text = "Routing configuration must contain distinct state machine version ARNs.";
            return Err(refused(text, received()));
        }
        if found.iter().map(|(_, route)| route.weight).sum::<i64>() != 100 {
            let weights: Vec<String> = self
                .0
                .iter()
                .map(|(_, weight)| weight.to_string())
                .collect();
            let text = "Sum of routing configuration weights must equal 100.";
            return Err(refused(text, weights.join(", ")));
        }
        let machine = found.first().map_or("", |(machine, _)| machine).to_owned();
        Ok((machine, found.into_iter().map(|(_, route)| route).collect()))
    }
}

/// The state machine's name and the number in a version's ARN.
fn version(arn: &str) -> Result<Option<(&str, i64)>, ApiError> {
    let Arn::Qualified { name, qualifier } = arn::parse(arn)? else {
        return Ok(None);
    };
    Ok(match Qualifier::parse(qualifier) {
        Qualifier::Version(number) => Some((name, number)),
        Qualifier::Alias(_) => None,
    })
}

/// Formats the list as AWS does in its message.
fn format_routes(items: &[(String, i64)]) -> String {
    let items: Vec<String> = items
        .iter()
        .map(|(arn, weight)| {
            format!("RoutingConfigurationListItem(stateMachineVersionArn={arn}, weight={weight})")
        })
        .collect();
    format!("[{}]", items.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_have_a_letter_and_no_other_signs() {
        for good in ["a", "PROD", "1a", "v1.0", "_", "-", "."] {
            assert!(is_alias(good), "{good}");
        }
        for bad in ["", "1", "123", "a b", "a@", "é", "a/b"] {
            assert!(!is_alias(bad), "{bad}");
        }
    }
}
