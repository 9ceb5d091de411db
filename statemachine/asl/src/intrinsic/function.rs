//! The functions by name, and how many arguments each takes.

use std::cell::Cell;

use serde_json::Value;

use super::arguments::{Arguments, Problem};
use super::{arrays, encoding, math, text};
use crate::random::Random;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Array,
    ArrayContains,
    ArrayGetItem,
    ArrayLength,
    ArrayPartition,
    ArrayRange,
    ArrayUnique,
    Base64Decode,
    Base64Encode,
    Format,
    Hash,
    JsonMerge,
    JsonToString,
    MathAdd,
    MathRandom,
    StringSplit,
    StringToJson,
    Uuid,
}

const MANY: usize = usize::MAX;

/// Name, least and most arguments.
const FUNCTIONS: [(&str, Function, usize, usize); 18] = [
    ("Array", Function::Array, 0, MANY),
    ("ArrayContains", Function::ArrayContains, 2, 2),
    ("ArrayGetItem", Function::ArrayGetItem, 2, 2),
    ("ArrayLength", Function::ArrayLength, 1, 1),
    ("ArrayPartition", Function::ArrayPartition, 2, 2),
    ("ArrayRange", Function::ArrayRange, 3, 3),
    ("ArrayUnique", Function::ArrayUnique, 1, 1),
    ("Base64Decode", Function::Base64Decode, 1, 1),
    ("Base64Encode", Function::Base64Encode, 1, 1),
    ("Format", Function::Format, 1, MANY),
    ("Hash", Function::Hash, 2, 2),
    ("JsonMerge", Function::JsonMerge, 3, 3),
    ("JsonToString", Function::JsonToString, 1, 1),
    ("MathAdd", Function::MathAdd, 2, 2),
    ("MathRandom", Function::MathRandom, 2, 3),
    ("StringSplit", Function::StringSplit, 2, 2),
    ("StringToJson", Function::StringToJson, 1, 1),
    ("UUID", Function::Uuid, 0, 0),
];

impl Function {
    pub(super) fn named(name: &str) -> Option<Function> {
        FUNCTIONS
            .iter()
            .find(|(known, ..)| *known == name)
            .map(|(_, function, ..)| *function)
    }

    /// How many arguments it takes, in words, if `count` is not so many.
    pub(super) fn refuses(self, count: usize) -> Option<String> {
        let (_, _, least, most) = FUNCTIONS.iter().find(|(_, f, ..)| *f == self)?;
        if (*least..=*most).contains(&count) {
            return None;
        }
        Some(match (*least, *most) {
            (0, 0) => "no arguments".to_owned(),
            (1, 1) => "1 argument".to_owned(),
            (least, MANY) => format!("at least {least} argument"),
            (least, most) if least == most => format!("{least} arguments"),
            (least, most) => format!("{least} to {most} arguments"),
        })
    }

    pub(super) fn apply(
        self,
        arguments: &Arguments<'_>,
        random: &Cell<Random>,
    ) -> Result<Value, Problem> {
        match self {
            Function::Array => Ok(arguments.all()),
            Function::ArrayContains => arrays::contains(arguments),
            Function::ArrayGetItem => arrays::get_item(arguments),
            Function::ArrayLength => arrays::length(arguments),
            Function::ArrayPartition => arrays::partition(arguments),
            Function::ArrayRange => arrays::range(arguments),
            Function::ArrayUnique => arrays::unique(arguments),
            Function::Base64Decode => encoding::base64_decode(arguments),
            Function::Base64Encode => encoding::base64_encode(arguments),
            Function::Format => text::format(arguments),
            Function::Hash => encoding::hash(arguments),
            Function::JsonMerge => encoding::json_merge(arguments),
            Function::JsonToString => encoding::json_to_string(arguments),
            Function::MathAdd => math::add(arguments),
            Function::MathRandom => math::random(arguments, random),
            Function::StringSplit => text::split(arguments),
            Function::StringToJson => encoding::string_to_json(arguments),
            Function::Uuid => Ok(math::uuid(random)),
        }
    }
}
