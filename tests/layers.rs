//! Modules form layers: in each of these crates no two modules use each other, however indirectly.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

#[test]
fn modules_do_not_use_each_other() {
    // Each with an edge that must be found.
    check("statemachine/asl", ("execution", "states"));
    check("infra/local/sagemaker", ("deploy", "context"));
}

fn check(package: &str, (user, used): (&str, &str)) {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(package)
        .join("src");
    let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let lib = fs::read_to_string(sources.join("lib.rs")).unwrap();
    let homes = homes_of_public_names(&lib);
    for entry in fs::read_dir(&sources).unwrap() {
        let path = entry.unwrap().path();
        let module = path.file_stem().unwrap().to_str().unwrap();
        if !matches!(module, "lib" | "tests") {
            let names = names_used(&source_text(&path)).into_iter();
            let used = names.map(|name| homes.get(&name).cloned().unwrap_or(name));
            let used = used.filter(|used| used != module).collect();
            uses.insert(module.to_owned(), used);
        }
    }
    assert!(uses[user].contains(used), "{package}: {uses:#?}");
    // Takes away the modules that use none of what is left, until nothing is left but circles.
    while let Some(leaf) = uses
        .iter()
        .find_map(|(module, used)| used.iter().all(|u| !uses.contains_key(u)).then_some(module))
    {
        let leaf = leaf.clone();
        uses.remove(&leaf);
    }
    assert!(
        uses.is_empty(),
        "these modules of {package} use each other: {uses:#?}"
    );
}

/// Maps the names that `lib.rs` exports to the modules that they come from.
fn homes_of_public_names(lib: &str) -> BTreeMap<String, String> {
    let exports = lib.split("pub use ").skip(1);
    exports
        .filter_map(|export| export.split(';').next()?.split_once("::"))
        .flat_map(|(module, names)| {
            let names = names.split(|c: char| !c.is_alphanumeric() && c != '_');
            names.map(move |name| (name.to_owned(), module.to_owned()))
        })
        .filter(|(name, _)| !name.is_empty())
        .collect()
}

/// Reads the text of a module and of those inside it, without comments and tests.
fn source_text(path: &Path) -> String {
    if path.is_dir() {
        let entries = fs::read_dir(path).unwrap();
        let inner = entries.map(|entry| source_text(&entry.unwrap().path()));
        return inner.collect();
    }
    if path.components().any(|part| part.as_os_str() == "tests") || path.ends_with("tests.rs") {
        return String::new();
    }
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let code = text.lines().map(|line| line.split("//").next().unwrap());
    code.collect()
}

/// Finds the first names after `crate::`, also those in braces.
fn names_used(text: &str) -> BTreeSet<String> {
    let first_name = |path: &str| {
        let end = path.find(|c: char| !c.is_alphanumeric() && c != '_');
        path[..end.unwrap_or(path.len())].to_owned()
    };
    let mut names = BTreeSet::new();
    for path in text.split("crate::").skip(1) {
        let Some(group) = path.strip_prefix('{') else {
            names.insert(first_name(path));
            continue;
        };
        let mut depth = 0;
        let is_comma = |c: char| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            c == ',' && depth == 0
        };
        let group = group.split(';').next().unwrap();
        names.extend(group.split(is_comma).map(|path| first_name(path.trim())));
    }
    names
}
