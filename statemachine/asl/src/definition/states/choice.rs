//! Reads a Choice state.

use crate::definition::Compiler;
use crate::definition::fields::Fields;
use crate::definition::flow::Flow;
use crate::states::{Choice, ChoiceRule, Condition};
use crate::transition::StateId;

impl Choice {
    pub(in crate::definition) fn read<'d>(
        compiler: &mut Compiler<'d>,
        fields: &mut Fields<'d>,
        flow: &Flow<'_>,
    ) -> Choice {
        fields.require(&["Choices"]);
        let rules = fields.elements("Choices").into_iter();
        Choice {
            rules: rules
                .filter_map(Fields::of_object)
                .map(|rule| ChoiceRule::read(compiler, rule, flow))
                .collect(),
            default: flow.target(fields, "Default"),
        }
    }
}

impl ChoiceRule {
    fn read<'d>(
        compiler: &mut Compiler<'d>,
        mut fields: Fields<'d>,
        flow: &Flow<'_>,
    ) -> ChoiceRule {
        fields.require(&["Next"]);
        let next = flow.target(&mut fields, "Next");
        let output = fields.output();
        let assign = compiler.assign(&mut fields);
        ChoiceRule {
            condition: Condition::read(fields),
            output,
            assign,
            next: next.unwrap_or(StateId(0)),
        }
    }
}
