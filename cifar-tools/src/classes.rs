//! The fine classes of CIFAR-100, and which of them to keep.

use std::str::FromStr;

/// The published archive's fine label names: the number of a class is its place.
///
/// They stand here because an archive's own names come last in it (`meta`), when all its images
/// have passed.
pub const NAMES: [&str; 100] = [
    "apple",
    "aquarium_fish",
    "baby",
    "bear",
    "beaver",
    "bed",
    "bee",
    "beetle",
    "bicycle",
    "bottle",
    "bowl",
    "boy",
    "bridge",
    "bus",
    "butterfly",
    "camel",
    "can",
    "castle",
    "caterpillar",
    "cattle",
    "chair",
    "chimpanzee",
    "clock",
    "cloud",
    "cockroach",
    "couch",
    "crab",
    "crocodile",
    "cup",
    "dinosaur",
    "dolphin",
    "elephant",
    "flatfish",
    "forest",
    "fox",
    "girl",
    "hamster",
    "house",
    "kangaroo",
    "keyboard",
    "lamp",
    "lawn_mower",
    "leopard",
    "lion",
    "lizard",
    "lobster",
    "man",
    "maple_tree",
    "motorcycle",
    "mountain",
    "mouse",
    "mushroom",
    "oak_tree",
    "orange",
    "orchid",
    "otter",
    "palm_tree",
    "pear",
    "pickup_truck",
    "pine_tree",
    "plain",
    "plate",
    "poppy",
    "porcupine",
    "possum",
    "rabbit",
    "raccoon",
    "ray",
    "road",
    "rocket",
    "rose",
    "sea",
    "seal",
    "shark",
    "shrew",
    "skunk",
    "skyscraper",
    "snail",
    "snake",
    "spider",
    "squirrel",
    "streetcar",
    "sunflower",
    "sweet_pepper",
    "table",
    "tank",
    "telephone",
    "television",
    "tiger",
    "tractor",
    "train",
    "trout",
    "tulip",
    "turtle",
    "wardrobe",
    "whale",
    "willow_tree",
    "wolf",
    "woman",
    "worm",
];

/// A class to keep, and how the list named it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Class {
    /// Its fine label in the archive.
    pub label: u8,
    /// Its name, if the list gives a name and not a label.
    pub name: Option<&'static str>,
}

/// The classes to keep. The position of a class here is its class index in the manifests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classes(Vec<Class>);

/// An error in a list of classes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A name that CIFAR-100 does not have.
    #[error(
        "CIFAR-100 has no fine class `{name}`{hint}; give names such as bicycle, or numbers from \
         0 to 99"
    )]
    Unknown {
        /// The name that was given.
        name: String,
        /// The nearest name there is, or nothing.
        hint: String,
    },
    /// A class named twice.
    #[error("class {0} is named twice; name each class once")]
    Twice(u8),
    /// No class at all.
    #[error("name at least one class, such as bicycle,motorcycle")]
    None,
}

impl Classes {
    /// Keeps these classes, in this order.
    ///
    /// # Errors
    /// [`Error::Twice`] and [`Error::None`].
    pub fn new(classes: Vec<Class>) -> Result<Self, Error> {
        let twice = classes
            .iter()
            .enumerate()
            .find(|(at, class)| classes[..*at].iter().any(|c| c.label == class.label));
        match twice {
            Some((_, class)) => Err(Error::Twice(class.label)),
            None if classes.is_empty() => Err(Error::None),
            None => Ok(Self(classes)),
        }
    }

    /// The classes in order.
    #[must_use]
    pub fn as_slice(&self) -> &[Class] {
        &self.0
    }

    /// The class index of a fine label, if it is kept.
    #[must_use]
    pub fn index(&self, label: u8) -> Option<usize> {
        self.0.iter().position(|class| class.label == label)
    }
}

impl Default for Classes {
    /// Bicycles and motorcycles.
    fn default() -> Self {
        Self([8, 48].map(|label| Class { label, name: None }).to_vec())
    }
}

impl FromStr for Classes {
    type Err = Error;

    /// Reads names or numbers with commas between them.
    fn from_str(list: &str) -> Result<Self, Error> {
        let parts = list
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty());
        Self::new(parts.map(class).collect::<Result<_, _>>()?)
    }
}

fn class(text: &str) -> Result<Class, Error> {
    if let Some(label) = text
        .parse::<u8>()
        .ok()
        .filter(|n| usize::from(*n) < NAMES.len())
    {
        return Ok(Class { label, name: None });
    }
    let name = text.to_lowercase().replace([' ', '-'], "_");
    match NAMES.iter().position(|known| *known == name) {
        Some(at) => Ok(Class {
            label: at as u8,
            name: Some(NAMES[at]),
        }), // a hundred names
        None => Err(Error::Unknown {
            name: text.to_owned(),
            hint: hint(&name),
        }),
    }
}

/// `; did you mean …` for the first name that shares its beginning with `name`.
fn hint(name: &str) -> String {
    let shared = |known: &str| {
        known
            .bytes()
            .zip(name.bytes())
            .take_while(|(a, b)| a == b)
            .count()
    };
    let nearest = NAMES
        .iter()
        .max_by_key(|known| shared(known))
        .filter(|known| shared(known) >= 3);
    nearest
        .map(|name| format!(" (did you mean {name}?)"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(list: &str) -> Result<Vec<u8>, String> {
        let classes = list.parse::<Classes>().map_err(|e| e.to_string())?;
        Ok(classes.as_slice().iter().map(|class| class.label).collect())
    }

    #[test]
    fn names_and_numbers() {
        assert_eq!(labels("bicycle,motorcycle"), Ok(vec![8, 48]));
        assert_eq!(labels(" 48 , Bicycle"), Ok(vec![48, 8]));
        assert_eq!(
            labels("pickup truck,lawn-mower,0,99"),
            Ok(vec![58, 41, 0, 99])
        );
        assert_eq!(Classes::default(), "8,48".parse().unwrap());
    }

    #[test]
    fn an_index_is_the_place_in_the_list() {
        let classes: Classes = "48,8".parse().unwrap();
        assert_eq!(
            (classes.index(48), classes.index(8), classes.index(9)),
            (Some(0), Some(1), None)
        );
    }

    #[test]
    fn what_is_no_class_says_what_is() {
        let check = |list: &str, text: &str| assert_eq!(labels(list).unwrap_err(), text);
        check(
            "bicicle",
            "CIFAR-100 has no fine class `bicicle` (did you mean bicycle?); give names such as \
             bicycle, or numbers from 0 to 99",
        );
        check(
            "100",
            "CIFAR-100 has no fine class `100`; give names such as bicycle, or numbers from 0 to 99",
        );
        check(
            "-1",
            "CIFAR-100 has no fine class `-1`; give names such as bicycle, or numbers from 0 to 99",
        );
        check("8,bicycle", "class 8 is named twice; name each class once");
        check(" , ", "name at least one class, such as bicycle,motorcycle");
    }
}
