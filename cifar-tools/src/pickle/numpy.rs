//! The few callables that a pickled numpy array needs.
//!
//! numpy writes `_reconstruct(ndarray, (0,), b'b')` and then BUILDs it with `(version, shape,
//! dtype, fortran, data)`; under protocol 5 it writes `_frombuffer(data, dtype, shape, order)`. The
//! module is `numpy.core` up to numpy 1 and `numpy._core` from numpy 2.

use super::heap::{Array, Heap, Value};

/// A callable of the subset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Global {
    /// `numpy.core.multiarray._reconstruct`
    Reconstruct,
    /// `numpy.core.numeric._frombuffer`
    FromBuffer,
    /// `numpy.ndarray`, the class that `_reconstruct` is given.
    Ndarray,
    /// `numpy.dtype`
    Dtype,
    /// `_codecs.encode`, which makes bytes of a text.
    Encode,
}

/// A numpy element type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dtype {
    /// `uint8`
    U8,
    /// Any other.
    Other,
}

impl Global {
    pub(super) fn of(module: &str, name: &str) -> Option<Self> {
        match (module, name) {
            ("numpy.core.multiarray" | "numpy._core.multiarray", "_reconstruct") => {
                Some(Self::Reconstruct)
            }
            ("numpy.core.numeric" | "numpy._core.numeric", "_frombuffer") => Some(Self::FromBuffer),
            ("numpy", "ndarray") => Some(Self::Ndarray),
            ("numpy", "dtype") => Some(Self::Dtype),
            ("_codecs", "encode") => Some(Self::Encode),
            _ => None,
        }
    }
}

/// Calls `function`; what does not fit is an error by its reason.
pub(super) fn call(
    heap: &mut Heap,
    text_limit: usize,
    function: Global,
    args: &[Value],
) -> Result<Value, &'static str> {
    match (function, args) {
        (Global::Reconstruct, [Value::Callable(Global::Ndarray), _, _]) => {
            Ok(heap.new_array(Array::default()))
        }
        (Global::Dtype, [name, ..]) => Ok(Value::Dtype(
            dtype(heap, *name).ok_or("a dtype has no name")?,
        )),
        (Global::FromBuffer, &[data, kind, shape, order]) => {
            let fortran = heap.bytes(order) == Some(b"F");
            let array = array(heap, shape, kind, fortran, data)?;
            Ok(heap.new_array(array))
        }
        (Global::Encode, &[text, encoding]) if heap.str(encoding) == Some("latin1") => {
            encode(heap, text_limit, text)
        }
        _ => Err("a call has arguments that numpy never writes"),
    }
}

/// Sets the state of `object`, as BUILD does.
pub(super) fn build(heap: &mut Heap, object: Value, state: Value) -> Result<(), &'static str> {
    let Value::Tuple(_) = state else {
        return Err("BUILD needs a tuple");
    };
    match (object, heap.items(state)) {
        (Value::Dtype(_), Some(_)) => Ok(()), // byte order and alignment: they mean nothing to uint8
        (Value::Array(_), Some(&[Value::Int(1), shape, kind, Value::Bool(fortran), data])) => {
            let built = array(heap, shape, kind, fortran, data)?;
            if let Some(array) = heap.array_mut(object) {
                *array = built;
            }
            Ok(())
        }
        _ => Err("BUILD is only known for numpy arrays and dtypes"),
    }
}

fn array(
    heap: &Heap,
    shape: Value,
    kind: Value,
    fortran: bool,
    data: Value,
) -> Result<Array, &'static str> {
    let Value::Dtype(kind) = kind else {
        return Err("an array has no dtype");
    };
    let lengths = heap
        .items(shape)
        .ok_or("an array's shape is not a tuple")?
        .iter();
    let length = |value: &Value| match value {
        Value::Int(n) => u64::try_from(*n).ok(),
        _ => None,
    };
    let shape = lengths
        .map(length)
        .collect::<Option<_>>()
        .ok_or("an array's shape is not made of lengths")?;
    if !matches!(data, Value::Blob(_) | Value::Bytes(_)) {
        return Err("an array's data is not bytes");
    }
    Ok(Array {
        shape,
        is_u8: kind == Dtype::U8,
        fortran,
        data: Some(data),
    })
}

fn dtype(heap: &Heap, name: Value) -> Option<Dtype> {
    let name = heap.bytes(name)?;
    Some(if matches!(name, b"u1" | b"|u1") {
        Dtype::U8
    } else {
        Dtype::Other
    })
}

fn encode(heap: &mut Heap, text_limit: usize, text: Value) -> Result<Value, &'static str> {
    if let Value::Blob(_) = text {
        return Ok(text); // the reader transcoded it on the way to the sink
    }
    let chars = heap.str(text).ok_or("encode is given no text")?.chars();
    let bytes: Vec<u8> = chars
        .map(u8::try_from)
        .collect::<Result<_, _>>()
        .map_err(|_| "a text is not Latin-1")?;
    let span = heap
        .keep(text_limit, |to| to.extend_from_slice(&bytes))
        .ok_or("more text than the limit")?;
    Ok(Value::Bytes(span))
}
