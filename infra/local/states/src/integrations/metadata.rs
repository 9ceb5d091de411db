//! The response metadata of a service call, as the SDK that Step Functions uses shows it.

use serde_json::{Value, json};

/// Adds `SdkHttpMetadata` and `SdkResponseMetadata` to a response.
pub(super) fn add(response: &mut Value, status: u16, request_id: &str, headers: &[(&str, &str)]) {
    let all: Value = headers
        .iter()
        .map(|(name, value)| (*name, json!([value])))
        .collect();
    let single: Value = headers
        .iter()
        .map(|(name, value)| (*name, json!(value)))
        .collect();
    response["SdkHttpMetadata"] = json!({
        "AllHttpHeaders": all, "HttpHeaders": single, "HttpStatusCode": status,
    });
    response["SdkResponseMetadata"] = json!({ "RequestId": request_id });
}

/// The value of a `Date` header, now.
pub(super) fn date() -> String {
    jiff::Timestamp::now()
        .strftime("%a, %d %b %Y %H:%M:%S GMT")
        .to_string()
}
