//! Matrix products on plain slices, row-major; `matrixmultiply` does the work, behind `ndarray`'s
//! safe interface.

use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2};

/// The whole slice as a matrix of `columns` columns.
pub(super) fn matrix(data: &[f32], columns: usize) -> ArrayView2<'_, f32> {
    let shape = (data.len() / columns, columns);
    ArrayView2::from_shape(shape, data).expect("rows * columns never exceeds the length")
}

/// `c = a b`; `c` takes its number of columns from `b`.
pub(super) fn multiply(a: &ArrayView2<'_, f32>, b: &ArrayView2<'_, f32>, c: &mut [f32]) {
    let shape = (c.len() / b.ncols(), b.ncols());
    let mut c =
        ArrayViewMut2::from_shape(shape, c).expect("rows * columns never exceeds the length");
    general_mat_mul(1.0, a, b, 0.0, &mut c);
}
