//! Checks the documents: that linked files, sections and commands exist.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the documents for users and readers of the project.
fn documents() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"]
        .iter()
        .map(|name| root().join(name))
        .collect();
    for entry in fs::read_dir(root().join("docs")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    found
}

/// Returns the targets of the links and pictures of a text: the text in `](…)`.
fn links(text: &str) -> Vec<&str> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')').map(|(link, _)| link))
        .collect()
}

/// The anchors of a text's headings, as GitHub makes them.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let titles = headings.map(|line| line.trim_start_matches('#').trim().to_lowercase());
    titles
        .map(|title| {
            let kept = title
                .chars()
                .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            kept.collect::<String>().replace(' ', "-")
        })
        .collect()
}

/// Checks a link of `document`; returns the fault, if there is one.
fn fault(document: &Path, link: &str) -> Option<String> {
    if link.starts_with("http://") || link.starts_with("https://") {
        return None;
    }
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = match file {
        "" => document.to_owned(),
        file => document.parent().unwrap().join(file),
    };
    if !target.exists() {
        return Some(format!("{}: there is no {link}", document.display()));
    }
    if anchor.is_empty() {
        return None;
    }
    let known = anchors(&fs::read_to_string(&target).unwrap());
    let missing = !known.iter().any(|heading| heading == anchor);
    missing.then(|| format!("{}: there is no heading {link}", document.display()))
}

#[test]
fn links_lead_somewhere() {
    let mut faults = Vec::new();
    let mut seen = 0;
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        seen += links(&text).len();
        faults.extend(
            links(&text)
                .iter()
                .filter_map(|link| fault(&document, link)),
        );
    }
    assert!(seen > 50, "only {seen} links were found");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_link_to_nothing_is_seen() {
    let readme = root().join("README.md");
    for link in ["docs/none.md", "docs/tour.md#none", "#none"] {
        assert!(fault(&readme, link).is_some(), "{link}");
    }
    for link in [
        "docs/tour.md",
        "docs/tour.md#over-http",
        "#license",
        "docs/images",
    ] {
        assert_eq!(fault(&readme, link), None);
    }
}

#[test]
fn every_picture_is_shown_and_small() {
    let texts: Vec<String> = documents()
        .iter()
        .map(|document| fs::read_to_string(document).unwrap())
        .collect();
    for entry in fs::read_dir(root().join("docs/images")).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let link = format!("images/{name}");
        assert!(
            texts.iter().any(|text| text.contains(&link)),
            "nothing shows {name}"
        );
        let bytes = entry.metadata().unwrap().len();
        assert!(
            bytes <= 130_000,
            "{name} has {bytes} bytes: shrink it (pngquant)"
        );
    }
}

#[test]
fn the_readme_is_one_screen_and_opens_with_what_to_type() {
    let text = fs::read_to_string(root().join("README.md")).unwrap();
    assert!(text.lines().count() <= 70, "{}", text.lines().count());
    let indented = |line: &&str| line.starts_with("    ");
    let commands: Vec<&str> = text
        .lines()
        .skip_while(|line| !indented(line))
        .take_while(indented)
        .collect();
    let commands: Vec<&str> = commands
        .iter()
        .map(|line| line.split('#').next().unwrap().trim())
        .collect();
    assert_eq!(commands, ["cargo run --release", "cargo test --workspace"]);
}

#[test]
fn commands_of_the_documents_are_the_programs() {
    let told = |verb: &str| {
        let mut command = std::process::Command::new(crate::support::SCONES);
        command
            .args(verb.split(' '))
            .arg("--help")
            .output()
            .unwrap()
    };
    assert!(!told("nonsense").status.success());
    let mut verbs = std::collections::BTreeSet::new();
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        for line in text.lines().filter(|line| line.starts_with("    scones ")) {
            let mut words = line.split_whitespace().skip(1).take(2);
            let verb = words.next().unwrap_or_default();
            let part = words.next().filter(|_| matches!(verb, "monitor" | "model"));
            verbs.insert(
                [Some(verb), part]
                    .into_iter()
                    .flatten()
                    .collect::<Vec<_>>()
                    .join(" "),
            );
        }
    }
    assert!(
        verbs.contains("monitor run") && verbs.contains("batch"),
        "{verbs:?}"
    );
    for verb in verbs {
        assert!(told(&verb).status.success(), "there is no `scones {verb}`");
    }
}
