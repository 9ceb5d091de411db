//! Stages CIFAR-100 classes as SageMaker image classification data sets.
