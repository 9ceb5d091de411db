//! `scones doctor`: what of the application is there, on a local stack or on AWS, what is wrong,
//! and what to do.

mod checks;
mod finding;

use std::process::ExitCode;

use aws_config::SdkConfig;
use sam_template::Application;
use service::Identity;

use crate::{aws, cli};
use checks::Clients;
use finding::{Finding, Findings};

/// The target: AWS, or a local stack.
enum Target {
    Aws,
    Stack { url: String },
}

/// Runs the verb.
#[tokio::main]
pub(crate) async fn run(doctor: &cli::Doctor) -> anyhow::Result<ExitCode> {
    let mut findings = Findings::default();
    let (target, config) = if doctor.to.aws {
        (Target::Aws, aws::of_environment().await)
    } else {
        let url = doctor.to.stack.url()?;
        let config = aws::config(&url, &Identity::default().region).await?;
        (Target::Stack { url }, config)
    };
    if let Some(identity) = identity(&target, &config, &mut findings).await
        && let Some(application) = application(doctor, &identity, &mut findings)
    {
        let clients = Clients::of(&config, &target);
        checks::application(&clients, &application, &identity, &mut findings).await;
    }
    if doctor.to.aws {
        checks::programs(&mut findings);
        findings.add(Finding::unknown(
            "quotas",
            "not looked at: Service Quotas in the console has them; SageMaker's for an instance \
             type may be 0 in a new account",
        ));
    }
    print!("{findings}");
    Ok(match findings.wrong() {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

/// Returns the account and the region.
async fn identity(
    target: &Target,
    config: &SdkConfig,
    findings: &mut Findings,
) -> Option<Identity> {
    match target {
        Target::Stack { url } => {
            let answers = checks::stack(url).await;
            let reachable = !answers.is_wrong();
            findings.add(answers);
            reachable.then(Identity::default)
        }
        Target::Aws => {
            let Some(region) = config.region() else {
                findings.add(Finding::wrong(
                    "region",
                    "none is set",
                    "set AWS_REGION, for example to us-east-1, or run aws configure",
                ));
                return None;
            };
            findings.add(Finding::right("region", region.to_string()));
            let account = checks::account(config, findings).await?;
            let region = region.to_string();
            Some(Identity { account, region })
        }
    }
}

/// The template, as it is for this account and region.
fn application(
    doctor: &cli::Doctor,
    identity: &Identity,
    findings: &mut Findings,
) -> Option<Application> {
    let parameters = doctor.parameters.iter().cloned().collect();
    match sam_template::load(&doctor.template, &parameters, identity, &[]) {
        Ok(application) => {
            let text = format!(
                "{}: {} functions, {} state machines",
                doctor.template.display(),
                application.functions.len(),
                application.state_machines.len()
            );
            findings.add(Finding::right("template", text));
            Some(application)
        }
        Err(error) => {
            let way_out = "mend it, or name another with --template";
            findings.add(Finding::wrong("template", error.to_string(), way_out));
            None
        }
    }
}
