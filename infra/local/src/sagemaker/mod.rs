//! Amazon SageMaker: endpoints, InvokeEndpoint and data capture in front of the model container.
