//! Downloads of a job's input.

use std::path::Path;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};

use super::spec::Channel;
use crate::jobs::inputs::{Input, file_below};
use service::Objects;
use service::private;

/// Objects on their way at once: each is a look-up and a copy on the same disk.
const AT_ONCE: usize = 4;

/// Copies a channel's objects to `target`. The error says why it did not work; `None`: there are no
/// objects.
pub(super) async fn download(
    objects: &Arc<dyn Objects>,
    channel: &Channel,
    target: &Path,
) -> Result<(), Option<String>> {
    let mut inputs = channel.source.inputs(Arc::clone(objects));
    let mut found = false;
    loop {
        let page = inputs.next().await.map_err(Some)?;
        if page.is_empty() {
            return if found { Ok(()) } else { Err(None) };
        }
        found = true;
        let saves: Vec<_> = page
            .iter()
            .map(|input| save(objects, input, target))
            .collect();
        futures::stream::iter(saves)
            .buffer_unordered(AT_ONCE)
            .try_collect::<()>()
            .await
            .map_err(Some)?;
    }
}

/// Copies one object to where its name says, below `target`.
pub(super) async fn save(
    objects: &Arc<dyn Objects>,
    input: &Input,
    target: &Path,
) -> Result<(), String> {
    let uri = format!("s3://{}/{}", input.bucket, input.key);
    let path = file_below(target, &input.name)
        .ok_or_else(|| format!("{uri} can't be a file below the channel's folder"))?;
    if let Some(parent) = path.parent() {
        let made = private::create_dir_all(parent);
        made.map_err(|error| format!("{uri}: {}: {error}", parent.display()))?;
    }
    let saved = objects.save(&input.bucket, &input.key, &path).await;
    if saved.map_err(|error| error.to_string())? {
        Ok(())
    } else {
        Err(format!("{uri} does not exist"))
    }
}
