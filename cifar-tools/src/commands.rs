//! The verbs: each calls the library and says in a few lines what happened.

use crate::bars;
use crate::cli::{Command, Fetch, Lst, Sample, Stage};
use anyhow::{Context, Result, bail};
use cifar_tools::fetch::{self, Checksum, FetchOutcome};
use cifar_tools::stage::{self, Bucket, Photographs, Share, Source, Summary};
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
            Command::Stage(args) => match args.bucket.clone() {
                Some(bucket) => stage_bucket(Bucket::new(bucket, &args.prefix), args).await,
                None => blocking(move || stage_dir(args)).await,
            },
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
        &Checksum::default(),
        &mut bars::bytes("fetching"),
    )? {
        FetchOutcome::Present => println!(
            "{} is there already, and is the published archive",
            out.display()
        ),
        FetchOutcome::Downloaded { resumed_from: 0 } => println!("downloaded {}", out.display()),
        FetchOutcome::Downloaded { resumed_from } => {
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

async fn stage_bucket(bucket: Bucket, args: Stage) -> Result<()> {
    let source = source(args)?;
    let progress = bars::bytes("staging");
    let client = s3::client().await;
    let summary = stage::stage_to_bucket(&client, &bucket, source, progress).await?;
    report(
        &summary,
        &format!("s3://{}/{}", bucket.name, bucket.key("")),
    );
    Ok(())
}

fn stage_dir(args: Stage) -> Result<()> {
    let Some(out) = args.out.clone() else {
        bail!("give --out DIR or --bucket BUCKET")
    };
    let mut source = source(args)?;
    let summary = stage::stage_to_dir(&mut source, &out, &mut bars::bytes("staging"))?;
    report(&summary, &out.display().to_string());
    Ok(())
}

/// Opens the images that `stage` reads: an archive, or a folder of photographs.
fn source(args: Stage) -> Result<Source<'static>> {
    let Some(images) = &args.images else {
        return Ok(Source::archive(open(args.archive)?, args.classes));
    };
    let share = Share {
        test: args.test_share,
        seed: args.seed,
    };
    let photographs = Photographs::find(images, args.image_shape, share)?;
    Ok(Source::Photographs(photographs))
}

fn open(archive: Option<PathBuf>) -> Result<File> {
    let way_out = match &archive {
        Some(_) => {
            "give --archive FILE; `cifar-tools fetch` downloads one, `cifar-tools sample` draws one"
        }
        None => "run `cifar-tools fetch` first, or give --archive FILE",
    };
    let path = archive.unwrap_or_else(fetch::cache_path);
    let file = File::open(&path).and_then(refuse_folder);
    file.with_context(|| format!("cannot open the archive {}: {way_out}", path.display()))
}

fn refuse_folder(file: File) -> std::io::Result<File> {
    if file.metadata()?.is_dir() {
        Err(std::io::ErrorKind::IsADirectory.into())
    } else {
        Ok(file)
    }
}

/// The number of unusable files that the report names.
const MAX_LISTED: usize = 20;

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
        let label = class.label.map(|label| format!(" (label {label})"));
        println!(
            "  {index} = {}{}: {} and {}",
            class.name,
            label.unwrap_or_default(),
            class.train,
            class.test
        );
    }
    match summary.unusable.len() {
        0 => {}
        1 => println!("  1 file was left out:"),
        files => println!("  {files} files were left out:"),
    }
    for (path, why) in summary.unusable.iter().take(MAX_LISTED) {
        println!("    {}: {why}", path.display());
    }
    if summary.unusable.len() > MAX_LISTED {
        println!("    and {} more", summary.unusable.len() - MAX_LISTED);
    }
    if *skipped > 0 {
        println!("  {written} uploaded, {skipped} there already");
    }
    if summary.drawn {
        println!("  These are drawings from `cifar-tools sample`, not photographs.");
    }
}

fn lst(args: &Lst) -> Result<()> {
    let reports = prune::prune(Path::new(&args.dir), args.check)?;
    for report in &reports {
        println!(
            "{report}{}",
            if args.check {
                ""
            } else {
                ", which were dropped"
            }
        );
    }
    if args.check && reports.iter().any(|report| !report.dropped.is_empty()) {
        bail!(
            "lines without an image: `cifar-tools lst {}` drops them",
            args.dir.display()
        );
    }
    Ok(())
}
