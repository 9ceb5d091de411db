//! The intrinsic functions, each as CloudFormation's reference describes it, and `Conditions`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::error::{Fault, Position, Problem};
use super::node::{Node, Value};
use super::resolve::{Resolver, Trail};

impl Resolver<'_> {
    /// Calls `function`; `None` is `AWS::NoValue`.
    pub(super) fn call(
        &self,
        function: &str,
        argument: &Node,
        trail: &Trail<'_>,
    ) -> Result<Option<Node>, Fault> {
        let call = Call {
            function,
            argument,
            at: argument.at,
        };
        match function {
            "Ref" => self.reference(argument.text("Ref")?, call.at, trail),
            "Fn::If" => self.choose(&call, trail),
            "Fn::Select" => self.select(&call, trail).map(Some),
            "Fn::Split" => self.split(&call, trail).map(Some),
            "Fn::FindInMap" => self.find_in_map(&call, trail).map(Some),
            "Fn::Equals" | "Fn::Not" | "Fn::And" | "Fn::Or" => {
                let text = self.test_function(&call, trail)?.to_string();
                Ok(Some(Node::text_at(call.at, text)))
            }
            _ => {
                let text = self.text_function(&call, trail)?;
                self.spend(text.len(), call.at)?;
                Ok(Some(Node::text_at(call.at, text)))
            }
        }
    }

    fn text_function(&self, call: &Call<'_>, trail: &Trail<'_>) -> Result<String, Fault> {
        match call.function {
            "Fn::GetAtt" => self.get_att(call, trail),
            "Fn::Sub" => self.sub(call, trail),
            "Fn::Join" => self.join(call, trail),
            "Fn::Base64" => {
                let value = self.value(call.argument, trail)?;
                Ok(STANDARD.encode(value.text("Fn::Base64")?))
            }
            other => {
                let problem = Problem::UnsupportedFunction(other.into());
                Err(Fault::new(call.at, problem))
            }
        }
    }

    fn get_att(&self, call: &Call<'_>, trail: &Trail<'_>) -> Result<String, Fault> {
        let expected = "LogicalId.Attribute, or a list of the two";
        let (id, attribute) = match &call.argument.value {
            Value::Scalar { text, .. } => match text.split_once('.') {
                Some((id, attribute)) => (id.to_owned(), attribute.to_owned()),
                None => return Err(call.refuse(expected)),
            },
            _ => {
                let [id, attribute] = call.arguments(expected)?;
                let attribute = self.value(attribute, trail)?;
                let attribute = attribute.text("the attribute")?.to_owned();
                (id.text("the logical id")?.to_owned(), attribute)
            }
        };
        self.attribute(&id, &attribute, call.at, trail)
    }

    /// `${Name}`, `${Name.Attribute}`, `${!Literal}`; the second form brings values of its own.
    fn sub(&self, call: &Call<'_>, trail: &Trail<'_>) -> Result<String, Fault> {
        let (text, own) = match &call.argument.value {
            Value::Scalar { text, .. } => (text.as_str(), None),
            _ => {
                let [text, own] = call.arguments("a text, or a list of a text and a mapping")?;
                own.map("the values of Fn::Sub")?;
                (text.text("Fn::Sub")?, Some(own))
            }
        };
        let mut result = String::new();
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            result.push_str(&rest[..start]);
            let Some(length) = rest[start..].find('}') else {
                return Err(call.refuse("a closing } for each ${"));
            };
            let name = &rest[start + 2..start + length];
            match name.strip_prefix('!') {
                Some(literal) => result.push_str(&format!("${{{literal}}}")),
                None => result.push_str(&self.variable(name.trim(), own, call.at, trail)?),
            }
            rest = &rest[start + length + 1..];
        }
        result.push_str(rest);
        Ok(result)
    }

    fn variable(
        &self,
        name: &str,
        own: Option<&Node>,
        at: Position,
        trail: &Trail<'_>,
    ) -> Result<String, Fault> {
        if let Some(value) = own.and_then(|own| own.get(name)) {
            return Ok(self.value(value, trail)?.text(name)?.to_owned());
        }
        if let Some((id, attribute)) = name.split_once('.') {
            return self.attribute(id, attribute, at, trail);
        }
        match self.reference(name, at, trail)? {
            Some(node) => Ok(node.text(name)?.to_owned()),
            None => Err(Fault::new(at, Problem::Unresolved(name.into()))),
        }
    }

    fn join(&self, call: &Call<'_>, trail: &Trail<'_>) -> Result<String, Fault> {
        let [delimiter, items] = call.arguments("a delimiter and a list")?;
        let items = self.value(items, trail)?;
        let texts: Result<Vec<&str>, Fault> = items
            .list("the list of Fn::Join")?
            .iter()
            .map(|item| item.text("an item of Fn::Join"))
            .collect();
        Ok(texts?.join(delimiter.text("the delimiter")?))
    }

    fn choose(&self, call: &Call<'_>, trail: &Trail<'_>) -> Result<Option<Node>, Fault> {
        let expected = "a condition and two values";
        let [condition, yes, no] = call.arguments(expected)?;
        let holds = match condition.function() {
            Some(_) => self.test(condition, trail)?,
            None => self.condition(condition.text("the condition")?, condition.at, trail)?,
        };
        self.resolve(if holds { yes } else { no }, trail)
    }

    fn select(&self, call: &Call<'_>, trail: &Trail<'_>) -> Result<Node, Fault> {
        let expected = "an index within the list, and the list";
        let [index, items] = call.arguments(expected)?;
        let index = self.value(index, trail)?;
        let index: usize = index.number("the index of Fn::Select", "a whole number")?;
        let items = self.value(items, trail)?;
        let item = items.list("the list of Fn::Select")?.get(index);
        item.cloned().ok_or_else(|| call.refuse(expected))
    }

    fn split(&self, call: &Call<'_>, trail: &Trail<'_>) -> Result<Node, Fault> {
        let expected = "a delimiter that is not empty, and a text";
        let [delimiter, text] = call.arguments(expected)?;
        let delimiter = delimiter.text("the delimiter")?;
        if delimiter.is_empty() {
            return Err(call.refuse(expected));
        }
        let text = self.value(text, trail)?;
        let parts = text.text("the text of Fn::Split")?.split(delimiter);
        let parts = parts.map(|part| Node::text_at(call.at, part)).collect();
        Ok(Node::list_at(call.at, parts))
    }

    fn find_in_map(&self, call: &Call<'_>, trail: &Trail<'_>) -> Result<Node, Fault> {
        let keys = call.arguments::<3>("the name of a mapping and two keys")?;
        let mut path = String::new();
        let mut found = self.mappings;
        for key in keys {
            let key = self.value(key, trail)?;
            let key = key.text("a key of Fn::FindInMap")?;
            path = if path.is_empty() {
                key.into()
            } else {
                format!("{path}.{key}")
            };
            found = found.and_then(|map| map.get(key));
        }
        let missing = || Fault::new(call.at, Problem::NotMapped(path));
        let found = found.ok_or_else(missing)?;
        self.spend(found.size(), call.at)?;
        Ok(found.clone())
    }

    /// Returns true if a named condition holds.
    pub(super) fn condition(
        &self,
        name: &str,
        at: Position,
        trail: &Trail<'_>,
    ) -> Result<bool, Fault> {
        let Some(condition) = self.conditions.and_then(|all| all.get(name)) else {
            let problem = Problem::UnknownCondition(name.into());
            return Err(Fault::new(at, problem));
        };
        self.test(condition, &trail.enter(&format!("condition {name}"), at)?)
    }

    fn test(&self, node: &Node, trail: &Trail<'_>) -> Result<bool, Fault> {
        let trail = trail.down(node.at)?;
        self.spend(1, node.at)?;
        if let Some(name) = node.get("Condition") {
            return self.condition(name.text("Condition")?, name.at, &trail);
        }
        match node.function() {
            Some((function @ ("Fn::Equals" | "Fn::Not" | "Fn::And" | "Fn::Or"), argument)) => {
                let call = Call {
                    function,
                    argument,
                    at: argument.at,
                };
                self.test_function(&call, &trail)
            }
            _ => self.value(node, &trail)?.boolean("a condition"),
        }
    }

    fn test_function(&self, call: &Call<'_>, trail: &Trail<'_>) -> Result<bool, Fault> {
        match call.function {
            "Fn::Equals" => {
                let [left, right] = call.arguments("two values")?;
                let left = self.value(left, trail)?;
                Ok(left.to_text() == self.value(right, trail)?.to_text())
            }
            "Fn::Not" => {
                let [condition] = call.arguments("a list of one condition")?;
                Ok(!self.test(condition, trail)?)
            }
            _ => {
                let conditions = call.argument.list(call.function)?;
                if !(2..=10).contains(&conditions.len()) {
                    return Err(call.refuse("2 to 10 conditions"));
                }
                let all = call.function == "Fn::And";
                for condition in conditions {
                    if self.test(condition, trail)? != all {
                        return Ok(!all);
                    }
                }
                Ok(all)
            }
        }
    }
}

/// A function and its argument.
struct Call<'c> {
    function: &'c str,
    argument: &'c Node,
    at: Position,
}

impl Call<'_> {
    fn arguments<const N: usize>(&self, expected: &'static str) -> Result<[&Node; N], Fault> {
        let Value::List(items) = &self.argument.value else {
            return Err(self.refuse(expected));
        };
        let items: Vec<&Node> = items.iter().collect();
        items.try_into().map_err(|_| self.refuse(expected))
    }

    fn refuse(&self, expected: &'static str) -> Fault {
        let problem = Problem::Arguments {
            function: self.function.into(),
            expected,
        };
        Fault::new(self.at, problem)
    }
}
