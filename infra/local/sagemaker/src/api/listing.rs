//! Filters, order and pages of the list operations.

use jiff::Timestamp;
use serde_json::{Value, json};
use service::protocol::page_token;

use super::check::{ANY, Member, Shape, may};
use super::{ApiResult, Call, Members};
use crate::context::Inner;
use crate::error::ApiError;
use crate::kind::Kind;
use crate::store::{Filter, Order, Query, Resource, Sort};

/// AWS's page where the caller does not say.
const PAGE: i64 = 10;

/// The members of a list operation of a kind that has `statuses`.
pub(super) const fn members(
    sorts: &'static [&'static str],
    statuses: &'static [&'static str],
) -> [Member; 10] {
    [
        may("NextToken", Shape::Text(ANY, 0, 8192)),
        may("MaxResults", Shape::Count(1, 100)),
        may("NameContains", Shape::Text("[a-zA-Z0-9\\-]+", 0, 63)),
        may("StatusEquals", Shape::Choice(statuses)),
        may("SortBy", Shape::Choice(sorts)),
        may("SortOrder", Shape::Choice(&["Ascending", "Descending"])),
        may("CreationTimeAfter", Shape::Time),
        may("CreationTimeBefore", Shape::Time),
        may("LastModifiedTimeAfter", Shape::Time),
        may("LastModifiedTimeBefore", Shape::Time),
    ]
}

/// Answers a list operation: `member` holds what `show` makes of each resource.
pub(super) async fn list(
    inner: &Inner,
    call: &Call,
    (kind, usual): (Kind, Order),
    member: &str,
    show: impl Fn(&Resource) -> ApiResult,
) -> ApiResult {
    let filter = Filter {
        status: call.request["StatusEquals"].as_str().map(str::to_owned),
        ..Filter::default()
    };
    list_filtered(inner, call, (kind, usual, filter), member, show).await
}

/// Answers a list operation that has filters of its own.
pub(super) async fn list_filtered(
    inner: &Inner,
    call: &Call,
    (kind, usual, filter): (Kind, Order, Filter),
    member: &str,
    show: impl Fn(&Resource) -> ApiResult,
) -> ApiResult {
    let query = query(call, kind, usual, filter)?;
    let (sort, order) = (query.sort, query.order);
    let (rows, more) = inner.store.page(query).await?;
    let shown: Vec<Value> = rows.iter().map(show).collect::<Result<_, _>>()?;
    let last = rows.last().filter(|_| more);
    let token = last.map(|last| token(sort, order, &(sort.key(last), last.name.clone())));
    Ok(Members::default()
        .put(member, shown)
        .put_some("NextToken", token)
        .done())
}

fn query(call: &Call, kind: Kind, usual: Order, filter: Filter) -> Result<Query, ApiError> {
    let request = &call.request;
    let sort = match request["SortBy"].as_str() {
        Some("Name") => Sort::Name,
        Some("Status") => Sort::Status,
        _ => Sort::CreationTime,
    };
    let order = match request["SortOrder"].as_str() {
        Some("Ascending") => Order::Ascending,
        Some("Descending") => Order::Descending,
        _ => usual,
    };
    let after = match request["NextToken"].as_str() {
        Some(text) => Some(read_token(text, sort, order)?),
        None => None,
    };
    let limit = request["MaxResults"].as_i64().unwrap_or(PAGE);
    let between = |name: &str| {
        let time = |end: &str| millisecond(&request[format!("{name}{end}")]);
        (
            time("After").unwrap_or(i64::MIN),
            time("Before").unwrap_or(i64::MAX),
        )
    };
    Ok(Query {
        kind,
        sort,
        order,
        after,
        limit: usize::try_from(limit).unwrap_or_default(),
        contains: call.text("NameContains").to_owned(),
        filter,
        created: between("CreationTime"),
        modified: between("LastModifiedTime"),
    })
}

/// Seconds since 1970, or a text of Step Functions'.
fn millisecond(time: &Value) -> Option<i64> {
    match time {
        Value::String(text) => Some(text.parse::<Timestamp>().ok()?.as_millisecond()),
        other => Some((other.as_f64()? * 1000.0) as i64),
    }
}

/// Returns the token of the page after the row with this key and name.
fn token(sort: Sort, order: Order, last: &(String, String)) -> String {
    page_token::write(&format!("{sort:?} {order:?}"), &json!(last).to_string())
}

/// Returns the key and the name in a token that was written for the same order.
fn read_token(token: &str, sort: Sort, order: Order) -> Result<(String, String), ApiError> {
    let position = page_token::read(&format!("{sort:?} {order:?}"), token);
    let last = position.and_then(|position| serde_json::from_str(&position).ok());
    last.ok_or_else(|| ApiError::Validation("Invalid NextToken".to_owned()))
}
