//! The table of the intrinsic functions: a function is a row of it, and one of the modules beside
//! it implements it.

use super::arguments::{Arguments, FunctionResult};
use super::{arrays, encoding, math, strings};

/// Evaluates a function.
type Evaluate = fn(&Arguments<'_>) -> FunctionResult;

/// An intrinsic function.
#[derive(Debug)]
pub(super) struct Function {
    /// The name without `States.`
    name: &'static str,
    min_arguments: usize,
    max_arguments: usize,
    pub(super) evaluate: Evaluate,
}

/// The `max_arguments` of a function that takes any number.
const ANY: usize = usize::MAX;

const FUNCTIONS: &[Function] = &[
    Function::new("Array", 0, ANY, arrays::array),
    Function::new("ArrayContains", 2, 2, arrays::contains),
    Function::new("ArrayGetItem", 2, 2, arrays::get_item),
    Function::new("ArrayLength", 1, 1, arrays::length),
    Function::new("ArrayPartition", 2, 2, arrays::partition),
    Function::new("ArrayRange", 3, 3, arrays::range),
    Function::new("ArrayUnique", 1, 1, arrays::unique),
    Function::new("Base64Decode", 1, 1, encoding::base64_decode),
    Function::new("Base64Encode", 1, 1, encoding::base64_encode),
    Function::new("Format", 1, ANY, strings::format),
    Function::new("Hash", 2, 2, encoding::hash),
    Function::new("JsonMerge", 3, 3, encoding::json_merge),
    Function::new("JsonToString", 1, 1, encoding::json_to_string),
    Function::new("MathAdd", 2, 2, math::add),
    Function::new("MathRandom", 2, 3, math::random),
    Function::new("StringSplit", 2, 2, strings::split),
    Function::new("StringToJson", 1, 1, encoding::string_to_json),
    Function::new("UUID", 0, 0, math::uuid),
];

impl Function {
    const fn new(
        name: &'static str,
        min_arguments: usize,
        max_arguments: usize,
        evaluate: Evaluate,
    ) -> Function {
        Function {
            name,
            min_arguments,
            max_arguments,
            evaluate,
        }
    }

    pub(super) fn from_name(name: &str) -> Option<&'static Function> {
        FUNCTIONS.iter().find(|function| function.name == name)
    }

    /// Returns how many arguments the function takes, in words, if it does not take `count`.
    pub(super) fn arity_error(&self, count: usize) -> Option<String> {
        if (self.min_arguments..=self.max_arguments).contains(&count) {
            return None;
        }
        Some(match (self.min_arguments, self.max_arguments) {
            (0, 0) => "no arguments".to_owned(),
            (1, 1) => "1 argument".to_owned(),
            (min, ANY) => format!("at least {min} argument"),
            (min, max) if min == max => format!("{min} arguments"),
            (min, max) => format!("{min} to {max} arguments"),
        })
    }
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}
