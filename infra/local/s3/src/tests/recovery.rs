//! Tests starting on a directory that differs from the one the last stack left: no bytes are lost
//! because a row is missing.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use super::*;

const ID: &str = "ab345678901234567890123456789012";

/// A copy of the store's directory, as a backup makes one, without the write-ahead log.
fn copy_without_log(stack: &Stack) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    copy_all(
        &stack.directory.path().join("s3"),
        &copy.path().join("s3"),
        &|name| name != "s3.sqlite-wal" && name != "s3.sqlite-shm",
    );
    copy
}

fn copy_all(from: &Path, to: &Path, wanted: &dyn Fn(&str) -> bool) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            copy_all(&entry.path(), &to.join(name), wanted);
        } else if wanted(&name) {
            fs::copy(entry.path(), to.join(name)).unwrap();
        }
    }
}

fn refused(directory: &Path) -> String {
    let error = S3::open(directory, Identity::default()).err();
    error.unwrap().to_string()
}

#[tokio::test]
async fn a_copy_without_the_write_ahead_log_deletes_nothing() {
    let stack = Stack::start().await;
    stack.put("k", "hello").await;
    let copy = copy_without_log(&stack);
    let root = copy.path().join("s3");
    for _ in 0..2 {
        let error = refused(copy.path());
        assert!(
            error.contains(
                "s3.sqlite-wal is missing, and the stack that wrote s3.sqlite was not \
                            stopped: its last writes are only there. Put it back beside \
                            s3.sqlite, or create an empty s3.sqlite-wal to go on without them"
            ),
            "{error}"
        );
        assert_eq!(count(&root.join("objects")), 1);
    }
    fs::write(root.join("s3.sqlite-wal"), "").unwrap();
    let stack = Stack::open(copy).await;
    assert_eq!(stack.files(), 0);
    let lost = fs::read_dir(root.join("lost+found")).unwrap();
    let lost: Vec<_> = lost.map(|file| file.unwrap().path()).collect();
    assert_eq!(lost.len(), 1);
    assert_eq!(fs::read_to_string(&lost[0]).unwrap(), "hello");
}

#[tokio::test]
async fn a_store_that_was_stopped_is_whole_without_the_log() {
    let stack = Stack::start().await;
    stack.put("k", "hello").await;
    stack.s3.shut_down().await;
    let copy = Stack::open(copy_without_log(&stack)).await;
    assert_eq!(copy.get("k").await, "hello");
    let put = stack.client.put_object().bucket(BUCKET).key("late");
    assert_eq!(
        refusal(put.send().await),
        "503 ServiceUnavailable: The S3 store is shutting down"
    );
}

#[tokio::test]
async fn a_store_that_is_dropped_is_whole_without_the_log() {
    let directory = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let s3 = S3::open(directory.path(), Identity::default()).unwrap();
        drop(s3);
        let log = directory.path().join("s3/s3.sqlite-wal");
        while fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn a_missing_database_deletes_nothing() {
    let stack = Stack::start().await;
    stack.put("k", "hello").await;
    let copy = copy_without_log(&stack);
    let root = copy.path().join("s3");
    let database = fs::read(root.join("s3.sqlite")).unwrap();
    for left in [None, Some("")] {
        fs::remove_file(root.join("s3.sqlite")).unwrap();
        if let Some(left) = left {
            fs::write(root.join("s3.sqlite"), left).unwrap();
        }
        let error = refused(copy.path());
        assert!(
            error.contains(
                "s3.sqlite is missing or empty, and objects/ holds 1 files of objects: \
                            put s3.sqlite back from where they came from, or move objects/ away \
                            to start with no buckets"
            ),
            "{error}"
        );
        assert_eq!(count(&root.join("objects")), 1);
        fs::write(root.join("s3.sqlite"), &database).unwrap();
    }
}

#[tokio::test]
async fn a_start_deletes_and_moves_only_files_of_its_own() {
    let stack = Stack::start().await;
    stack.put("k", "hello").await;
    let root = stack.directory.path().join("s3");
    let elsewhere = tempfile::tempdir().unwrap();
    let target = elsewhere.path().join(ID);
    fs::write(&target, "not the store's").unwrap();
    let orphan = root.join("objects/ab").join(ID);
    fs::write(&orphan, "no row").unwrap();
    let link = root.join("objects/ac/ac345678901234567890123456789012");
    symlink(&target, &link).unwrap();
    let foreign: Vec<PathBuf> = [
        "objects/.DS_Store",
        "objects/ab/.DS_Store",
        "objects/ab/ab345678-9012-3456-7890-123456789012",
        "objects/ad/ab345678901234567890123456789012",
        "incoming/notes.txt",
    ]
    .map(|name| root.join(name))
    .into();
    for file in &foreign {
        fs::write(file, "somebody's").unwrap();
    }
    fs::write(root.join("incoming").join(ID), "half").unwrap();
    let stack = stack.reopen().await;
    for file in &foreign {
        assert!(file.exists(), "{}", file.display());
    }
    assert!(link.is_symlink());
    assert_eq!(fs::read_to_string(&target).unwrap(), "not the store's");
    assert!(!orphan.exists());
    let lost = root.join("lost+found").join(ID);
    assert_eq!(fs::read_to_string(lost).unwrap(), "no row");
    assert_eq!(count(&root.join("incoming")), 1);
    assert_eq!(stack.get("k").await, "hello");
}

#[tokio::test]
async fn no_link_is_followed_out_of_the_directory() {
    for name in ["", "objects", "objects/ab", "incoming", "lost+found"] {
        let stack = Stack::start().await;
        let copy = copy_without_log(&stack);
        let place = copy.path().join("s3").join(name);
        let elsewhere = tempfile::tempdir().unwrap();
        fs::write(elsewhere.path().join(ID), "not the store's").unwrap();
        let orphan = copy
            .path()
            .join("s3/objects/ac/ac345678901234567890123456789012");
        fs::write(orphan, "").unwrap();
        fs::write(copy.path().join("s3/s3.sqlite-wal"), "").unwrap();
        if place.exists() {
            fs::remove_dir_all(&place).unwrap();
        }
        symlink(elsewhere.path(), place.components().as_path()).unwrap();
        let error = refused(copy.path());
        assert!(
            error.contains(
                "is not a directory, and S3 follows no links; move it away, or mount \
                            what it points to there"
            ),
            "{name}: {error}"
        );
        let left = fs::read_dir(elsewhere.path()).unwrap().count();
        assert_eq!(left, 1, "{name}");
    }
}

#[tokio::test]
async fn a_link_in_the_place_of_a_file_is_not_read() {
    let stack = Stack::start().await;
    stack.put("k", "hello").await;
    let objects = stack.directory.path().join("s3/objects");
    let fans = fs::read_dir(&objects).unwrap();
    let mut files = fans.flat_map(|fan| fs::read_dir(fan.unwrap().path()).unwrap());
    let file = files.next().unwrap().unwrap().path();
    let secret = stack.directory.path().join("secret");
    fs::rename(&file, &secret).unwrap();
    symlink(&secret, &file).unwrap();
    let get = stack.client.get_object().bucket(BUCKET).key("k");
    assert!(refusal(get.send().await).starts_with("500 InternalError: "));

    stack.s3.shut_down().await;
    let database = stack.directory.path().join("s3/s3.sqlite");
    let moved = stack.directory.path().join("moved.sqlite");
    fs::rename(&database, &moved).unwrap();
    symlink(&moved, &database).unwrap();
    let error = refused(stack.directory.path());
    assert!(
        error.contains(
            "s3.sqlite is a symbolic link, and S3 follows none; put the file itself there"
        ),
        "{error}"
    );
}

#[tokio::test]
async fn what_does_not_fit_on_the_disk_leaves_no_file() {
    let stack = Stack::start().await;
    stack.put("k", "hello").await;
    let full = |write: &mut database::Write| {
        let pages: i64 = write
            .sql
            .query_row("PRAGMA page_count", [], |row| row.get(0))?;
        Ok(write.sql.pragma_update(None, "max_page_count", pages)?)
    };
    stack.s3.store.database.write(full).await.unwrap();
    let mut written = 0;
    let refused = loop {
        let key = format!("{written}-{}", "k".repeat(900));
        let put = stack.client.put_object().bucket(BUCKET).key(key);
        match put.send().await {
            Ok(_) => written += 1,
            refused => break refusal(refused),
        }
    };
    assert!(refused.contains("database or disk is full"), "{refused}");
    assert_eq!(stack.files(), written + 1);
    let delete = stack.client.delete_object().bucket(BUCKET).key("k");
    delete.send().await.unwrap();
    assert_eq!(stack.files(), written);
}
