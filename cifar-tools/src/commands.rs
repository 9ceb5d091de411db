//! The verbs: each calls the library and says in a few lines what happened.

use crate::bars;
use crate::cli::{Command, Fetch, Lst, Sample, Stage};
use anyhow::{Context, Result, bail};
use cifar_tools::fetch::{self, Expected, Fetched};
use cifar_tools::stage::{self, Bucket, Summary};
use cifar_tools::{prune, s3, sample};
use std::fs::File;
use std::path::{Path, PathBuf};

/// Runs a verb. Work goes to a thread of its own, so that Ctrl-C is heard at all times.
pub(crate) fn run(command: Command) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        tokio::spawn(async {
            if tokio::signal::ctrl_c().await.is_ok() {
                bars::stop();
            }
        });
        match command {
            Command::Fetch(args) => blocking(move || fetch(&args)).await,
            Command::Sample(args) => blocking(move || sample(&args)).await,
            Command::Stage(Stage {
                bucket: Some(bucket),
                prefix,
                archive,
                classes,
                ..
            }) => {
                let bucket = Bucket::new(bucket, &prefix);
                let (archive, _) = open(archive)?;
                let progress = bars::bytes("staging");
                let summary = stage::stage_to_bucket(
                    &s3::client().await,
                    &bucket,
                    archive,
                    &classes,
                    progress,
                )
                .await?;
                report(
                    &summary,
                    &format!("s3://{}/{}", bucket.name, bucket.key("")),
                );
                Ok(())
            }
            Command::Stage(args) => blocking(move || stage_dir(args)).await,
            Command::Lst(args) => lst(&args),
        }
    })
}

async fn blocking(work: impl FnOnce() -> Result<()> + Send + 'static) -> Result<()> {
    tokio::task::spawn_blocking(work).await?
}

fn fetch(args: &Fetch) -> Result<()> {
    let out = args.out.clone().unwrap_or_else(fetch::cache_path);
    match fetch::fetch(
        &args.url,
        &out,
        &Expected::default(),
        &mut bars::bytes("fetching"),
    )? {
        Fetched::Present => println!(
            "{} is there already, and is the published archive",
            out.display()
        ),
        Fetched::Downloaded { resumed_from: 0 } => println!("downloaded {}", out.display()),
        Fetched::Downloaded { resumed_from } => {
            println!(
                "downloaded {}, resumed after {resumed_from} bytes",
                out.display()
            );
        }
    }
    Ok(())
}

fn sample(args: &Sample) -> Result<()> {
    let sizes = sample::Sizes {
        seed: args.seed,
        train: args.train,
        test: args.test,
    };
    sample::write(&args.out, sizes)
        .with_context(|| format!("cannot write {}", args.out.display()))?;
    println!("drew {}: drawings, not photographs", args.out.display());
    Ok(())
}

fn stage_dir(args: Stage) -> Result<()> {
    let Some(out) = args.out else {
        bail!("give --out DIR or --bucket BUCKET")
    };
    let (mut archive, _) = open(args.archive)?;
    let summary = stage::stage_to_dir(
        &mut archive,
        &out,
        &args.classes,
        &mut bars::bytes("staging"),
    )?;
    report(&summary, &out.display().to_string());
    Ok(())
}

fn open(archive: Option<PathBuf>) -> Result<(File, PathBuf)> {
    let way_out = match &archive {
        Some(_) => {
            "give --archive FILE; `cifar-tools fetch` downloads one, `cifar-tools sample` draws one"
        }
        None => "run `cifar-tools fetch` first, or give --archive FILE",
    };
    let path = archive.unwrap_or_else(fetch::cache_path);
    let file = File::open(&path).and_then(not_a_folder);
    Ok((
        file.with_context(|| format!("cannot open the archive {}: {way_out}", path.display()))?,
        path,
    ))
}

fn not_a_folder(file: File) -> std::io::Result<File> {
    if file.metadata()?.is_dir() {
        Err(std::io::ErrorKind::IsADirectory.into())
    } else {
        Ok(file)
    }
}

fn report(summary: &Summary, to: &str) {
    let Summary {
        train,
        test,
        written,
        skipped,
        ..
    } = summary;
    println!("staged {train} training and {test} test images to {to}");
    for (index, class) in summary.classes.iter().enumerate() {
        println!(
            "  {index} = {} (label {}): {} and {}",
            class.name, class.label, class.train, class.test
        );
    }
    if *skipped > 0 {
        println!("  {written} uploaded, {skipped} there already");
    }
    if summary.drawn {
        println!("  These are drawings from `cifar-tools sample`, not photographs.");
    }
}

fn lst(args: &Lst) -> Result<()> {
    let pruned = prune::prune(Path::new(&args.dir), args.check)?;
    for manifest in &pruned {
        println!(
            "{manifest}{}",
            if args.check {
                ""
            } else {
                ", which were dropped"
            }
        );
    }
    if args.check && pruned.iter().any(|manifest| !manifest.dropped.is_empty()) {
        bail!(
            "lines without an image: `cifar-tools lst {}` drops them",
            args.dir.display()
        );
    }
    Ok(())
}
