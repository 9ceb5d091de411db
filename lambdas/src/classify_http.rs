//! classify-http: what the image of an HTTP request shows, for API Gateway's Lambda proxy
//! integration.
//!
//! The image goes the way of an upload (fitted, scored, judged) in one invocation, so the answer is
//! the one that the workflow gives. Whatever is wrong is an answer too, with a status that says
//! whose fault it is: a proxy integration has no other way to tell its caller than the answer
//! itself. Source:
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html>

mod response;
#[cfg(test)]
mod tests;

use aws_lambda_events::event::apigw::{ApiGatewayProxyRequest, ApiGatewayProxyResponse};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use evaluation::Threshold;
use serde_json::{Value, json};

use crate::classify::ClassifyImage;
use crate::diagnostic::function_error;
use crate::environment::{self, Environment};
use crate::event::Object;
use crate::filter::FilterInferences;
use crate::fitter::Fitter;
use crate::runtime::Handler;

use response::ErrorResponse;

/// The most bytes of an image. Lambda takes events of 6 MiB, and API Gateway sends bytes as base64.
pub const MAX_BYTES: usize = 4 << 20;

/// The function.
#[derive(Clone, Debug)]
pub struct ClassifyHttp {
    fitter: Fitter,
    classify: ClassifyImage,
    filter: FilterInferences,
}

/// An error of classify-http. The variant's name is what Lambda reports.
#[derive(Debug, thiserror::Error, strum::IntoStaticStr, strum::VariantNames)]
pub enum Error {
    /// The event is not one of API Gateway.
    #[error(
        "the event is not a request as API Gateway's Lambda proxy integration sends it (payload \
         format 1.0): {0}"
    )]
    InvalidEvent(serde_json::Error),
}

function_error!(Error, retryable: []);

impl Handler for ClassifyHttp {
    const NAME: &'static str = "classify-http";
    type Output = ApiGatewayProxyResponse;
    type Error = Error;

    async fn start(environment: &Environment) -> Result<Self, environment::Error> {
        Ok(Self {
            fitter: Fitter::new(environment.image_shape()?),
            classify: ClassifyImage::start(environment).await?,
            filter: FilterInferences::start(environment).await?,
        })
    }

    async fn handle(&self, event: Value) -> Result<ApiGatewayProxyResponse, Error> {
        let request: ApiGatewayProxyRequest =
            serde_json::from_value(event).map_err(Error::InvalidEvent)?;
        let id = request.request_context.request_id.clone();
        let id = id.unwrap_or_default();
        Ok(match self.classify_request(request, &id).await {
            Ok(object) => {
                tracing::info!(
                    label = object.label,
                    confidence = object.confidence,
                    "classified"
                );
                response::of_object(&object)
            }
            Err(error) => {
                let (error_type, status) = (error.error, error.status.as_u16());
                tracing::warn!(error_type, status, error_message = error.cause, "refused");
                response::of_error(error, &id)
            }
        })
    }
}

impl ClassifyHttp {
    /// The function over a classifier of its own, for images of `shape`.
    pub fn new(shape: fit_image::Shape, classify: ClassifyImage, threshold: Threshold) -> Self {
        Self {
            fitter: Fitter::new(shape),
            classify,
            filter: FilterInferences::new(threshold),
        }
    }

    async fn classify_request(
        &self,
        request: ApiGatewayProxyRequest,
        id: &str,
    ) -> Result<Object, ErrorResponse> {
        let bytes = image(request)?;
        let fitted = self.fitter.fit(bytes).await?;
        let object = Object {
            image_data: STANDARD.encode(&fitted.png),
            inferences: json!([]),
            ..Object::default()
        };
        // A request is to a prediction what an execution is: its name for data capture comes from
        // it.
        let execution = (!id.is_empty()).then_some(id);
        let object = self.classify.classify(object, execution).await?;
        Ok(self.filter.judge(object)?)
    }
}

/// The bytes of the request's body.
fn image(request: ApiGatewayProxyRequest) -> Result<Vec<u8>, ErrorResponse> {
    let content_type = request.headers.get(http::header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    if content_type.is_some_and(|value| value.starts_with("multipart/")) {
        return Err(ErrorResponse::multipart());
    }
    let body = request.body.unwrap_or_default();
    let bytes = if request.is_base64_encoded {
        STANDARD
            .decode(body)
            .map_err(|_| ErrorResponse::not_base64())?
    } else {
        body.into_bytes()
    };
    match bytes.len() {
        0 => Err(ErrorResponse::empty()),
        1..=MAX_BYTES => Ok(bytes),
        bytes => Err(ErrorResponse::too_large(bytes)),
    }
}
