//! Reads a Task state.

use super::number::seconds;
use crate::Resource;
use crate::definition::Compiler;
use crate::definition::fields::Fields;
use crate::definition::resource::check_credentials;
use crate::states::{NumberField, Task};

impl Task {
    pub(in crate::definition) fn read(compiler: &Compiler<'_>, fields: &mut Fields<'_>) -> Task {
        let resource = compiler
            .resource(fields)
            .unwrap_or_else(|| Resource::Function { arn: String::new() });
        check_credentials(fields, &resource);
        let credentials = fields.template("Credentials");
        let timeout = NumberField::read(seconds, fields, "TimeoutSeconds", "TimeoutSecondsPath");
        let heartbeat =
            NumberField::read(seconds, fields, "HeartbeatSeconds", "HeartbeatSecondsPath");
        if let (Some(NumberField::Fixed(timeout)), Some(NumberField::Fixed(heartbeat))) =
            (&timeout, &heartbeat)
            && heartbeat >= timeout
        {
            let message = "HeartbeatSeconds must be smaller than TimeoutSeconds";
            fields.error_in("HeartbeatSeconds", message);
        }
        Task::new(resource, timeout, heartbeat, credentials)
    }
}
