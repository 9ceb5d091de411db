//! The API on the wire: REST with JSON.
//!
//! <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_Operations.html>

use axum::body::Body;
use http::{Method, Request, Response, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};
use service::protocol::{self, Query, page_token};

use super::error::ApiError;
use super::plan::Plan;
use super::store::Schedule;
use super::{GROUP, Scheduler, now};

const MAX_REQUEST: usize = 1 << 20;

/// The maximum and default number of schedules in a page.
const PAGE: usize = 100;

/// The members of a request that are not part of the stored schedule.
const NOT_KEPT: [&str; 3] = ["ClientToken", "GroupName", "Name"];

type ApiResult = Result<Value, ApiError>;

pub(super) async fn handle(scheduler: &Scheduler, request: Request<Body>) -> Response<Body> {
    match route(scheduler, request).await {
        Ok(body) => protocol::respond(StatusCode::OK, protocol::REST_JSON, body.to_string()),
        Err(error) => {
            if let ApiError::Internal(error) = &error {
                tracing::error!(error, "EventBridge Scheduler failed");
            }
            error.into_response()
        }
    }
}

async fn route(scheduler: &Scheduler, request: Request<Body>) -> ApiResult {
    let (parts, body) = request.into_parts();
    let segments = protocol::segments(parts.uri.path());
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let query = Query(parts.uri.query().unwrap_or_default());
    match (&parts.method, &segments[..]) {
        (&Method::GET, ["schedules"]) => list(scheduler, query).await,
        (&Method::GET, ["schedules", name]) => {
            check_group(query.get("groupName").as_deref())?;
            get(scheduler, name).await
        }
        (&Method::DELETE, ["schedules", name]) => {
            check_group(query.get("groupName").as_deref())?;
            delete(scheduler, name).await
        }
        (method @ (&Method::POST | &Method::PUT), ["schedules", name]) => {
            check_name(name)?;
            let request = read(body).await?;
            let name = (*name).to_owned();
            match *method {
                Method::POST => create(scheduler, name, request).await,
                _ => update(scheduler, name, request).await,
            }
        }
        (method, _) => Err(ApiError::Unknown(format!("{method} {}", parts.uri.path()))),
    }
}

async fn read(body: Body) -> Result<Value, ApiError> {
    let body = protocol::read_body(body, MAX_REQUEST).await;
    let request = body.and_then(|body| protocol::parse_object(&body));
    let request = request.map_err(ApiError::Validation)?;
    check_group(request.get("GroupName").and_then(Value::as_str))?;
    let kept = request
        .into_iter()
        .filter(|(member, _)| !NOT_KEPT.contains(&&**member));
    Ok(kept.collect())
}

fn check_group(group: Option<&str>) -> Result<(), ApiError> {
    match group {
        None | Some(GROUP) => Ok(()),
        Some(group) => Err(ApiError::NoGroup(group.to_owned())),
    }
}

fn check_name(name: &str) -> Result<(), ApiError> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if (1..=64).contains(&name.len()) && name.chars().all(is_allowed) {
        return Ok(());
    }
    Err(ApiError::invalid(
        "name",
        "Member must satisfy regular expression pattern: [0-9a-zA-Z-_.]+ and have length from 1 \
         to 64",
    ))
}

async fn create(scheduler: &Scheduler, name: String, request: Value) -> ApiResult {
    let arn = scheduler.arn(&name);
    let plan = Plan::read(&request)?;
    scheduler
        .with(move |store| {
            if store.get(&name)?.is_some() {
                return Err(ApiError::Exists(name));
            }
            let now = now();
            store.put(&Schedule {
                name,
                request,
                declared: None,
                created: now,
                modified: now,
                due: plan.first(now),
                attempts: 0,
            })
        })
        .await?;
    scheduler.inner.changed.notify_one();
    Ok(json!({ "ScheduleArn": arn }))
}

/// Replaces the whole schedule, as on AWS: members that the request omits are removed.
async fn update(scheduler: &Scheduler, name: String, request: Value) -> ApiResult {
    let arn = scheduler.arn(&name);
    let plan = Plan::read(&request)?;
    scheduler
        .with(move |store| {
            let Some(old) = store.get(&name)? else {
                return Err(ApiError::NoSchedule(name));
            };
            let now = now();
            store.put(&Schedule {
                request,
                modified: now,
                due: plan.next(old.created, now),
                attempts: 0,
                ..old
            })
        })
        .await?;
    scheduler.inner.changed.notify_one();
    Ok(json!({ "ScheduleArn": arn }))
}

async fn delete(scheduler: &Scheduler, name: &str) -> ApiResult {
    let gone = name.to_owned();
    if scheduler.with(move |store| store.delete(&gone)).await? {
        Ok(json!({}))
    } else {
        Err(ApiError::NoSchedule(name.to_owned()))
    }
}

async fn get(scheduler: &Scheduler, name: &str) -> ApiResult {
    let wanted = name.to_owned();
    let found = scheduler.with(move |store| store.get(&wanted)).await?;
    let schedule = found.ok_or_else(|| ApiError::NoSchedule(name.to_owned()))?;
    let mut response = summary(scheduler, &schedule);
    let defaults = json!({"ActionAfterCompletion": "NONE", "ScheduleExpressionTimezone": "UTC"});
    for members in [&defaults, &schedule.request] {
        for (member, value) in members.as_object().into_iter().flatten() {
            response[member] = value.clone();
        }
    }
    for date in ["StartDate", "EndDate"] {
        if let Some(Ok(text)) = response[date].as_str().map(str::parse) {
            response[date] = seconds(text);
        }
    }
    let response = response
        .as_object_mut()
        .map(std::mem::take)
        .unwrap_or_default();
    Ok(response
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .collect())
}

/// Returns the members that lists and descriptions have in common.
fn summary(scheduler: &Scheduler, schedule: &Schedule) -> Value {
    let state = schedule.request["State"].as_str();
    json!({
        "Arn": scheduler.arn(&schedule.name),
        "CreationDate": seconds(schedule.created),
        "GroupName": GROUP,
        "LastModificationDate": seconds(schedule.modified),
        "Name": schedule.name,
        "State": state.unwrap_or("ENABLED"),
    })
}

fn seconds(time: Timestamp) -> Value {
    protocol::epoch_seconds(time.as_millisecond())
}

async fn list(scheduler: &Scheduler, query: Query<'_>) -> ApiResult {
    check_group(query.get("ScheduleGroup").as_deref())?;
    let max = match query.get("MaxResults") {
        None => PAGE,
        Some(text) => text
            .parse()
            .ok()
            .filter(|max| (1..=PAGE).contains(max))
            .ok_or_else(|| {
                ApiError::invalid("maxResults", "Member must be a number from 1 to 100")
            })?,
    };
    let prefix = query.get("NamePrefix").unwrap_or_default();
    let state = query.get("State");
    let listing = format!("{prefix}\n{state:?}");
    let after = match query.get("NextToken") {
        None => String::new(),
        Some(token) => page_token::read(&listing, &token)
            .ok_or_else(|| ApiError::Validation("Invalid NextToken".to_owned()))?,
    };
    let all = scheduler.with(move |store| store.all(&after)).await?;
    let matching = all
        .into_iter()
        .filter(|schedule| schedule.name.starts_with(&prefix));
    let mut found = matching
        .map(|schedule| {
            let mut row = summary(scheduler, &schedule);
            row["Target"] = json!({ "Arn": schedule.request["Target"]["Arn"] });
            row
        })
        .filter(|row| state.as_deref().is_none_or(|state| row["State"] == state));
    let page: Vec<Value> = found.by_ref().take(max).collect();
    let mut response = json!({ "Schedules": page });
    if found.next().is_some()
        && let Some(last) = page.last().and_then(|last| last["Name"].as_str())
    {
        response["NextToken"] = json!(page_token::write(&listing, last));
    }
    Ok(response)
}
