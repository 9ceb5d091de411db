//! The fields of a Map state.

use super::{Distributed, ItemsField, NumberField};
use crate::fault::Fault;
use crate::inspector::MapSetting;
use crate::scope::Scope;
use crate::template::Template;
use crate::transition::StateId;

/// AWS: the most iterations of an inline Map that run at once, whatever `MaxConcurrency` says.
const MAX_INLINE_CONCURRENCY: u64 = 40;

#[derive(Debug)]
pub(crate) struct Map {
    /// The first state of the processor.
    pub(crate) processor: StateId,
    pub(crate) items: ItemsField,
    pub(crate) item_selector: Option<Template>,
    pub(crate) max_concurrency: Option<NumberField>,
    /// Set if the processor runs as executions of its own.
    pub(crate) distributed: Option<Distributed>,
}

impl Map {
    /// Returns true if the results go to a bucket, so that the state's result says where.
    pub(crate) fn writes_results(&self) -> bool {
        let distributed = self.distributed.as_ref();
        distributed.is_some_and(Distributed::writes_results)
    }

    /// Evaluates `MaxConcurrency`; 0 is as many as AWS allows.
    pub(crate) fn max_concurrency(&self, scope: &Scope<'_>) -> Result<u64, Fault> {
        let number = self.max_concurrency.as_ref();
        let max = number.map_or(Ok(0), |number| number.whole(scope))?;
        scope.record_setting(MapSetting::MaxConcurrency, max.into());
        Ok(max)
    }

    /// Evaluates how many iterations of an inline Map may run at once.
    pub(crate) fn inline_concurrency(&self, scope: &Scope<'_>) -> Result<u64, Fault> {
        Ok(match self.max_concurrency(scope)? {
            0 => MAX_INLINE_CONCURRENCY,
            max => max.min(MAX_INLINE_CONCURRENCY),
        })
    }
}
