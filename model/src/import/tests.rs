//! Small graphs, each with one thing about it.

use super::*;
use crate::network::Network;
use crate::proto::{
    AttributeProto, AttributeType, DataLocation, DataType, Dimension, DimensionValue, GraphProto,
    ModelProto, NodeProto, OperatorSetIdProto, StringStringEntryProto, TensorProto,
    TensorShapeProto, TensorTypeProto, TypeProto, TypeValue, ValueInfoProto,
};
use prost::Message;

const NAMES: [&str; 3] = ["red", "green", "blue"];

fn value(name: &str, kind: DataType, dims: &[i64]) -> ValueInfoProto {
    let dim = dims.iter().map(|size| Dimension {
        // 0 stands for any size.
        value: Some(match size {
            0 => DimensionValue::Param("any".into()),
            size => DimensionValue::Size(*size),
        }),
    });
    let tensor = TensorTypeProto {
        elem_type: kind as i32,
        shape: Some(TensorShapeProto { dim: dim.collect() }),
    };
    ValueInfoProto {
        name: name.into(),
        r#type: Some(TypeProto {
            value: Some(TypeValue::Tensor(tensor)),
        }),
    }
}

fn node(kind: &str, inputs: &[&str], output: &str, axes: &[i64]) -> NodeProto {
    let attribute = AttributeProto {
        name: "axes".into(),
        r#type: AttributeType::Ints as i32,
        ints: axes.to_vec(),
        ..Default::default()
    };
    NodeProto {
        op_type: kind.into(),
        name: output.into(),
        input: inputs.iter().map(|input| (*input).into()).collect(),
        output: vec![output.into()],
        attribute: if axes.is_empty() {
            vec![]
        } else {
            vec![attribute]
        },
    }
}

/// The mean of each color, times 9 so that it looks like a logit; `then` follows.
fn means(input: ValueInfoProto, axes: &[i64], then: Option<&str>) -> ModelProto {
    let nine = TensorProto {
        name: "nine".into(),
        data_type: DataType::Float as i32,
        dims: vec![1],
        raw_data: 9.0f32.to_le_bytes().to_vec(),
        ..Default::default()
    };
    let mut nodes = vec![
        node("ReduceMean", &["picture"], "means", axes),
        node("Mul", &["means", "nine"], "scores", &[]),
    ];
    nodes.extend(then.map(|kind| node(kind, &["scores"], "end", &[])));
    let last = if then.is_some() { "end" } else { "scores" };
    ModelProto {
        ir_version: 8,
        opset_import: vec![OperatorSetIdProto {
            version: 13,
            ..Default::default()
        }],
        graph: Some(GraphProto {
            name: "means".into(),
            node: nodes,
            initializer: vec![nine],
            input: vec![input],
            output: vec![value(last, DataType::Float, &[0, 3])],
        }),
        ..Default::default()
    }
}

fn float_picture(dims: &[i64]) -> ValueInfoProto {
    value("picture", DataType::Float, dims)
}

fn import_with(
    folder: &Path,
    model: &ModelProto,
    labels: &[&str],
    shape: Option<Shape>,
    picture: Option<&[u8]>,
) -> Result<Imported, ImportError> {
    let path = folder.join("model.onnx");
    fs::write(&path, model.encode_to_vec()).unwrap();
    let labels: Vec<String> = labels.iter().map(|label| (*label).into()).collect();
    let request = Request {
        model: &path,
        labels: &labels,
        normalization: "unit".parse().unwrap(),
        shape,
        picture,
    };
    import(&request, &folder.join("model.tar.gz"))
}

/// A PNG of one color, 4 pixels high and 6 wide.
fn plain(rgb: [u8; 3]) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(6, 4, image::Rgb(rgb))
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

/// Imports, unpacks and serves a model: its scores for a reddish picture.
fn served(model: &ModelProto, shape: Option<Shape>) -> (Imported, Vec<f32>) {
    let folder = tempfile::tempdir().unwrap();
    let picture = plain([255, 51, 0]);
    let imported = import_with(folder.path(), model, &NAMES, shape, Some(&picture)).unwrap();
    let unpacked = folder.path().join("unpacked");
    artifact::unpack(&folder.path().join("model.tar.gz"), &unpacked).unwrap();
    let scores = Predictor::load(&unpacked)
        .unwrap()
        .predict(&picture)
        .unwrap();
    assert_eq!(scores, imported.scores);
    (imported, scores)
}

fn check_scores(scores: &[f32], expected: [f32; 3]) {
    let gaps = scores.iter().zip(expected).map(|(a, b)| (a - b).abs());
    assert!(gaps.fold(0.0, f32::max) < 1e-5, "{scores:?}");
}

/// The softmax of 9, 1.8, 0.
const SOFTMAX: [f32; 3] = [0.999_131, 0.000_745_86, 0.000_123_29];

#[test]
fn logits_get_a_softmax() {
    for dims in [[1, 3, 4, 6], [0, 3, 4, 6], [8, 3, 4, 6]] {
        let mut model = means(float_picture(&dims), &[2, 3], Some("Flatten"));
        let (imported, scores) = served(&model, None);
        assert!(imported.added_softmax && !imported.added_transpose);
        assert_eq!(imported.config.input.shape.to_string(), "3,4,6");
        check_scores(&scores, SOFTMAX);
        // The same as [N, 3, 1, 1].
        if let Some(graph) = &mut model.graph {
            graph.node.truncate(2);
            graph.output = vec![value("scores", DataType::Float, &[0, 3, 1, 1])];
        }
        check_scores(&served(&model, None).1, SOFTMAX);
    }
}

#[test]
fn probabilities_stay_as_they_are() {
    let mut model = means(float_picture(&[0, 3, 4, 6]), &[2, 3], Some("Flatten"));
    let graph = model.graph.as_mut().unwrap();
    graph
        .node
        .push(node("Softmax", &["end"], "probabilities", &[]));
    graph.output[0].name = "probabilities".into();
    let (imported, scores) = served(&model, None);
    assert!(!imported.added_softmax);
    check_scores(&scores, SOFTMAX);
}

#[test]
fn colors_may_come_last_and_sizes_be_open() {
    let model = means(float_picture(&[0, 0, 0, 3]), &[1, 2], Some("Flatten"));
    let (imported, scores) = served(&model, Shape::new(4, 6).ok());
    assert!(imported.added_transpose);
    assert_eq!(imported.config.input.shape.to_string(), "3,4,6");
    check_scores(&scores, SOFTMAX);
}

#[test]
fn what_was_trained_here_can_be_imported() {
    let folder = tempfile::tempdir().unwrap();
    let input = Input {
        shape: Shape::new(16, 16).unwrap(),
        mean: [0.5; 3],
        std: [0.25; 3],
    };
    let config = Config::new(input, vec!["a".into(), "b".into()], vec![4]);
    artifact::write(folder.path(), &config, &Network::new(&[4], 2, 1)).unwrap();
    let bytes = fs::read(folder.path().join(MODEL)).unwrap();
    let model = ModelProto::decode(&bytes[..]).unwrap();
    let imported = import_with(folder.path(), &model, &["a", "b"], None, None).unwrap();
    assert!(!imported.added_softmax && imported.latency > Duration::ZERO);
}

/// The model with its constant in a file of its own, at `location`.
fn with_weights_at(location: &str, offset: &str) -> ModelProto {
    let mut model = means(float_picture(&[0, 3, 4, 6]), &[2, 3], Some("Flatten"));
    let tensor = &mut model.graph.as_mut().unwrap().initializer[0];
    tensor.raw_data.clear();
    tensor.data_location = DataLocation::External as i32;
    let entries = [("location", location), ("offset", offset), ("length", "4")];
    tensor.external_data = entries
        .map(|(key, value)| StringStringEntryProto {
            key: key.into(),
            value: value.into(),
        })
        .to_vec();
    model
}

/// onnxruntime's rule for external data: https://github.com/microsoft/onnxruntime/pull/27374
#[test]
fn weights_are_not_taken_from_a_device_or_from_another_folder() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    fs::create_dir_all(place("snapshot")).unwrap();
    fs::create_dir_all(place("blobs")).unwrap();
    fs::write(place("blobs/data"), 9.0f32.to_le_bytes()).unwrap();
    let import = |location: &str, length: bool| {
        let mut model = with_weights_at(location, "0");
        if !length {
            let tensor = &mut model.graph.as_mut().unwrap().initializer[0];
            tensor.external_data.pop();
        }
        import_with(&place("snapshot"), &model, &NAMES, None, None)
            .map_err(|error| error.to_string())
    };
    symlink("/dev/zero", place("snapshot/zero")).unwrap();
    symlink("../blobs/data", place("snapshot/outside")).unwrap();
    for (location, expected) in [
        ("zero", "zero: not a file in the folder of the model"),
        ("outside", "outside: not a file in the folder of the model"),
        (".", ".: not a file in the folder of the model"),
    ] {
        for length in [true, false] {
            let error = import(location, length).unwrap_err();
            assert!(error.ends_with(expected), "{error}");
        }
    }
    fs::create_dir(place("snapshot/folder")).unwrap();
    let error = import("folder", true).unwrap_err();
    assert!(error.ends_with("folder: not a regular file"), "{error}");
    // As a cache has them: both are links, and lie side by side.
    let model = with_weights_at("outside", "0");
    fs::write(place("blobs/model"), model.encode_to_vec()).unwrap();
    fs::remove_file(place("snapshot/model.onnx")).unwrap();
    symlink("../blobs/model", place("snapshot/model.onnx")).unwrap();
    assert!(import("outside", true).is_ok());
}

#[test]
fn weights_in_files_of_their_own_are_taken_in() {
    let folder = tempfile::tempdir().unwrap();
    let data = [1.0f32, 9.0].map(f32::to_le_bytes).concat();
    fs::write(folder.path().join("model.onnx.data"), data).unwrap();
    let import = |location, offset| {
        let model = with_weights_at(location, offset);
        let picture = plain([255, 51, 0]);
        import_with(folder.path(), &model, &NAMES, None, Some(&picture))
    };
    check_scores(&import("model.onnx.data", "4").unwrap().scores, SOFTMAX);
    for (location, offset, expected) in [
        (
            "model.onnx.data",
            "5",
            "model.onnx.data: unexpected end of file",
        ),
        ("model.onnx.data", "x", "its offset is not a number"),
        ("missing", "0", "missing: No such file"),
        (
            "../model.onnx.data",
            "0",
            "not a file in the folder of the model",
        ),
    ] {
        let error = import(location, offset).unwrap_err().to_string();
        assert!(
            error.starts_with("the weights of tensor `nine`, "),
            "{error}"
        );
        assert!(error.contains(expected), "{error}");
    }
}

fn check_refused(model: &ModelProto, expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let error = import_with(folder.path(), model, &NAMES, None, None).unwrap_err();
    assert!(error.to_string().contains(expected), "{error}");
    assert!(!folder.path().join("model.tar.gz").exists());
}

#[test]
fn what_cannot_be_served_is_refused_with_its_reason() {
    let picture = || float_picture(&[0, 3, 4, 6]);
    check_refused(
        &means(picture(), &[2, 3], Some("Fancy")),
        "Fancy operator not supported",
    );
    check_refused(
        &means(
            value("picture", DataType::Uint8, &[0, 3, 4, 6]),
            &[2, 3],
            None,
        ),
        "the model's input: `picture` holds values of type Uint8; expected Float",
    );
    check_refused(
        &means(float_picture(&[0, 1, 28, 28]), &[2, 3], None),
        "its shape is [?, 1, 28, 28]; expected [N, 3, height, width] or",
    );
    check_refused(
        &means(float_picture(&[0, 3, 0, 0]), &[2, 3], None),
        "say which with --size HEIGHTxWIDTH",
    );
    check_refused(
        &means(picture(), &[3], None),
        "its shape for one picture is [1, 3, 4, 1], but there are 3 labels",
    );
    let mut sigmoid = means(picture(), &[2, 3], Some("Flatten"));
    let graph = sigmoid.graph.as_mut().unwrap();
    graph.node.push(node("Sigmoid", &["end"], "sigmoid", &[]));
    graph.output[0].name = "sigmoid".into();
    check_refused(&sigmoid, "the last operator is Sigmoid");

    let mut two = means(picture(), &[2, 3], Some("Flatten"));
    two.graph
        .as_mut()
        .unwrap()
        .input
        .push(value("mask", DataType::Float, &[1]));
    check_refused(&two, "expected one picture; there are 2: `picture`, `mask`");
    check_refused(&ModelProto::default(), "there is no graph");

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("text");
    fs::write(&path, "this is no model").unwrap();
    let request = Request {
        model: &path,
        labels: &["a".into(), "b".into()],
        normalization: "unit".parse().unwrap(),
        shape: None,
        picture: None,
    };
    let error = import(&request, &folder.path().join("out")).unwrap_err();
    assert!(
        error.to_string().starts_with("this is not an ONNX file"),
        "{error}"
    );
}
