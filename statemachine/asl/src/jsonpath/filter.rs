//! Filters: `[?(@.price < 10 && !@.sold)]`.

use std::borrow::Cow;

use serde_json::Value;

use super::operator::{Operator, Pattern};
use super::search::Search;
use super::{PathError, PathKind, Step};

/// A condition on one element.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Filter {
    Or(Vec<Filter>),
    And(Vec<Filter>),
    Not(Box<Filter>),
    /// A path alone leads somewhere, or does not.
    Exists(Operand, bool),
    Compare(Operand, Operator, Operand),
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand {
    Literal(Value),
    Pattern(Pattern),
    /// `@…`: from the element.
    Element(Vec<Step>),
    /// `$…`: from the root of the document.
    Document(Vec<Step>),
}

/// The value of an operand.
pub(super) enum OperandValue<'v> {
    /// Its path leads nowhere: that equals nothing, not even itself.
    Undefined,
    Value(Cow<'v, Value>),
    Pattern(&'v Pattern),
}

impl Filter {
    /// Returns true if `element` passes. One that the filter makes no sense for does not.
    pub(super) fn accepts<'v>(
        &self,
        element: &'v Value,
        search: &Search<'v, '_>,
    ) -> Result<bool, PathError> {
        match self.holds(element, search) {
            Err(
                PathError::Unsuitable | PathError::NotAnArray { .. } | PathError::Primitive { .. },
            ) => Ok(false),
            other => other,
        }
    }

    // The recursion ends with the filter's nesting, which the parser limits.
    fn holds<'v>(&self, element: &'v Value, search: &Search<'v, '_>) -> Result<bool, PathError> {
        match self {
            Filter::Or(all) => any(all, true, element, search),
            Filter::And(all) => any(all, false, element, search).map(|failed| !failed),
            Filter::Not(inner) => inner.holds(element, search).map(|holds| !holds),
            Filter::Exists(operand, expected) => Ok(operand.exists(element, search)? == *expected),
            Filter::Compare(left, operator, right) => {
                let (left, right) = (left.side(element, search)?, right.side(element, search)?);
                search.work(operator.work(&left, &right))?;
                operator.holds(&left, &right)
            }
        }
    }
}

/// Returns true if one of them is `expected`; looks no further than that.
fn any<'v>(
    all: &[Filter],
    expected: bool,
    element: &'v Value,
    search: &Search<'v, '_>,
) -> Result<bool, PathError> {
    for filter in all {
        if filter.holds(element, search)? == expected {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Operand {
    fn side<'v>(
        &'v self,
        element: &'v Value,
        search: &Search<'v, '_>,
    ) -> Result<OperandValue<'v>, PathError> {
        let (steps, start) = match self {
            Operand::Literal(value) => return Ok(OperandValue::Value(Cow::Borrowed(value))),
            Operand::Pattern(pattern) => return Ok(OperandValue::Pattern(pattern)),
            Operand::Element(steps) => (steps, element),
            Operand::Document(steps) => (steps, search.document()),
        };
        match search.value(steps, PathKind::from_steps(steps), start) {
            Ok(value) => Ok(OperandValue::Value(value)),
            Err(missing) if missing.is_not_found() => Ok(OperandValue::Undefined),
            Err(other) => Err(other),
        }
    }

    /// Returns true if the path leads somewhere, `null` included.
    fn exists<'v>(&self, element: &'v Value, search: &Search<'v, '_>) -> Result<bool, PathError> {
        let (steps, start) = match self {
            Operand::Literal(_) | Operand::Pattern(_) => return Ok(true),
            Operand::Element(steps) => (steps, element),
            Operand::Document(steps) => (steps, search.document()),
        };
        match search
            .strict()
            .value(steps, PathKind::from_steps(steps), start)
        {
            Ok(_) => Ok(true),
            Err(missing) if missing.is_not_found() => Ok(false),
            Err(other) => Err(other),
        }
    }
}
