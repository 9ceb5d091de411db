//! The command line.

use cifar_tools::classes::Classes;
use cifar_tools::{fetch, sample, stage};
use clap::{ArgGroup, Args, Parser, Subcommand};
use fit_image::Shape;
use std::path::PathBuf;

/// Stages CIFAR-100 classes as SageMaker image classification data sets.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 80, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  cifar-tools fetch
  cifar-tools stage --out data
  cifar-tools stage --bucket my-bucket --prefix cifar --classes bus,train,8
  cifar-tools stage --images photographs --image-shape 3,64,64 --out data
  cifar-tools sample --out sample.tar.gz

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Fetch(Fetch),
    Sample(Sample),
    Stage(Stage),
    Lst(Lst),
}

/// Downloads the archive, resuming what an earlier run left, and checks it.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cifar-tools fetch
  cifar-tools fetch --url https://mirror.example/cifar-100-python.tar.gz
  cifar-tools fetch --out cifar-100-python.tar.gz")]
pub(crate) struct Fetch {
    /// Where to download it from.
    #[arg(long, value_name = "URL", default_value = fetch::URL)]
    pub(crate) url: String,
    /// Where to put it [default: the cache, where `stage` looks for it].
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// Draws an archive of the same layout, for work without the data set.
///
/// Its images are drawings of bicycles, motorcycles and other things, not
/// photographs: a model that is trained on them knows drawings. The same seed
/// gives the same bytes.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cifar-tools sample --out sample.tar.gz
  cifar-tools sample --out small.tar.gz --train 60 --test 20 --seed 7")]
pub(crate) struct Sample {
    /// The archive to write.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Another seed draws other images.
    #[arg(long, value_name = "N", default_value_t = sample::Sizes::default().seed)]
    pub(crate) seed: u64,
    /// Training images of each of the two classes.
    #[arg(long, value_name = "N", default_value_t = sample::Sizes::default().train)]
    pub(crate) train: usize,
    /// Test images of each of the two classes.
    #[arg(long, value_name = "N", default_value_t = sample::Sizes::default().test)]
    pub(crate) test: usize,
}

/// Writes the images and manifests of some classes to a folder or a bucket.
///
/// Writes train/ and test/ with PNG images, train.lst and test.lst (a number,
/// class index from 0, file name, with tabs between them), and
/// hyperparameters.json, with the labels, for the training job. A folder
/// appears whole or not at all; an earlier set in it is replaced. In a bucket,
/// what is there already is not uploaded again.
///
/// The images are 32x32 of a CIFAR-100 archive, or, with --images, one's own:
/// DIR/bicycle/*.jpg, DIR/bus/*.png, a folder for each class. Where DIR has
/// train/ and test/ with such folders, they are kept apart so; otherwise a
/// share of each class is chosen for the test, the same for the same seed.
#[derive(Debug, Args)]
#[command(
    group(ArgGroup::new("to").required(true).args(["out", "bucket"])),
    after_help = "Examples:
  cifar-tools stage --out data
  cifar-tools stage --archive sample.tar.gz --out data
  cifar-tools stage --bucket my-bucket --prefix cifar
  cifar-tools stage --out data --classes bicycle,motorcycle,bus
  cifar-tools stage --images photographs --image-shape 3,64,64 --out data

The bucket is found as the AWS CLI finds it: AWS_PROFILE, AWS_REGION, roles.
AWS_ENDPOINT_URL names another S3, such as http://127.0.0.1:4566."
)]
pub(crate) struct Stage {
    /// The archive [default: the one that `fetch` keeps in the cache].
    #[arg(long, value_name = "FILE")]
    pub(crate) archive: Option<PathBuf>,
    /// The folder to write.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// The S3 bucket to upload to.
    #[arg(long, value_name = "BUCKET")]
    pub(crate) bucket: Option<String>,
    /// What the keys begin with, before train/ and test/.
    #[arg(
        long,
        value_name = "PREFIX",
        default_value = "",
        conflicts_with = "out"
    )]
    pub(crate) prefix: String,
    /// Fine classes by name or number; their order gives the class indices.
    #[arg(long, value_name = "LIST", default_value = "8,48")]
    pub(crate) classes: Classes,
    /// A folder with a folder of images for each class, instead of an archive.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["archive", "classes"])]
    pub(crate) images: Option<PathBuf>,
    /// What the images are fitted to: channels, height and width.
    #[arg(
        long,
        value_name = "SHAPE",
        default_value = "3,32,32",
        requires = "images"
    )]
    pub(crate) image_shape: Shape,
    /// The part of each class that is for the test.
    #[arg(long, value_name = "PART", default_value_t = stage::Share::default().test, requires = "images", value_parser = part)]
    pub(crate) test_share: f64,
    /// Another seed chooses other images for the test.
    #[arg(long, value_name = "N", default_value_t = stage::Share::default().seed, requires = "images")]
    pub(crate) seed: u64,
}

fn part(text: &str) -> Result<f64, String> {
    let part: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if part > 0.0 && part < 1.0 {
        Ok(part)
    } else {
        Err("not above 0 and below 1".to_owned())
    }
}

/// Drops the lines of a staged folder's manifests whose image was removed.
///
/// Look through train/ and test/, delete what is bad, and run this: SageMaker
/// fails on a line without an image.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cifar-tools lst data
  cifar-tools lst data --check")]
pub(crate) struct Lst {
    /// A folder that `stage` wrote.
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// Change nothing; exit with 1 if a line has no image.
    #[arg(long)]
    pub(crate) check: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_fits_80_columns_and_has_examples() {
        let mut cli = Cli::command().term_width(80);
        cli.build();
        let verbs = cli
            .get_subcommands_mut()
            .filter(|command| command.get_name() != "help");
        for command in verbs {
            let help = command.render_long_help().to_string();
            assert!(help.contains("Examples:\n  cifar-tools "), "{help}");
            assert!(
                help.lines().all(|line| line.chars().count() <= 80),
                "{help}"
            );
        }
    }

    #[test]
    fn a_stage_needs_one_place_to_go() {
        let check = |args: &str, text: &str| {
            let error = Cli::try_parse_from(args.split(' '))
                .unwrap_err()
                .to_string();
            assert!(error.contains(text), "{error}");
        };
        check("cifar-tools stage", "<--out <DIR>|--bucket <BUCKET>>");
        check(
            "cifar-tools stage --out a --bucket b",
            "cannot be used with",
        );
        check(
            "cifar-tools stage --out a --prefix b",
            "cannot be used with",
        );
        check(
            "cifar-tools stage --out a --images b --archive c",
            "cannot be used with",
        );
        check(
            "cifar-tools stage --out a --test-share 0.5",
            "--images <DIR>",
        );
        check(
            "cifar-tools stage --out a --images b --test-share 1",
            "not above 0 and below 1",
        );
        check(
            "cifar-tools stage --out a --classes bycicle",
            "CIFAR-100 has no fine class `bycicle`",
        );
    }
}
