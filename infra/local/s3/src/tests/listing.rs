//! Listings, against a sorted map that everyone understands.

use std::collections::BTreeSet;

use proptest::prelude::*;
use rusqlite::Connection;

use super::super::listing::{Page, PageEnd, Query};
use super::super::versions::Version;
use super::*;

fn database(keys: &BTreeSet<String>) -> Connection {
    let sql = Connection::open_in_memory().unwrap();
    sql.execute_batch(include_str!("../schema.sql")).unwrap();
    sql.execute(
        "INSERT INTO buckets (name, created, region) VALUES ('b', 0, '')",
        [],
    )
    .unwrap();
    let insert = "INSERT INTO versions (bucket, key, version_id, latest, modified, file) VALUES \
                  ('b', ?1, 'null', 1, 0, zeroblob(16))";
    for key in keys {
        sql.execute(insert, [key.as_bytes()]).unwrap();
    }
    sql
}

/// Keys and common prefixes in their common order, told apart by `true`.
type Names = Vec<(String, bool)>;

fn names(page: Page<Version>) -> Names {
    let entries = page.entries.into_iter().map(|version| (version.key, false));
    let prefixes = page
        .common_prefixes
        .into_iter()
        .map(|prefix| (prefix, true));
    let mut names: Names = entries.chain(prefixes).collect();
    names.sort();
    names
}

/// Returns the expected result of listing everything.
fn model(keys: &BTreeSet<String>, query: &Query, after: Option<&str>) -> Names {
    let group = |key: &str| {
        let delimiter = query.delimiter.as_deref()?;
        let rest = &key[query.prefix.len()..];
        let end = rest.find(delimiter)? + delimiter.len();
        Some(key[..query.prefix.len() + end].to_owned())
    };
    let named = keys
        .iter()
        .filter(|key| key.starts_with(&query.prefix))
        .filter(|key| {
            // A marker that is a group stands for the whole group, and so does one inside it where
            // it is not StartAfter.
            after.is_none_or(|after| {
                let skipped = group(key).filter(|group| {
                    if query.marker_skips_prefix {
                        after.starts_with(group)
                    } else {
                        group == after
                    }
                });
                key.as_str() > after && skipped.is_none()
            })
        });
    let names: BTreeSet<_> = named
        .map(|key| group(key).map_or_else(|| (key.clone(), false), |group| (group, true)))
        .collect();
    names.into_iter().collect()
}

/// All pages of a listing, one after the other.
fn walk(sql: &Connection, query: &Query, after: Option<&str>) -> Names {
    let mut all = Names::new();
    let mut after = after.map(str::to_owned);
    loop {
        let page = list::objects(sql, "b", query, after.as_deref()).unwrap();
        after = match &page.next {
            Some(PageEnd::Entry) => page.entries.last().map(|version| version.key.clone()),
            Some(PageEnd::CommonPrefix) => page.common_prefixes.last().cloned(),
            None => None,
        };
        let names = names(page);
        assert!(names.len() <= query.limit);
        all.extend(names);
        if after.is_none() {
            return all;
        }
    }
}

fn key() -> impl Strategy<Value = String> {
    let letter = prop_oneof![
        Just("a"),
        Just("b"),
        Just("/"),
        Just("//"),
        Just("\0"),
        Just("ü"),
        Just("\u{10ffff}")
    ];
    prop::collection::vec(letter, 1..6).prop_map(|letters| letters.concat())
}

proptest! {
    #[test]
    fn pages_are_the_sorted_map(
        keys in prop::collection::btree_set(key(), 0..40),
        prefix in prop_oneof![Just(String::new()), key()],
        delimiter in prop::option::of(prop_oneof![Just("/"), Just("a"), Just("//"), Just("ü/")]),
        after in prop::option::of(key()),
        limit in 1..8_usize,
        marker_skips_prefix in any::<bool>(),
    ) {
        let sql = database(&keys);
        let query = Query {
            prefix,
            delimiter: delimiter.map(str::to_owned),
            limit,
            marker_skips_prefix,
        };
        let expect = model(&keys, &query, after.as_deref());
        prop_assert_eq!(walk(&sql, &query, after.as_deref()), expect);
    }
}

#[test]
fn a_page_of_nothing_is_complete() {
    let sql = database(&BTreeSet::from(["a".to_owned()]));
    let page = list::objects(&sql, "b", &Query::default(), None).unwrap();
    assert_eq!((page.entries.len(), page.next), (0, None));
}

#[test]
fn listings_walk_an_index() {
    let sql = database(&BTreeSet::new());
    let plan = |query: &str| {
        let mut explain = sql.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
        let steps = explain
            .query_map([], |row| row.get::<_, String>(3))
            .unwrap();
        steps.collect::<Result<Vec<_>, _>>().unwrap().join("; ")
    };
    assert_eq!(
        plan(
            "SELECT * FROM versions WHERE bucket = 'b' AND key >= x'00' AND key < x'ff' AND key \
             <> x'' AND latest AND file IS NOT NULL ORDER BY key LIMIT 9"
        ),
        "SEARCH versions USING INDEX objects (bucket=? AND key>? AND key<?)"
    );
    assert_eq!(
        plan(
            "SELECT * FROM versions WHERE bucket = 'b' AND key >= x'00' AND key < x'ff' AND (key \
             <> x'' OR id < 0) ORDER BY key, id DESC LIMIT 9"
        ),
        "SEARCH versions USING INDEX versions_newest_first (bucket=? AND key>? AND key<?)"
    );
}

async fn stack_with(keys: &[&str]) -> Stack {
    let stack = Stack::start().await;
    for key in keys {
        stack.s3.put(BUCKET, key, Bytes::new(), "").await.unwrap();
    }
    stack
}

#[tokio::test]
async fn both_generations_of_the_api_page_alike() {
    let keys = ["a/1", "a/2", "b", "c/1", "d"];
    let stack = stack_with(&keys).await;
    let pages = stack
        .client
        .list_objects_v2()
        .bucket(BUCKET)
        .into_paginator()
        .page_size(2)
        .send();
    let pages: Vec<_> = pages.try_collect().await.unwrap();
    let counts: Vec<_> = pages.iter().map(|page| page.key_count().unwrap()).collect();
    assert_eq!(counts, [2, 2, 1]);
    let seen = pages
        .iter()
        .flat_map(|page| page.contents())
        .map(|object| object.key().unwrap());
    assert_eq!(seen.collect::<Vec<_>>(), keys);

    let list = stack
        .client
        .list_objects()
        .bucket(BUCKET)
        .delimiter("/")
        .max_keys(2);
    let first = list.clone().send().await.unwrap();
    assert_eq!(first.common_prefixes()[0].prefix(), Some("a/"));
    assert_eq!(
        (first.contents()[0].key(), first.next_marker()),
        (Some("b"), Some("b"))
    );
    let second = list.clone().marker("b").send().await.unwrap();
    assert_eq!(second.common_prefixes()[0].prefix(), Some("c/"));
    assert_eq!(second.is_truncated(), Some(false));
    let after_group = list.marker("a/").send().await.unwrap();
    assert_eq!(after_group.contents()[0].key(), Some("b"));
}

#[tokio::test]
async fn a_list_starts_where_it_is_told_to() {
    let stack = stack_with(&["a", "b", "c"]).await;
    let list = stack.client.list_objects_v2().bucket(BUCKET);
    let keys = async |list: aws_sdk_s3::operation::list_objects_v2::builders::ListObjectsV2FluentBuilder| {
        let list = list.send().await.unwrap();
        list.contents().iter().map(|object| object.key().unwrap()).collect::<String>()
    };
    assert_eq!(keys(list.clone().start_after("a")).await, "bc");
    assert_eq!(keys(list.clone().start_after("aa")).await, "bc");
    assert_eq!(keys(list.clone().start_after("c")).await, "");
    assert_eq!(keys(list.clone().prefix("b").start_after("a")).await, "b");
    assert_eq!(keys(list.prefix("b").start_after("c")).await, "");
}

#[tokio::test]
async fn versions_are_listed_page_by_page() {
    let stack = Stack::start().await;
    let bucket = template::Bucket {
        logical_id: String::new(),
        name: BUCKET.into(),
        versioned: true,
        notifications: Vec::new(),
    };
    stack.s3.declare_bucket(&bucket).await.unwrap();
    for key in ["a", "b", "a", "b", "a"] {
        stack.put(key, "").await;
    }
    let mut list = stack
        .client
        .list_object_versions()
        .bucket(BUCKET)
        .max_keys(2);
    let mut seen = Vec::new();
    loop {
        let page = list.clone().send().await.unwrap();
        seen.extend(
            page.versions()
                .iter()
                .map(|v| (v.key().unwrap().to_owned(), v.is_latest().unwrap())),
        );
        if page.is_truncated() == Some(false) {
            break;
        }
        list = list
            .set_key_marker(page.next_key_marker)
            .set_version_id_marker(page.next_version_id_marker);
    }
    let expect = [
        ("a", true),
        ("a", false),
        ("a", false),
        ("b", true),
        ("b", false),
    ];
    assert_eq!(seen, expect.map(|(key, latest)| (key.to_owned(), latest)));
}

/// Recorded: a marker inside a common prefix leaves all of it out, but for `StartAfter`.
#[tokio::test]
async fn a_marker_inside_a_common_prefix_skips_all_of_it() {
    let stack = stack_with(&["f/s/1", "f/s/2", "f/x"]).await;
    for key in ["f/s/1", "f/s/2", "f/x"] {
        let create = stack.client.create_multipart_upload();
        create.bucket(BUCKET).key(key).send().await.unwrap();
    }
    let list = async |query: &str| {
        let path = format!("/{BUCKET}?prefix=f/&delimiter=/&{query}");
        let (_, body) = super::wire::send(&stack, Request::get(path), "").await;
        let keys = body.split("<Key>").skip(1);
        let keys: Vec<_> = keys
            .map(|rest| rest.split('<').next().unwrap().to_owned())
            .collect();
        (body.contains("<CommonPrefixes>"), keys)
    };
    for query in [
        "marker=f/s/1",
        "versions&key-marker=f/s/1",
        "uploads&key-marker=f/s/1",
    ] {
        assert_eq!(
            list(query).await,
            (false, vec!["f/x".to_owned()]),
            "{query}"
        );
    }
    let after = list("list-type=2&start-after=f/s/1").await;
    assert_eq!(after, (true, vec!["f/x".to_owned()]));
}

#[tokio::test]
async fn a_page_tells_only_what_it_was_asked() {
    let stack = stack_with(&["a", "b", "c"]).await;
    let list = stack.client.list_objects_v2().bucket(BUCKET).max_keys(1);
    let first = list.clone().start_after("a").send().await.unwrap();
    assert_eq!(first.start_after(), Some("a"));
    let second = list
        .start_after("a")
        .continuation_token(first.next_continuation_token.unwrap());
    let second = second.send().await.unwrap();
    assert_eq!(
        (second.contents()[0].key(), second.start_after()),
        (Some("c"), None)
    );
    let (_, body) =
        super::wire::send(&stack, Request::get(format!("/{BUCKET}?delimiter=")), "").await;
    assert!(!body.contains("Delimiter"), "{body}");
    assert!(body.contains(".000Z</LastModified>"), "{body}");
}

/// Recorded: the order of one key's uploads is that of their beginnings, and the last page names
/// its last upload too.
#[tokio::test]
async fn uploads_are_listed_as_they_began() {
    let stack = Stack::start().await;
    let mut ids = Vec::new();
    for key in ["b", "a", "a", "a"] {
        let create = stack.client.create_multipart_upload();
        let create = create.bucket(BUCKET).key(key).send().await.unwrap();
        ids.push(create.upload_id.unwrap());
    }
    ids.rotate_left(1);
    let list = || stack.client.list_multipart_uploads().bucket(BUCKET);
    let all = list().send().await.unwrap();
    let seen: Vec<_> = all
        .uploads()
        .iter()
        .map(|upload| upload.upload_id().unwrap())
        .collect();
    assert_eq!(seen, ids);
    assert_eq!(
        (all.next_key_marker(), all.next_upload_id_marker()),
        (Some("b"), Some(ids[3].as_str()))
    );
    let rest = list()
        .key_marker("a")
        .upload_id_marker(&ids[1])
        .send()
        .await
        .unwrap();
    let seen: Vec<_> = rest
        .uploads()
        .iter()
        .map(|upload| upload.upload_id().unwrap())
        .collect();
    assert_eq!(seen, ids[2..]);
    let none = list().key_marker("b").send().await.unwrap();
    assert_eq!(
        (none.next_key_marker(), none.next_upload_id_marker()),
        (Some(""), Some(""))
    );
    let account = all.uploads()[0].initiator().unwrap().id();
    assert_eq!(account, Some("123456789012"));
}
