//! Reads numbers, and the paths and expressions that give one: `MaxItems` and `MaxItemsPath`.

use crate::definition::fields::Fields;
use crate::jsonpath::Root;
use crate::states::NumberField;

/// Reads and checks a number that stands in a definition.
type ReadNumber = fn(&mut Fields<'_>, &'static str) -> Option<f64>;

fn whole(fields: &mut Fields<'_>, name: &'static str) -> Option<f64> {
    let number = fields.integer(name, 0, u64::from(u32::MAX));
    number.map(|number| number as f64)
}

/// Reads `TimeoutSeconds` or a field like it.
pub(super) fn seconds(fields: &mut Fields<'_>, name: &'static str) -> Option<f64> {
    fields.seconds(name).map(|seconds| seconds as f64)
}

fn percentage(fields: &mut Fields<'_>, name: &'static str) -> Option<f64> {
    fields.number(name, 0.0..=100.0)
}

impl NumberField {
    /// Reads a whole number of a Map.
    pub(super) fn read_whole(
        fields: &mut Fields<'_>,
        fixed: &'static str,
        path: &'static str,
    ) -> Option<NumberField> {
        NumberField::read_of_map(whole, fields, fixed, path)
    }

    /// Reads a percentage of a Map.
    pub(super) fn read_percentage(
        fields: &mut Fields<'_>,
        fixed: &'static str,
        path: &'static str,
    ) -> Option<NumberField> {
        NumberField::read_of_map(percentage, fields, fixed, path)
    }

    /// Reads a number of a Map, whose paths lead to one node of the input or a variable; other
    /// states take any path.
    fn read_of_map(
        read: ReadNumber,
        fields: &mut Fields<'_>,
        fixed: &'static str,
        path: &'static str,
    ) -> Option<NumberField> {
        let number = NumberField::read(read, fields, fixed, path);
        if let Some(NumberField::Path(_, found)) = &number
            && (*found.root() == Root::Context || !found.is_reference())
        {
            fields.error_in(path, "Value is not a Reference Path");
        }
        number
    }

    /// Reads a number; `read` reads one that stands in the definition itself.
    pub(super) fn read(
        read: ReadNumber,
        fields: &mut Fields<'_>,
        fixed: &'static str,
        path: &'static str,
    ) -> Option<NumberField> {
        fields.exclusive(&[fixed, path]);
        if let Some(query) = fields.query(fixed) {
            return Some(NumberField::Query(query));
        }
        let number = read(fields, fixed).map(NumberField::Fixed);
        let found = fields.path(path);
        number.or(found.map(|found| NumberField::Path(path, found)))
    }
}
