//! `scones monitor report`: what is found, as one HTML file.

use std::process::ExitCode;

use anyhow::Context;

use super::{Session, comparison};
use crate::cli::monitor::Report;

pub(super) async fn run(args: &Report) -> anyhow::Result<ExitCode> {
    let session = Session::open(&args.of, args.look.variant.as_deref()).await?;
    let compared = comparison::compare(&session, &args.look).await?;
    let report = compared.report(&args.of.endpoint);
    let cannot = || args.out.display().to_string();
    tokio::fs::write(&args.out, report.html())
        .await
        .with_context(cannot)?;
    println!("{}", args.out.display());
    if let Some(folder) = &args.plots {
        tokio::fs::create_dir_all(folder)
            .await
            .with_context(|| folder.display().to_string())?;
        for figure in report.figures() {
            let file = folder.join(format!("{}.svg", figure.name));
            tokio::fs::write(&file, figure.svg)
                .await
                .with_context(|| file.display().to_string())?;
            println!("{}", file.display());
        }
    }
    Ok(ExitCode::SUCCESS)
}
