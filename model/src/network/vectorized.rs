//! Plain loops for the widest vectors of this machine.

use rten_simd::{Isa, SimdOp};

/// Runs `work` as compiled for the widest vectors that this machine has, where a build is for the
/// narrowest that any has. It must be loops over plain slices, whose functions are inlined: others
/// are compiled as ever.
#[inline(always)]
pub(super) fn vectorized<R>(work: impl FnOnce() -> R) -> R {
    Work(work).dispatch()
}

struct Work<F>(F);

impl<R, F: FnOnce() -> R> SimdOp for Work<F> {
    type Output = R;

    #[inline(always)]
    fn eval<I: Isa>(self, _: I) -> R {
        (self.0)()
    }
}
