//! Objects and their versions: the rules of writing, deleting and finding them.
//!
//! See <https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html>. A version without a
//! file is a delete marker; the newest version of a key is the object, unless it is a delete
//! marker.

use rusqlite::{Connection, Row, params};
use uuid::Uuid;

use super::buckets::{Bucket, Versioning};
use super::database::Write;
use super::details::{Details, Tag};
use super::error::Error;
use super::files::FileId;
use super::now;

/// The id of versions written while versioning was not enabled.
pub(super) const NULL: &str = "null";

/// A version of an object, or a delete marker.
#[derive(Clone, Debug)]
pub(super) struct Version {
    /// Rises with every write in the store.
    pub(super) id: i64,
    pub(super) key: String,
    pub(super) version_id: String,
    pub(super) latest: bool,
    /// Milliseconds since 1970.
    pub(super) modified: i64,
    /// `None`: a delete marker.
    pub(super) file: Option<FileId>,
    pub(super) size: u64,
    /// The entity tag, without quotes.
    pub(super) etag: String,
    pub(super) details: Details,
    pub(super) tags: Vec<Tag>,
}

/// A version that is about to become the newest.
#[derive(Clone, Debug, Default)]
pub(super) struct NewVersion {
    /// `None`: a delete marker.
    pub(super) file: Option<FileId>,
    pub(super) size: u64,
    pub(super) etag: String,
    pub(super) details: Details,
    pub(super) tags: Vec<Tag>,
}

pub(super) const COLUMNS: &str =
    "SELECT id, key, version_id, latest, modified, file, size, etag, details, tags FROM versions";

pub(super) fn from_row(row: &Row) -> Result<Version, Error> {
    let file: Option<Uuid> = row.get::<_, Option<[u8; 16]>>(5)?.map(Uuid::from_bytes);
    Ok(Version {
        id: row.get(0)?,
        key: text(&row.get::<_, Vec<u8>>(1)?),
        version_id: row.get(2)?,
        latest: row.get(3)?,
        modified: row.get(4)?,
        file: file.map(FileId),
        size: row.get::<_, i64>(6)?.unsigned_abs(),
        etag: row.get(7)?,
        details: serde_json::from_str(row.get_ref(8)?.as_str().unwrap_or("{}"))?,
        tags: serde_json::from_str(row.get_ref(9)?.as_str().unwrap_or("[]"))?,
    })
}

/// A key from its column: only text is ever written there.
pub(super) fn text(key: &[u8]) -> String {
    String::from_utf8_lossy(key).into_owned()
}

/// The object's newest version, which may be a delete marker.
pub(super) fn newest(sql: &Connection, bucket: &str, key: &str) -> Result<Option<Version>, Error> {
    let mut query = sql.prepare_cached(&format!(
        "{COLUMNS} WHERE bucket = ?1 AND key = ?2 ORDER BY id DESC LIMIT 1"
    ))?;
    query
        .query_and_then(params![bucket, key.as_bytes()], from_row)?
        .next()
        .transpose()
}

/// The version of that id.
pub(super) fn exact(
    sql: &Connection,
    bucket: &str,
    key: &str,
    version_id: &str,
) -> Result<Option<Version>, Error> {
    let mut query = sql.prepare_cached(&format!(
        "{COLUMNS} WHERE bucket = ?1 AND key = ?2 AND version_id = ?3"
    ))?;
    query
        .query_and_then(params![bucket, key.as_bytes(), version_id], from_row)?
        .next()
        .transpose()
}

/// Refuses the id of a version that this store can't have given.
pub(super) fn check_id(id: Option<&str>) -> Result<(), Error> {
    let Some(id) = id else { return Ok(()) };
    let is_generated = FileId::from_name(id).is_some_and(|id| id.0.get_version_num() == 4);
    if is_generated || id == NULL {
        return Ok(());
    }
    let text = match id {
        "" => "Version id cannot be the empty string",
        _ => "Invalid version id specified",
    };
    Err(Error::argument(text, "versionId", id))
}

/// Finds a version, which may be a delete marker, or returns AWS's error for what does not exist.
pub(super) fn find(
    sql: &Connection,
    bucket: &str,
    key: &str,
    version_id: Option<&str>,
) -> Result<Version, Error> {
    super::buckets::get(sql, bucket)?;
    check_id(version_id)?;
    match version_id {
        None => newest(sql, bucket, key)?.ok_or(Error::NoSuchKey),
        Some(id) => exact(sql, bucket, key, id)?.ok_or(Error::NoSuchVersion),
    }
}

/// Finds an object: a delete marker is none.
pub(super) fn object(
    sql: &Connection,
    bucket: &str,
    key: &str,
    version_id: Option<&str>,
) -> Result<Version, Error> {
    let version = find(sql, bucket, key, version_id)?;
    match (version.file, version_id) {
        (Some(_), _) => Ok(version),
        (None, None) => Err(Error::NoSuchKey),
        (None, Some(_)) => Err(Error::MethodNotAllowed.with("ResourceType", "DeleteMarker")),
    }
}

/// Makes a version the newest of its key. Without versioning it takes the place of the `null`
/// version.
pub(super) fn add(
    write: &mut Write,
    bucket: &Bucket,
    key: &str,
    new: NewVersion,
) -> Result<Version, Error> {
    super::uploads::disturb(write, &bucket.name, key)?;
    let version_id = match bucket.versioning {
        Versioning::Enabled => Uuid::new_v4().simple().to_string(),
        Versioning::Off | Versioning::Suspended => {
            remove(write, &bucket.name, key, NULL)?;
            NULL.to_owned()
        }
    };
    write
        .sql
        .prepare_cached("UPDATE versions SET latest = 0 WHERE bucket = ?1 AND key = ?2 AND latest")?
        .execute(params![bucket.name, key.as_bytes()])?;
    let mut version = Version {
        id: 0,
        key: key.to_owned(),
        version_id,
        latest: true,
        modified: now(),
        file: new.file,
        size: new.size,
        etag: new.etag,
        details: new.details,
        tags: new.tags,
    };
    version.id = insert(write.sql, &bucket.name, &version)?;
    Ok(version)
}

fn insert(sql: &Connection, bucket: &str, version: &Version) -> Result<i64, Error> {
    let mut insert = sql.prepare_cached(
        "INSERT INTO versions (bucket, key, version_id, latest, modified, file, size, etag, details, tags)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    Ok(insert.insert(params![
        bucket,
        version.key.as_bytes(),
        version.version_id,
        version.latest,
        version.modified,
        version.file.map(|file| *file.0.as_bytes()),
        version.size.cast_signed(),
        version.etag,
        serde_json::to_string(&version.details)?,
        serde_json::to_string(&version.tags)?,
    ])?)
}

/// Removes a version for good; the newest of those that remain becomes the object.
pub(super) fn remove(
    write: &mut Write,
    bucket: &str,
    key: &str,
    version_id: &str,
) -> Result<Option<Version>, Error> {
    let Some(version) = exact(write.sql, bucket, key, version_id)? else {
        return Ok(None);
    };
    super::uploads::disturb(write, bucket, key)?;
    write
        .sql
        .prepare_cached("DELETE FROM versions WHERE id = ?1")?
        .execute([version.id])?;
    if version.latest {
        write
            .sql
            .prepare_cached(
                "UPDATE versions SET latest = 1 WHERE id =
                 (SELECT max(id) FROM versions WHERE bucket = ?1 AND key = ?2)",
            )?
            .execute(params![bucket, key.as_bytes()])?;
    }
    if let Some(file) = version.file {
        write.remove_later(file);
    }
    Ok(Some(version))
}

/// The result of a delete.
pub(super) enum Deleted {
    /// Nothing existed to delete, which is no error.
    Nothing,
    /// A version, or a delete marker, was removed.
    Version(Box<Version>),
    /// The object is hidden by a new delete marker.
    Marked(Box<Version>),
}

/// Deletes the object, or the version of that id.
pub(super) fn delete(
    write: &mut Write,
    bucket: &Bucket,
    key: &str,
    version_id: Option<&str>,
) -> Result<Deleted, Error> {
    let gone = match (version_id, bucket.versioning) {
        (Some(id), _) => remove(write, &bucket.name, key, id)?,
        (None, Versioning::Off) => remove(write, &bucket.name, key, NULL)?,
        (None, Versioning::Enabled | Versioning::Suspended) => {
            let marker = add(write, bucket, key, NewVersion::default())?;
            return Ok(Deleted::Marked(Box::new(marker)));
        }
    };
    Ok(gone.map_or(Deleted::Nothing, |version| {
        Deleted::Version(Box::new(version))
    }))
}

/// Replaces an object's tags.
pub(super) fn set_tags(write: &Write, id: i64, tags: &[Tag]) -> Result<(), Error> {
    write
        .sql
        .prepare_cached("UPDATE versions SET tags = ?2 WHERE id = ?1")?
        .execute(params![id, serde_json::to_string(tags)?])?;
    Ok(())
}

/// Every file that a row names.
pub(super) fn files(sql: &Connection) -> Result<std::collections::HashSet<FileId>, Error> {
    let mut query = sql.prepare(
        "SELECT file FROM versions WHERE file IS NOT NULL UNION ALL SELECT file FROM parts",
    )?;
    let ids = query.query_map([], |row| row.get::<_, [u8; 16]>(0))?;
    ids.map(|id| Ok(FileId(Uuid::from_bytes(id?)))).collect()
}
