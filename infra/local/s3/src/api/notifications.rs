//! The notification configuration of buckets, from clients and from the template.

use s3s::dto::*;
use s3s::{S3Request, S3Response};

use crate::Store;
use crate::buckets::{self, Versioning};
use crate::database::Write;
use crate::error::Error;
use crate::events::{self, Rule};
use sam_template as template;

pub(super) async fn get_bucket_notification_configuration(
    store: &Store,
    request: S3Request<GetBucketNotificationConfigurationInput>,
) -> Result<S3Response<GetBucketNotificationConfigurationOutput>, Error> {
    let bucket = super::buckets::find(store, request.input.bucket).await?;
    let rules: Vec<_> = bucket.rules.into_iter().map(configuration).collect();
    Ok(S3Response::new(GetBucketNotificationConfigurationOutput {
        lambda_function_configurations: Some(rules).filter(|rules| !rules.is_empty()),
        ..Default::default()
    }))
}

pub(super) async fn put_bucket_notification_configuration(
    store: &Store,
    request: S3Request<PutBucketNotificationConfigurationInput>,
) -> Result<S3Response<PutBucketNotificationConfigurationOutput>, Error> {
    let input = request.input;
    let rules = rules(input.notification_configuration)?;
    if input.skip_destination_validation != Some(true) {
        require_functions(store, &rules)?;
    }
    let set = move |write: &mut Write| buckets::set_rules(write, &input.bucket, &rules);
    store.database.write(set).await?;
    Ok(S3Response::new(PutBucketNotificationConfigurationOutput {}))
}

/// Refuses functions that could not be notified.
fn require_functions(store: &Store, rules: &[Rule]) -> Result<(), Error> {
    let Some(functions) = store.functions.get() else {
        return Ok(());
    };
    let missing: Vec<&str> = rules
        .iter()
        .map(|rule| rule.function_arn.as_str())
        .filter(|arn| !functions.has_function(arn))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let error = Error::InvalidDestination;
    Err(missing.iter().zip(1..).fold(error, |error, (arn, number)| {
        error
            .with(&format!("ArgumentName{number}"), format!("{arn}, null"))
            .with(
                &format!("ArgumentValue{number}"),
                format!("Not authorized to invoke function [{arn}]"),
            )
    }))
}

fn rules(configuration: NotificationConfiguration) -> Result<Vec<Rule>, Error> {
    let others = configuration
        .queue_configurations
        .is_some_and(|list| !list.is_empty())
        || configuration
            .topic_configurations
            .is_some_and(|list| !list.is_empty())
        || configuration.event_bridge_configuration.is_some();
    if others {
        return Err(Error::NotImplemented(
            "Notifications to SQS, SNS and EventBridge are not implemented: only Lambda functions \
             can be notified",
        ));
    }
    let list = configuration.lambda_function_configurations;
    let rules: Vec<Rule> = list
        .unwrap_or_default()
        .into_iter()
        .map(rule)
        .collect::<Result<_, _>>()?;
    let ambiguous = rules
        .iter()
        .enumerate()
        .any(|(i, rule)| rules[..i].iter().any(|other| rule.overlaps(other)));
    if ambiguous {
        return Err(Error::InvalidArgument(
            "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules \
             if the prefixes are overlapping for the same event type."
                .into(),
        ));
    }
    Ok(rules)
}

fn rule(configuration: LambdaFunctionConfiguration) -> Result<Rule, Error> {
    let events: Vec<String> = configuration.events.into_iter().map(String::from).collect();
    if events.is_empty() || !events.iter().all(|event| events::is_known(event)) {
        return Err(Error::InvalidArgument(
            "A specified event is not supported for notifications.".into(),
        ));
    }
    if !configuration.lambda_function_arn.starts_with("arn:aws") {
        let arn = configuration.lambda_function_arn;
        return Err(Error::argument(
            "The ARN could not be parsed",
            "CloudFunction",
            arn,
        ));
    }
    let mut rule = Rule {
        id: configuration
            .id
            .unwrap_or_else(|| uuid::Uuid::new_v4().to_string()),
        events,
        function_arn: configuration.lambda_function_arn,
        prefix: String::new(),
        suffix: String::new(),
        declared: false,
    };
    let filter = configuration.filter.and_then(|filter| filter.key);
    for filter in filter.and_then(|key| key.filter_rules).unwrap_or_default() {
        let value = filter.value.unwrap_or_default();
        match filter
            .name
            .as_ref()
            .map(|name| name.as_str().to_ascii_lowercase())
            .as_deref()
        {
            Some("prefix") => rule.prefix = value,
            Some("suffix") => rule.suffix = value,
            _ => {
                let name = filter
                    .name
                    .map_or_else(String::new, |name| name.as_str().to_owned());
                return Err(Error::argument(
                    "filter rule name must be either prefix or suffix",
                    "FilterRule.Name",
                    name,
                ));
            }
        }
    }
    Ok(rule)
}

fn configuration(rule: Rule) -> LambdaFunctionConfiguration {
    let filter = |name: &'static str, value: String| FilterRule {
        name: Some(FilterRuleName::from_static(name)),
        value: Some(value),
    };
    let filters: Vec<FilterRule> = [("Prefix", rule.prefix), ("Suffix", rule.suffix)]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| filter(name, value))
        .collect();
    LambdaFunctionConfiguration {
        events: rule.events.into_iter().map(Event::from).collect(),
        filter: (!filters.is_empty()).then_some(NotificationConfigurationFilter {
            key: Some(S3KeyFilter {
                filter_rules: Some(filters),
            }),
        }),
        id: Some(rule.id),
        lambda_function_arn: rule.function_arn,
    }
}

/// Applies the template's notifications to a bucket. Rules of clients stay.
pub(crate) fn declare(
    write: &mut Write,
    wanted: &template::Bucket,
    region: &str,
) -> Result<(), Error> {
    if !s3s::path::check_bucket_name(&wanted.name) {
        return Err(Error::InvalidArgument(
            format!("The specified bucket is not valid: {}", wanted.name).into(),
        ));
    }
    buckets::create(write, &wanted.name, region)?;
    let mut rules = buckets::get(write.sql, &wanted.name)?.rules;
    rules.retain(|rule| !rule.declared);
    rules.extend(wanted.notifications.iter().map(|notification| Rule {
        id: notification.id.clone(),
        events: notification.events.clone(),
        function_arn: notification.function_arn.clone(),
        prefix: notification.prefix.clone(),
        suffix: notification.suffix.clone(),
        declared: true,
    }));
    buckets::set_rules(write, &wanted.name, &rules)?;
    if wanted.versioned {
        buckets::set_versioning(write, &wanted.name, Versioning::Enabled)?;
    }
    Ok(())
}
