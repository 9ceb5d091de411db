//! `weights.safetensors`: every parameter and running statistic of the network as it trains, batch
//! norm unfolded.
//!
//! Filters are `[row, column, input, output]`, matrices `[input, output]`, values little-endian
//! `f32`.

use crate::network::{Network, SIDE};
use crate::tensors;

/// The network's tensors as the bytes of a safetensors file.
pub(super) fn encode(network: &Network) -> Vec<u8> {
    tensors::encode(network.tensors(), None)
}

/// Returns the network of these widths and as many classes whose tensors are in the file.
pub(super) fn network(bytes: &[u8], widths: &[usize], classes: usize) -> Result<Network, String> {
    let file = tensors::open(bytes)?;
    let mut inputs = 3;
    // Before there is a network of that size: the widths may be anything.
    for (index, width) in widths.iter().enumerate() {
        let name = format!("conv{index}.weight");
        tensors::values(&file, &name, &[SIDE, SIDE, inputs, *width])?;
        inputs = *width;
    }
    tensors::values(&file, "linear0.weight", &[inputs, classes])?;
    let mut network = Network::new(widths, classes, 0);
    decode(bytes, &mut network)?;
    Ok(network)
}

/// Replaces all tensors of `network` by those of the file, which must have the same names and
/// shapes.
pub(super) fn decode(bytes: &[u8], network: &mut Network) -> Result<(), String> {
    let file = tensors::open(bytes)?;
    let wanted: Vec<(String, Vec<usize>)> = network
        .tensors()
        .into_iter()
        .map(|(name, shape, _)| (name, shape))
        .collect();
    let loaded: Vec<Vec<f32>> = wanted
        .iter()
        .map(|(name, shape)| tensors::values(&file, name, shape))
        .collect::<Result<_, _>>()?;
    if let Some(name) = file
        .names()
        .iter()
        .find(|name| !wanted.iter().any(|(wanted, _)| wanted == *name))
    {
        return Err(format!(
            "tensor {name} has no place in this network: it was trained with other widths"
        ));
    }
    network
        .values_mut()
        .into_iter()
        .zip(loaded)
        .for_each(|(values, loaded)| *values = loaded);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(network: &Network) -> Vec<Vec<f32>> {
        network
            .tensors()
            .into_iter()
            .map(|(_, _, values)| values.to_vec())
            .collect()
    }

    fn check_error(bytes: &[u8], widths: &[usize], expected: &str) {
        let mut network = Network::new(widths, 2, 1);
        let before = values(&network);
        let error = decode(bytes, &mut network).unwrap_err();
        assert!(error.contains(expected), "{error}");
        assert_eq!(
            values(&network),
            before,
            "a file that doesn't fit must change nothing"
        );
    }

    #[test]
    fn weights_survive_a_round_trip() {
        let trained = Network::new(&[4, 5], 2, 1);
        let mut other = Network::new(&[4, 5], 2, 2);
        assert_ne!(values(&trained), values(&other));
        decode(&encode(&trained), &mut other).unwrap();
        assert_eq!(values(&trained), values(&other));
    }

    #[test]
    fn a_network_is_read_without_room_for_more_than_the_file_has() {
        let trained = Network::new(&[4, 5], 2, 1);
        let bytes = encode(&trained);
        let read = network(&bytes, &[4, 5], 2).unwrap();
        assert_eq!(values(&read), values(&trained));
        for (widths, classes) in [(&[4, 1 << 40][..], 2), (&[4, 5], 1 << 40), (&[4; 3], 2)] {
            let error = network(&bytes, widths, classes).unwrap_err();
            assert!(error.starts_with("tensor "), "{error}");
        }
    }

    #[test]
    fn weights_of_another_network_are_refused_by_name() {
        let bytes = encode(&Network::new(&[4, 5], 2, 1));
        check_error(
            &bytes,
            &[4, 6],
            "tensor conv1.weight is F32 [3, 3, 4, 5]; this network needs F32 [3, 3, 4, 6]",
        );
        check_error(&bytes, &[4, 5, 5], "tensor conv2.weight is missing");
        check_error(
            &encode(&Network::new(&[4, 5, 5], 2, 1)),
            &[4, 5],
            "has no place in this network",
        );
        check_error(
            b"PK\x03\x04 something else",
            &[4, 5],
            "not a safetensors file",
        );
    }
}
