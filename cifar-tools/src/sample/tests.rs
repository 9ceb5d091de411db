//! Tests of properties that every synthetic sample has, whatever its drawings look like.

use super::*;

fn bytes(seed: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    archive(
        &mut bytes,
        Sizes {
            seed,
            train: 4,
            test: 2,
        },
    )
    .unwrap();
    bytes
}

#[test]
fn a_seed_gives_the_same_bytes() {
    assert_eq!(bytes(7), bytes(7));
    assert_ne!(bytes(7), bytes(8));
}

#[test]
fn the_splits_have_different_drawings() {
    let mut rng = [Rng::new(1, 0), Rng::new(1, 1)];
    let [train, test] = rng.each_mut().map(bicycle::draw);
    assert_ne!(train, test);
}

#[test]
fn rows_of_a_class_are_spread_out() {
    let rows = rows(&mut Rng::new(1, 0), Split::Train, 100);
    assert_eq!(rows.len(), 250);
    let places: Vec<usize> = (0..rows.len())
        .filter(|at| rows[*at].0.label == 8)
        .collect();
    assert_eq!(places.len(), 100);
    assert!(
        places.iter().filter(|at| **at < 125).count() > 30,
        "{places:?}"
    );
    assert!(
        places.iter().filter(|at| **at >= 125).count() > 30,
        "{places:?}"
    );
}

#[test]
fn the_test_set_has_the_image_that_the_payloads_name() {
    let rows = rows(&mut Rng::new(1, 1), Split::Test, 3);
    assert!(rows.iter().any(|(_, name)| name == "bicycle_s_000513.png"));
}

#[test]
fn no_drawing_is_flat() {
    let mut rng = Rng::new(5, 0);
    for kind in [BICYCLE, MOTORCYCLE].into_iter().chain(other::KINDS) {
        for _ in 0..20 {
            let row = (kind.draw)(&mut rng);
            let (low, high) = (row.iter().min().unwrap(), row.iter().max().unwrap());
            assert!(high - low > 40, "label {}: {low} to {high}", kind.label);
        }
    }
}

#[test]
fn a_file_that_cannot_be_written_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("missing").join("a.tar.gz");
    assert!(write(&file, Sizes::default()).is_err());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}
