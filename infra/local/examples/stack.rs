//! The stack as a library: S3, Step Functions and SageMaker on a port, with the state machines of a
//! template and no functions.
//!
//! ```text
//! cargo run -p scones-local --example stack -- DATA_DIR PORT [TEMPLATE]
//! ```
//! Without a template it starts empty. It prints its URL, and ends at an interrupt. The commands in
//! `MODEL_SERVER` and `TRAINING` serve models (`MODEL_SERVER MODEL_DIR PORT`) and train them
//! (`TRAINING ROOT`); without them none is.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::sync::Arc;

use local_sagemaker::ContainerPrograms;
use local_states::RETENTION;
use scones_local::{Config, Stack};
use service::Identity;
use service::signature::{Key, KeyError};

/// Reads the key from the variables that the `scones` command uses.
fn key() -> Result<Option<Key>, KeyError> {
    let variable = |name: &str| std::env::var(name).ok();
    let id = variable("SCONES_ACCESS_KEY_ID");
    let pair = id.zip(variable("SCONES_SECRET_ACCESS_KEY"));
    pair.map(|(id, secret)| Key::new(id, secret)).transpose()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (data_dir, port, template) = match arguments.as_slice() {
        [data_dir, port] => (data_dir, port, None),
        [data_dir, port, template] => (data_dir, port, Some(template.into())),
        _ => return Err("usage: stack DATA_DIR PORT [TEMPLATE]".into()),
    };
    let stack = Stack::start(Config {
        services: Vec::new(),
        identity: Identity::default(),
        listen: SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port.parse()?),
        key: key()?,
        data_dir: data_dir.into(),
        template,
        parameters: BTreeMap::new(),
        retention: RETENTION,
        function_command: Box::new(|_| None),
        containers: ContainerPrograms::any(
            Arc::new(|launch| {
                let mut command = program("MODEL_SERVER");
                command.arg(launch.model_dir).arg(launch.port.to_string());
                command
            }),
            Arc::new(|launch| {
                let mut command = program("TRAINING");
                command.arg(launch.root);
                command
            }),
        ),
        evaluator: None,
    })
    .await?;
    println!("{}", stack.url());
    tokio::signal::ctrl_c().await?;
    stack.shut_down().await;
    Ok(())
}

/// The program that a variable of the environment names.
fn program(variable: &str) -> Command {
    Command::new(std::env::var_os(variable).unwrap_or_else(|| "false".into()))
}
