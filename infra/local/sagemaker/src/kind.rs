//! The kinds of SageMaker's resources.

/// A kind of resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    TrainingJob,
    Model,
    EndpointConfig,
    Endpoint,
    TransformJob,
    ModelPackageGroup,
    ModelPackage,
}

impl Kind {
    /// Returns the kind as ARNs have it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::TrainingJob => "training-job",
            Self::Model => "model",
            Self::EndpointConfig => "endpoint-config",
            Self::Endpoint => "endpoint",
            Self::TransformJob => "transform-job",
            Self::ModelPackageGroup => "model-package-group",
            Self::ModelPackage => "model-package",
        }
    }

    /// Returns the kind of that name in ARNs.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let all = [
            Self::TrainingJob,
            Self::Model,
            Self::EndpointConfig,
            Self::Endpoint,
            Self::TransformJob,
            Self::ModelPackageGroup,
            Self::ModelPackage,
        ];
        all.into_iter().find(|kind| kind.as_str() == text)
    }
}
