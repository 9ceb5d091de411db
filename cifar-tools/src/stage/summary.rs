//! Counts of the staged images.

use super::Error;
use crate::archive::{Scanned, Split};
use crate::classes::{Classes, NAMES};
use std::path::PathBuf;

/// The result of staging: counts by split and class.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Training images.
    pub train: usize,
    /// Test images.
    pub test: usize,
    /// The counts by class, in the order of the class indices.
    pub classes: Vec<ClassCount>,
    /// True if these are synthetic images of `cifar-tools sample`, not photographs. Say so wherever
    /// results are shown.
    pub drawn: bool,
    /// Files or objects that were written, manifests included.
    pub written: usize,
    /// Objects that were already there with the same content.
    pub skipped: usize,
    /// Files that were left out, and why each is no image.
    pub unusable: Vec<(PathBuf, String)>,
}

/// One class in a [`Summary`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassCount {
    /// Its fine label in the archive, if it is of one.
    pub label: Option<u8>,
    /// Its name, by the archive's own `meta`, or by its folder.
    pub name: String,
    /// Its training images.
    pub train: usize,
    /// Its test images.
    pub test: usize,
}

/// Images by class and split.
pub(super) struct Counts(Vec<[usize; 2]>);

impl Counts {
    pub(super) fn new(classes: &Classes) -> Self {
        Self(vec![[0; 2]; classes.as_slice().len()])
    }

    pub(super) fn add(&mut self, class: usize, split: Split) {
        self.0[class][usize::from(split == Split::Test)] += 1;
    }

    /// Checks the classes against the names in the archive, and that each has an image.
    pub(super) fn finish(self, classes: &Classes, scanned: &Scanned) -> Result<Summary, Error> {
        let mut counted = Vec::with_capacity(self.0.len());
        for (class, [train, test]) in classes.as_slice().iter().zip(self.0) {
            let name = scanned.names.get(usize::from(class.label));
            let name = name.ok_or(Error::NoClass {
                label: class.label,
                last: scanned.names.len() - 1,
            })?;
            if class.name.is_some_and(|requested| requested != name) {
                return Err(Error::OtherName {
                    requested: NAMES[usize::from(class.label)],
                    label: class.label,
                    name: name.clone(),
                });
            }
            if train + test == 0 {
                return Err(Error::NoImages {
                    label: class.label,
                    name: name.clone(),
                });
            }
            counted.push(ClassCount {
                label: Some(class.label),
                name: name.clone(),
                train,
                test,
            });
        }
        Ok(Summary {
            train: counted.iter().map(|class| class.train).sum(),
            test: counted.iter().map(|class| class.test).sum(),
            classes: counted,
            drawn: scanned.drawn,
            ..Summary::default()
        })
    }
}
