//! Lambda's API for SDK integrations: `arn:aws:states:::aws-sdk:lambda:invoke`.
//!
//! Unlike in the optimized integration, a function error does not fail the task, and payloads are
//! text.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::{Value, json};
use service::sdk::{Parameters, SdkError, SdkService, ServiceException, blob};
use service::{Invoke, InvokeError};

/// The API of Lambda, over whatever runs functions.
pub struct LambdaApi(pub Arc<dyn Invoke>);

#[async_trait]
impl SdkService for LambdaApi {
    async fn call(&self, operation: &str, parameters: &Value) -> Result<Value, SdkError> {
        if operation != "invoke" {
            return Err(SdkError::NoOperation);
        }
        let mut from = Parameters::new(parameters);
        let mut function = from.required("FunctionName");
        if let Some(qualifier) = from.text("Qualifier") {
            function = format!("{function}:{qualifier}");
        }
        let payload = from.value("Payload");
        let payload = payload.map_or_else(Bytes::new, |payload| blob(&payload).into());
        let kind = from.text("InvocationType");
        from.text("LogType");
        from.text("ClientContext");
        from.finish()?;
        if kind.as_deref() == Some("Event") {
            self.0.enqueue(&function, payload).await.map_err(refusal)?;
            return Ok(json!({ "Payload": "", "StatusCode": 202 }));
        }
        let done = self.0.invoke(&function, payload).await.map_err(refusal)?;
        let mut result = json!({ "ExecutedVersion": "$LATEST" });
        if let Some(error) = done.function_error {
            result["FunctionError"] = json!(error);
        }
        result["Payload"] = json!(String::from_utf8_lossy(&done.payload));
        result["StatusCode"] = json!(200);
        Ok(result)
    }
}

fn refusal(error: InvokeError) -> SdkError {
    SdkError::Exception(ServiceException {
        code: error.code.to_owned(),
        modeled: true,
        status: error.status,
        message: Some(error.message),
        request_id: uuid::Uuid::new_v4().to_string(),
        extended_request_id: None,
    })
}
