//! The Lambda functions of the image classification workflow.
