//! Multipart uploads that are not complete.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use uuid::Uuid;

use super::database::Write;
use super::details::{Headers, Tag};
use super::digest::{Algorithm, Checksum, Kind};
use super::error::Error;
use super::files::FileId;
use super::listing::{self, Page, Query, StartBound};
use super::{now, versions};

/// An upload in progress.
#[derive(Clone, Debug)]
pub(super) struct Upload {
    pub(super) id: String,
    pub(super) key: String,
    /// Milliseconds since 1970.
    pub(super) initiated: i64,
    pub(super) headers: Headers,
    pub(super) tags: Vec<Tag>,
    /// The checksum that the client requested.
    pub(super) checksum: Option<(Algorithm, Kind)>,
    /// The key was written or deleted since the upload began.
    pub(super) disturbed: bool,
}

impl Upload {
    /// Returns the checksum that the object will have: S3 adds a CRC64NVME if the client requested
    /// none.
    pub(super) fn resulting_checksum(&self) -> (Algorithm, Kind) {
        self.checksum
            .unwrap_or((Algorithm::Crc64Nvme, Kind::FullObject))
    }
}

/// A part that has been uploaded.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) number: i32,
    pub(super) file: FileId,
    pub(super) size: u64,
    /// The part's entity tag: its MD5 in hexadecimal.
    pub(super) md5: String,
    pub(super) checksum: Checksum,
    /// Milliseconds since 1970.
    pub(super) modified: i64,
}

const COLUMNS: &str =
    "SELECT id, key, initiated, details, tags, algorithm, kind, disturbed FROM uploads";

fn from_row(row: &Row) -> Result<Upload, Error> {
    let algorithm: Option<String> = row.get(5)?;
    let kind: Option<String> = row.get(6)?;
    let algorithm = algorithm.and_then(|name| Algorithm::from_name(&name));
    let kind = kind.and_then(|name| Kind::from_name(&name));
    Ok(Upload {
        id: row.get(0)?,
        key: versions::text(&row.get::<_, Vec<u8>>(1)?),
        initiated: row.get(2)?,
        headers: serde_json::from_str(row.get_ref(3)?.as_str().unwrap_or("{}"))?,
        tags: serde_json::from_str(row.get_ref(4)?.as_str().unwrap_or("[]"))?,
        checksum: algorithm.zip(kind),
        disturbed: row.get(7)?,
    })
}

/// Begins an upload.
pub(super) fn create(write: &Write, bucket: &str, upload: &Upload) -> Result<(), Error> {
    super::buckets::get(write.sql, bucket)?;
    write.sql.execute(
        "INSERT INTO uploads (id, bucket, key, initiated, details, tags, algorithm, kind)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            upload.id,
            bucket,
            upload.key.as_bytes(),
            upload.initiated,
            serde_json::to_string(&upload.headers)?,
            serde_json::to_string(&upload.tags)?,
            upload.checksum.map(|(algorithm, _)| algorithm.name()),
            upload.checksum.map(|(_, kind)| kind.name()),
        ],
    )?;
    Ok(())
}

/// Remembers of the uploads to a key that it has been written or deleted meanwhile.
pub(super) fn disturb(write: &Write, bucket: &str, key: &str) -> Result<(), Error> {
    write
        .sql
        .prepare_cached(
            "UPDATE uploads SET disturbed = 1 WHERE bucket = ?1 AND key = ?2 AND NOT disturbed",
        )?
        .execute(params![bucket, key.as_bytes()])?;
    Ok(())
}

/// Returns the upload, or the error for what does not exist.
pub(super) fn get(sql: &Connection, bucket: &str, key: &str, id: &str) -> Result<Upload, Error> {
    super::buckets::get(sql, bucket)?;
    let mut query = sql.prepare_cached(&format!(
        "{COLUMNS} WHERE id = ?1 AND bucket = ?2 AND key = ?3"
    ))?;
    query
        .query_and_then(params![id, bucket, key.as_bytes()], from_row)?
        .next()
        .unwrap_or(Err(Error::NoSuchUpload))
}

/// Puts a part in its place; one that was there goes.
pub(super) fn put_part(write: &mut Write, upload: &str, part: &Part) -> Result<(), Error> {
    if let Some(old) = parts(write.sql, upload, part.number - 1, 1)?
        .into_iter()
        .find(|old| old.number == part.number)
    {
        write.remove_later(old.file);
    }
    write
        .sql
        .prepare_cached(
            "INSERT OR REPLACE INTO parts (upload, number, file, size, md5, checksum, modified)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            upload,
            part.number,
            part.file.0.as_bytes(),
            part.size.cast_signed(),
            part.md5,
            serde_json::to_string(&part.checksum)?,
            now(),
        ])?;
    Ok(())
}

/// The parts whose numbers follow `after`, in order, at most `limit`.
pub(super) fn parts(
    sql: &Connection,
    upload: &str,
    after: i32,
    limit: usize,
) -> Result<Vec<Part>, Error> {
    let mut query = sql.prepare_cached(
        "SELECT number, file, size, md5, checksum, modified FROM parts
         WHERE upload = ?1 AND number > ?2 ORDER BY number LIMIT ?3",
    )?;
    query
        .query_and_then(params![upload, after, limit as i64], part_from_row)?
        .collect()
}

fn part_from_row(row: &Row) -> Result<Part, Error> {
    Ok(Part {
        number: row.get(0)?,
        file: FileId(Uuid::from_bytes(row.get(1)?)),
        size: row.get::<_, i64>(2)?.unsigned_abs(),
        md5: row.get(3)?,
        checksum: serde_json::from_str(row.get_ref(4)?.as_str().unwrap_or("{}"))?,
        modified: row.get(5)?,
    })
}

/// Removes the upload and its parts.
pub(super) fn forget(write: &mut Write, id: &str) -> Result<(), Error> {
    for part in parts(write.sql, id, 0, usize::from(u16::MAX))? {
        write.remove_later(part.file);
    }
    write
        .sql
        .execute("DELETE FROM uploads WHERE id = ?1", [id])?;
    Ok(())
}

/// Removes every upload to a bucket.
pub(super) fn forget_all(write: &mut Write, bucket: &str) -> Result<(), Error> {
    let ids: Vec<String> = write
        .sql
        .prepare("SELECT id FROM uploads WHERE bucket = ?1")?
        .query_map([bucket], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    ids.iter().try_for_each(|id| forget(write, id))
}

/// The row of the upload that a listing goes on after.
fn row_of(sql: &Connection, bucket: &str, key: &str, id: &str) -> Result<i64, Error> {
    let select = "SELECT rowid FROM uploads WHERE id = ?1 AND bucket = ?2 AND key = ?3";
    let row = sql
        .prepare_cached(select)?
        .query_row(params![id, bucket, key.as_bytes()], |row| row.get(0))
        .optional()?;
    row.ok_or_else(|| Error::argument("Invalid uploadId marker", "upload-id-marker", id))
}

/// Uploads in the order of their keys, then of their beginnings, that follow the key `after`, or
/// its upload of that id.
pub(super) fn list(
    sql: &Connection,
    bucket: &str,
    query: &Query,
    after: Option<(&str, Option<&str>)>,
) -> Result<Page<Upload>, Error> {
    let mut select = sql.prepare_cached(&format!(
        "{COLUMNS} WHERE bucket = ?1 AND key >= ?2 AND key < ?3 AND (key <> ?4 OR rowid > ?5)
         ORDER BY key, rowid LIMIT ?6"
    ))?;
    // Nothing follows this one: without an upload's id, the whole key is behind the marker.
    let behind = match after {
        Some((key, Some(id))) => row_of(sql, bucket, key, id)?,
        _ => i64::MAX,
    };
    listing::page(
        query,
        |upload: &Upload| &upload.key,
        |from: &StartBound, limit| {
            let (first, exclusive) = super::list::bounds(query, after.map(|(key, _)| key), from);
            let but = if exclusive { first.clone() } else { Vec::new() };
            let end = super::list::end(&query.prefix);
            select
                .query_and_then(
                    params![bucket, first, end, but, behind, limit as i64],
                    from_row,
                )?
                .collect()
        },
    )
}
