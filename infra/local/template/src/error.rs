//! The errors of a template: their position, their subject, and the way out.

use std::fmt;
use std::path::PathBuf;

use super::yaml::{MAX_BYTES, MAX_DEPTH};

/// A place in a template; both numbers count from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

/// A template that can't be run, as `FILE:LINE:COLUMN: SUBJECT: PROBLEM`.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub struct TemplateError {
    /// The template.
    pub file: PathBuf,
    /// The position; `None` if the problem is the file or the parameters given with it.
    pub at: Option<Position>,
    /// The resource, parameter or output that it is about.
    pub subject: Option<String>,
    /// The problem.
    pub problem: Box<Problem>,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file.display())?;
        if let Some(at) = self.at {
            write!(f, "{}:{}:", at.line, at.column)?;
        }
        if let Some(subject) = &self.subject {
            write!(f, " {subject}:")?;
        }
        write!(f, " {}", self.problem)
    }
}

/// A problem of a template.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Problem {
    /// The file system's refusal.
    #[error("{0}")]
    Unreadable(String),
    /// The text is not YAML.
    #[error("not YAML: {0}")]
    Syntax(String),
    /// Longer than CloudFormation takes.
    #[error("the template is longer than {MAX_BYTES} bytes, CloudFormation's limit")]
    TooLong,
    /// Lists and mappings nest too deeply, or references chain too far.
    #[error("nests deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// References that refer to references without end.
    #[error("its references multiply to more than the reader follows: name fewer of them here")]
    TooMuch,
    /// `&anchor` or `*alias`.
    #[error("YAML anchors and aliases are refused, as by CloudFormation: write the value out")]
    Alias,
    /// More than one YAML document, or none.
    #[error("a template is one YAML document: {0}")]
    Documents(&'static str),
    /// A mapping that names something twice.
    #[error("the key {0} is there twice")]
    DuplicateKey(String),
    /// A value of another kind.
    #[error("{what} must be {expected}, not {found}")]
    Kind {
        /// The property.
        what: String,
        /// For example `a list`.
        expected: String,
        /// The type of the value.
        found: String,
    },
    /// A required key that isn't there.
    #[error("{0} is missing")]
    Missing(String),
    /// A section that templates do not have.
    #[error(
        "{0} is no section of a template: the resources go under Resources, the results under \
         Outputs"
    )]
    UnknownSection(String),
    /// SAM types without the transform.
    #[error(
        "{0} needs the line `Transform: AWS::Serverless-2016-10-31` at the top of the template"
    )]
    NoTransform(String),
    /// `Ref` or `Sub` of nothing.
    #[error(
        "unresolved reference: {0} is no parameter, resource or pseudo parameter of the template"
    )]
    Unresolved(String),
    /// `GetAtt` of an attribute that the type does not have.
    #[error("{resource} ({kind}) has no attribute {attribute}")]
    NoAttribute {
        /// The logical id.
        resource: String,
        /// The type.
        kind: String,
        /// The attribute.
        attribute: String,
    },
    /// A reference to what its condition leaves out.
    #[error("{resource} is not created, because the condition {condition} is false")]
    NotCreated {
        /// The logical id.
        resource: String,
        /// The condition's name.
        condition: String,
    },
    /// Names that need each other.
    #[error("circular reference: {0}")]
    Circular(String),
    /// A condition that is not under `Conditions`.
    #[error("the condition {0} is not under Conditions")]
    UnknownCondition(String),
    /// A mapping, or a key in it, that is not there.
    #[error("{0} is not under Mappings")]
    NotMapped(String),
    /// A function that the local stack lacks.
    #[error("{0} is not supported by the local stack: give the value with a parameter")]
    UnsupportedFunction(String),
    /// A function with arguments of another form.
    #[error("{function} takes {expected}")]
    Arguments {
        /// For example `Fn::Join`.
        function: String,
        /// The form of its argument.
        expected: &'static str,
    },
    /// A parameter without a default that was not given.
    #[error("has no default: give it with --parameter {0}=VALUE")]
    ParameterMissing(String),
    /// A parameter that was given and is not declared.
    #[error("is not declared: the template's parameters are {0}")]
    ParameterUnknown(String),
    /// A value that the parameter's declaration excludes.
    #[error("failed to satisfy constraint: {0}")]
    ParameterConstraint(String),
    /// A parameter type that needs AWS.
    #[error("the type {0} is looked up in an AWS account: give a value with --parameter")]
    ParameterType(String),
    /// A file that the template names.
    #[error("{property} {path}: {reason}")]
    File {
        /// For example `DefinitionUri`.
        property: &'static str,
        /// The path as the template writes it.
        path: String,
        /// The reason that it can't be used.
        reason: String,
    },
    /// `${name}` in a definition, without an entry in `DefinitionSubstitutions`.
    #[error("the definition has ${{{0}}}, which is not under DefinitionSubstitutions")]
    NoSubstitution(String),
    /// A combination that the reader can't make sense of.
    #[error("{0}")]
    Invalid(String),
}

/// A problem on its way up: the file is not known yet, the subject perhaps not.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fault {
    pub(super) at: Position,
    pub(super) subject: Option<String>,
    pub(super) problem: Problem,
}

impl Fault {
    pub(super) fn new(at: Position, problem: Problem) -> Self {
        Self {
            at,
            subject: None,
            problem,
        }
    }

    /// Sets the subject, unless an inner context has set it.
    pub(super) fn about(mut self, subject: impl FnOnce() -> String) -> Self {
        self.subject.get_or_insert_with(subject);
        self
    }
}
