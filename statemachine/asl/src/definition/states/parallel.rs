//! Reads a Parallel state.

use crate::definition::Compiler;
use crate::definition::fields::Fields;
use crate::states::Parallel;

impl Parallel {
    pub(in crate::definition) fn read<'d>(
        compiler: &mut Compiler<'d>,
        fields: &mut Fields<'d>,
    ) -> Parallel {
        fields.require(&["Branches"]);
        let mut branches = Vec::new();
        for branch in fields.elements("Branches") {
            let Some(mut branch) = Fields::of_object(branch) else {
                continue;
            };
            branch.string("Comment");
            branches.extend(compiler.flow(&mut branch));
            branch.finish();
        }
        Parallel { branches }
    }
}
