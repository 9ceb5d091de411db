//! Reads the field of a Map that says where its items are.

use crate::definition::Language;
use crate::definition::fields::Fields;
use crate::states::ItemsField;

impl ItemsField {
    pub(super) fn read(fields: &mut Fields<'_>) -> ItemsField {
        if fields.language() == Language::JsonPath {
            let path = fields.path("ItemsPath");
            return path.map_or(ItemsField::Input, ItemsField::Path);
        }
        if let Some(query) = fields.query("Items") {
            return ItemsField::Query(query);
        }
        if fields.array("Items").is_none() {
            return ItemsField::QueryInput;
        }
        let items = fields.template("Items");
        items.map_or(ItemsField::QueryInput, ItemsField::Array)
    }
}
