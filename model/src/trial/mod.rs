//! A model's trial: it is loaded and answers once in a process of its own, which has limits, before
//! this process takes it.
//!
//! A graph may ask for any memory and any time: a `Tile` by a billion, a `Loop` without an end,
//! branches nested until the stack is full. The runtime then aborts the process, or never comes
//! back, and nothing in the process can stop that. So a program whose `main` begins with [`answer`]
//! starts itself once more, by [`load`], and what happens there is an error here.

mod child;
mod limits;
mod parent;

pub use child::{answer, picture};
pub(crate) use child::{is_answered, is_confined};
pub use limits::Limits;
pub(crate) use parent::confined;

use crate::artifact::{MODEL, WEIGHTS};
use crate::serve::{LoadError, Predictor};
use parent::Verdict;
use std::path::Path;

/// Loads the model in `folder`, after a trial if this program begins with [`answer`].
///
/// # Errors
/// The artifact can't be loaded, or its trial came to no good end: it crashed, or took more memory
/// or time than [`Limits`] says.
pub fn load(folder: &Path) -> Result<Predictor, LoadError> {
    if is_answered() {
        let path = folder.join(MODEL);
        // Where there is no file, loading says so.
        let bytes = [MODEL, WEIGHTS]
            .map(|name| std::fs::metadata(folder.join(name)).map_or(0, |file| file.len()))
            .iter()
            .sum();
        let limits = Limits::for_model(bytes).map_err(LoadError::Refused)?;
        match parent::try_model(folder, limits) {
            Ok(Verdict::Passed) => {}
            Ok(Verdict::Refused(reason)) => return Err(LoadError::Refused(reason)),
            Ok(Verdict::Failed(reason)) => return Err(LoadError::Model { path, reason }),
            // Some sandboxes let no process start another; what is left are the bounds that loading
            // itself has.
            Err(error) => {
                tracing::warn!(%error, "the model can't be tried in a process of its own");
            }
        }
    }
    Predictor::load(folder)
}
