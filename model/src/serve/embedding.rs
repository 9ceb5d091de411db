//! Finds the embedding of an image in a classifier: the input of the last linear layer.

use crate::proto::NodeProto;
use prost::Message;

/// A model without its weights, which reading for names need not copy.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Nodes {
    #[prost(message, optional, tag = "7")]
    graph: Option<Graph>,
}

#[derive(Clone, PartialEq, Message)]
struct Graph {
    #[prost(message, repeated, tag = "1")]
    node: Vec<NodeProto>,
}

impl Nodes {
    /// The name of the value that goes into the last `Gemm` or `MatMul`, as the first of its
    /// operands.
    ///
    /// # Errors
    /// There is no such node.
    pub(super) fn embedding(self) -> Result<String, String> {
        let nodes = self.graph.unwrap_or_default().node;
        // ONNX has the nodes in an order in which each comes after those whose values it takes.
        let linear = nodes
            .iter()
            .rfind(|node| matches!(node.op_type.as_str(), "Gemm" | "MatMul"));
        let input = linear.and_then(|node| node.input.first().cloned());
        input.ok_or_else(|| {
            "the model has no embedding: it does not end in a linear layer (Gemm or MatMul)"
                .to_owned()
        })
    }
}
