//! `ResultWriter`: where the children's results go, and in what form.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html>

use super::reader::{parameters, s3_api};
use crate::definition::{Compiler, Fields};
use crate::fault::Fault;
use crate::template::{Scope, Template};
use crate::{Payload, Results, Transformation};

#[derive(Debug)]
pub(super) struct ResultWriter {
    destination: Option<Template>,
    transformation: Transformation,
    lines: bool,
}

impl ResultWriter {
    pub(super) fn read(compiler: &mut Compiler, fields: &mut Fields<'_>) -> Option<ResultWriter> {
        let mut fields = fields.object("ResultWriter", &mut compiler.diagnostics)?;
        let destination = parameters(compiler, &mut fields);
        let diagnostics = &mut compiler.diagnostics;
        let resource = s3_api(&mut fields, &["putObject"], diagnostics);
        let mut writer = ResultWriter {
            destination: destination.filter(|_| resource.is_some()),
            transformation: Transformation::Default,
            lines: false,
        };
        let config = fields.object("WriterConfig", diagnostics);
        if config.is_none() && writer.destination.is_none() {
            fields.require(&["Resource"], diagnostics);
        }
        if let Some(mut config) = config {
            let names = ["NONE", "COMPACT", "FLATTEN"];
            writer.transformation = match config.choice("Transformation", &names, diagnostics) {
                Some("NONE") => Transformation::None,
                Some("COMPACT") => Transformation::Compact,
                Some("FLATTEN") => Transformation::Flatten,
                _ => Transformation::Default,
            };
            let kind = config.choice("OutputType", &["JSON", "JSONL"], diagnostics);
            writer.lines = kind == Some("JSONL");
            config.finish(diagnostics);
        }
        fields.finish(diagnostics);
        Some(writer)
    }

    pub(super) fn writes(&self) -> bool {
        self.destination.is_some()
    }

    pub(super) fn evaluate(&self, scope: &Scope<'_>) -> Result<Results, Fault> {
        let destination = self.destination.as_ref();
        Ok(Results {
            destination: destination
                .map(|destination| destination.render(scope))
                .transpose()?
                .map(Payload::from),
            transformation: self.transformation,
            lines: self.lines,
        })
    }
}
