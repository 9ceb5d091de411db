//! The Lambda service alone on a port, for tests that kill it and for trying clients by hand:
//!
//! ```text
//! cargo run -p scones-local --example lambda-stack -- DATA_DIR PORT NAME PROGRAM [ARGUMENT…]
//! aws --endpoint-url http://127.0.0.1:PORT lambda invoke --function-name NAME /dev/stdout
//! ```
//! It prints its port. The variables of its own environment that begin with `FUNCTION_` go to the
//! function, without that.

use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use local_lambda::{Command, Config, Deployment, Lambda, Limits, RetryPolicy};
use sam_template::Function;
use service::Identity;
use service::signature::Key;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [data_dir, port, name, program, arguments @ ..] = arguments.as_slice() else {
        return Err("usage: lambda-stack DATA_DIR PORT NAME PROGRAM [ARGUMENT…]".into());
    };
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port.parse()?)).await?;
    let port = listener.local_addr()?.port();
    let environment = std::env::vars();
    let environment = environment.filter_map(|(key, value)| {
        let key = key.strip_prefix("FUNCTION_")?;
        Some((key.to_owned(), value))
    });
    let function = Function {
        logical_id: name.clone(),
        name: name.clone(),
        binary: None,
        handler: std::env::var("HANDLER").unwrap_or_else(|_| "bootstrap".into()),
        memory_mb: 128,
        timeout: Duration::from_secs(std::env::var("TIMEOUT").map_or(Ok(60), |text| text.parse())?),
        environment: environment.collect(),
        role_arn: format!("arn:aws:iam::123456789012:role/{name}Role"),
    };
    let command = Command {
        program: program.into(),
        args: arguments.to_vec(),
        task_root: std::env::var_os("TASK_ROOT").map(Into::into),
        ..Command::default()
    };
    let config = Config {
        functions: vec![Deployment { function, command }],
        endpoint_url: format!("http://127.0.0.1:{port}"),
        key: Key::unverified(),
        limits: Limits::default(),
        retry: RetryPolicy::default(),
    };
    let lambda = Lambda::open(Path::new(data_dir), Identity::default(), config)?;
    println!("{port}");
    tokio::spawn(lambda.clone().run_queue(std::future::pending()));
    let service = lambda.clone();
    let router = Router::new().fallback(move |request: Request| {
        let service = service.clone();
        async move { service.handle(request).await }
    });
    let stop = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    axum::serve(listener, router)
        .with_graceful_shutdown(stop)
        .await?;
    lambda.shut_down().await;
    Ok(())
}
