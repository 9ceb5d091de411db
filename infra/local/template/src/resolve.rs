//! Resolves references and intrinsic functions in values.
//!
//! It resolves only what the local stack uses: a policy may refer to types that the stack lacks.
//! Every walk carries its [`Trail`], which detects cycles and limits the depth, and draws on one
//! budget, so that every input is bounded in time and memory.

use std::cell::Cell;
use std::collections::BTreeMap;

use super::error::{Fault, Position, Problem};
use super::node::{Node, Value};
use super::resources::{Reference, Resource};
use super::yaml::MAX_DEPTH;
use service::Identity;

/// Nodes visited and bytes produced, for one template.
const BUDGET: usize = 64_000_000;
/// Levels of nodes and references together: a reference's value may nest as deeply as the document.
const MAX_TRAIL: usize = 4 * MAX_DEPTH;
/// The value of `AWS::StackName`.
const STACK: &str = "scones";

/// The way from a value of the template to where the resolver is.
pub(super) struct Trail<'t> {
    above: Option<&'t Trail<'t>>,
    name: Option<String>,
    depth: usize,
}

impl Trail<'_> {
    pub(super) const START: Trail<'static> = Trail {
        above: None,
        name: None,
        depth: 0,
    };

    pub(super) fn down(&self, at: Position) -> Result<Trail<'_>, Fault> {
        if self.depth == MAX_TRAIL {
            return Err(Fault::new(at, Problem::TooDeep));
        }
        Ok(Trail {
            above: Some(self),
            name: None,
            depth: self.depth + 1,
        })
    }

    /// Enters a name; a fault where the trail comes from there.
    pub(super) fn enter(&self, name: &str, at: Position) -> Result<Trail<'_>, Fault> {
        let mut names = vec![name];
        let mut step = Some(self);
        while let Some(trail) = step {
            if let Some(above) = trail.name.as_deref() {
                names.push(above);
                if above == name {
                    names.reverse();
                    let problem = Problem::Circular(names.join(" -> "));
                    return Err(Fault::new(at, problem));
                }
            }
            step = trail.above;
        }
        Ok(Trail {
            name: Some(name.into()),
            ..self.down(at)?
        })
    }
}

/// Resolves references against the parameters, conditions and resources of a template.
pub(super) struct Resolver<'a> {
    pub(super) identity: &'a Identity,
    pub(super) parameters: BTreeMap<String, Node>,
    pub(super) conditions: Option<&'a Node>,
    pub(super) mappings: Option<&'a Node>,
    pub(super) resources: BTreeMap<String, Resource>,
    spent: Cell<usize>,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(
        identity: &'a Identity,
        document: &'a Node,
        parameters: BTreeMap<String, Node>,
        resources: BTreeMap<String, Resource>,
    ) -> Self {
        Self {
            identity,
            parameters,
            conditions: document.get("Conditions"),
            mappings: document.get("Mappings"),
            resources,
            spent: Cell::new(0),
        }
    }

    /// A resource's property; `None` where it is absent, null or `AWS::NoValue`.
    pub(super) fn property(&self, resource: &Resource, name: &str) -> Result<Option<Node>, Fault> {
        self.property_on(resource, name, &Trail::START)
    }

    fn property_on(
        &self,
        resource: &Resource,
        name: &str,
        trail: &Trail<'_>,
    ) -> Result<Option<Node>, Fault> {
        let Some(node) = resource.properties.get(name) else {
            return Ok(None);
        };
        let resolved = self.resolve(node, trail)?;
        Ok(resolved.filter(|node| !node.is_null()))
    }

    /// A property that must be there.
    pub(super) fn required(&self, resource: &Resource, name: &str) -> Result<Node, Fault> {
        self.property(resource, name)?
            .ok_or_else(|| Fault::new(resource.at, Problem::Missing(name.into())))
    }

    /// The value; `None` is `AWS::NoValue`.
    pub(super) fn resolve(&self, node: &Node, trail: &Trail<'_>) -> Result<Option<Node>, Fault> {
        let trail = trail.down(node.at)?;
        self.spend(1, node.at)?;
        if let Some((function, argument)) = node.function() {
            return self.call(function, argument, &trail);
        }
        let value = match &node.value {
            Value::List(items) => Value::List(self.items(items, &trail)?),
            Value::Map(entries) => {
                let mut resolved = Vec::with_capacity(entries.len());
                for (key, node) in entries {
                    if let Some(node) = self.resolve(node, &trail)? {
                        resolved.push((key.clone(), node));
                    }
                }
                Value::Map(resolved)
            }
            Value::Scalar { text, .. } => {
                self.spend(text.len(), node.at)?;
                node.value.clone()
            }
            Value::Null => Value::Null,
        };
        let at = node.at;
        Ok(Some(Node { at, value }))
    }

    fn items(&self, items: &[Node], trail: &Trail<'_>) -> Result<Vec<Node>, Fault> {
        let resolved = items.iter().map(|item| self.resolve(item, trail));
        resolved.filter_map(Result::transpose).collect()
    }

    /// Like [`Self::resolve`], for where `AWS::NoValue` makes no sense.
    pub(super) fn value(&self, node: &Node, trail: &Trail<'_>) -> Result<Node, Fault> {
        let missing = || Fault::new(node.at, Problem::Missing("a value".into()));
        self.resolve(node, trail)?.ok_or_else(missing)
    }

    pub(super) fn spend(&self, amount: usize, at: Position) -> Result<(), Fault> {
        let spent = self.spent.get().saturating_add(amount);
        self.spent.set(spent);
        if spent <= BUDGET {
            Ok(())
        } else {
            Err(Fault::new(at, Problem::TooMuch))
        }
    }

    /// Returns the value of `Ref` for a name; `None` is `AWS::NoValue`.
    pub(super) fn reference(
        &self,
        name: &str,
        at: Position,
        trail: &Trail<'_>,
    ) -> Result<Option<Node>, Fault> {
        if let Some(value) = self.parameters.get(name) {
            self.spend(value.size(), at)?;
            return Ok(Some(Node {
                at,
                ..value.clone()
            }));
        }
        let text = match self.pseudo(name) {
            Some(Pseudo::NoValue) => return Ok(None),
            Some(Pseudo::List) => return Ok(Some(Node::list_at(at, vec![]))),
            Some(Pseudo::Text(text)) => text,
            None => self.resource_reference(name, at, trail)?,
        };
        Ok(Some(Node::text_at(at, text)))
    }

    pub(super) fn pseudo(&self, name: &str) -> Option<Pseudo> {
        let Identity { account, region } = self.identity;
        let text = match name {
            "AWS::AccountId" => account.clone(),
            "AWS::Region" => region.clone(),
            "AWS::Partition" => "aws".into(),
            "AWS::URLSuffix" => "amazonaws.com".into(),
            "AWS::StackName" => STACK.into(),
            "AWS::StackId" => self
                .identity
                .arn("cloudformation", &format!("stack/{STACK}/local")),
            "AWS::NoValue" => return Some(Pseudo::NoValue),
            "AWS::NotificationARNs" => return Some(Pseudo::List),
            _ => return None,
        };
        Some(Pseudo::Text(text))
    }

    fn resource_reference(
        &self,
        name: &str,
        at: Position,
        trail: &Trail<'_>,
    ) -> Result<String, Fault> {
        let Some(resource) = self.resources.get(name) else {
            let generated = self.generated_role(name);
            return generated.map(str::to_owned).ok_or_else(|| {
                let problem = Problem::Unresolved(name.into());
                Fault::new(at, problem)
            });
        };
        self.must_exist(resource, at, trail)?;
        let physical = self.name_on(resource, trail)?;
        Ok(match resource.type_row() {
            Some(row) if row.reference == Reference::Arn => self.arn_of(row.arn, &physical),
            _ => physical,
        })
    }

    /// Returns the value of `GetAtt`. An attribute of a type that the local stack lacks is a
    /// placeholder, `LogicalId.Attribute`.
    pub(super) fn attribute(
        &self,
        name: &str,
        attribute: &str,
        at: Position,
        trail: &Trail<'_>,
    ) -> Result<String, Fault> {
        let Some(resource) = self.resources.get(name) else {
            return match self.generated_role(name) {
                Some(role) if attribute == "Arn" => Ok(self.arn_of("iam::{a}:role/{n}", role)),
                _ => Err(Fault::new(at, Problem::Unresolved(name.into()))),
            };
        };
        self.must_exist(resource, at, trail)?;
        let physical = self.name_on(resource, trail)?;
        match resource.type_row() {
            Some(row) if row.arn_attribute == attribute => Ok(self.arn_of(row.arn, &physical)),
            Some(row) if row.name_attribute == attribute => Ok(physical),
            Some(row) if row.runs() => Err(Fault::new(
                at,
                Problem::NoAttribute {
                    resource: name.into(),
                    kind: resource.kind.clone(),
                    attribute: attribute.into(),
                },
            )),
            _ => Ok(format!("{name}.{attribute}")),
        }
    }

    /// The ARN of the role that one of `properties` names, or of the one that SAM makes.
    pub(super) fn role_arn(
        &self,
        resource: &Resource,
        properties: &[&str],
    ) -> Result<String, Fault> {
        for property in properties {
            if let Some(node) = self.property(resource, property)? {
                return Node::text(&node, property).map(str::to_owned);
            }
        }
        Ok(self.arn_of("iam::{a}:role/{n}", &format!("{}Role", resource.logical_id)))
    }

    /// The role that SAM makes for a function or state machine without one: `{LogicalId}Role`.
    fn generated_role<'n>(&self, name: &'n str) -> Option<&'n str> {
        let owner = self.resources.get(name.strip_suffix("Role")?)?;
        let by_sam = matches!(
            owner.kind.as_str(),
            "AWS::Serverless::Function" | "AWS::Serverless::StateMachine"
        );
        (by_sam && owner.properties.get("Role").is_none()).then_some(name)
    }

    fn must_exist(
        &self,
        resource: &Resource,
        at: Position,
        trail: &Trail<'_>,
    ) -> Result<(), Fault> {
        match &resource.condition {
            Some(name) if !self.condition(name, resource.at, trail)? => Err(Fault::new(
                at,
                Problem::NotCreated {
                    resource: resource.logical_id.clone(),
                    condition: name.clone(),
                },
            )),
            _ => Ok(()),
        }
    }

    /// Returns true if the template's conditions create it.
    pub(super) fn exists(&self, resource: &Resource) -> Result<bool, Fault> {
        match &resource.condition {
            Some(name) => self.condition(name, resource.at, &Trail::START),
            None => Ok(true),
        }
    }

    /// The name that AWS would know it by.
    pub(super) fn name(&self, resource: &Resource) -> Result<String, Fault> {
        self.name_on(resource, &Trail::START)
    }

    fn name_on(&self, resource: &Resource, trail: &Trail<'_>) -> Result<String, Fault> {
        let trail = trail.enter(&resource.logical_id, resource.at)?;
        let property = resource.type_row().map_or("", |row| row.name_property);
        match self.property_on(resource, property, &trail)? {
            Some(name) => Ok(name.text(property)?.to_owned()),
            None if resource.kind == "AWS::S3::Bucket" => Ok(resource.logical_id.to_lowercase()),
            None => Ok(resource.logical_id.clone()),
        }
    }

    /// The ARN that AWS would know it by.
    pub(super) fn arn(&self, resource: &Resource) -> Result<String, Fault> {
        let name = self.name(resource)?;
        let pattern = resource.type_row().map_or("", |row| row.arn);
        Ok(self.arn_of(pattern, &name))
    }

    pub(super) fn arn_of(&self, pattern: &str, name: &str) -> String {
        let arn = pattern
            .replace("{r}", &self.identity.region)
            .replace("{a}", &self.identity.account)
            .replace("{n}", name);
        format!("arn:aws:{arn}")
    }
}

/// A pseudo parameter's value.
pub(super) enum Pseudo {
    Text(String),
    List,
    NoValue,
}
