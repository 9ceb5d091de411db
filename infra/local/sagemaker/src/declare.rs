//! The template's endpoints, as rows of the store: from then on they are endpoints like all others.
//!
//! A restart does what CloudFormation would do. A template that is the same as before
//! changes nothing, so an endpoint keeps the configuration that UpdateEndpoint gave it. A template
//! that says something new of the endpoint, its configuration or its models wins. What the template
//! no longer has is deleted; what DeleteEndpoint took is back.

use rusqlite::Connection;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::capture::Settings;
use crate::container::{Container, primary};
use crate::deployment::{Deployment, Variant};
use crate::endpoint::Record;
use crate::error::ApiError;
use crate::kind::Kind;
use crate::store::{self, Resource};
use sam_template as template;

/// Brings the store to what the template says.
pub(super) fn declare(db: &Connection, endpoints: &[template::Endpoint]) -> Result<(), ApiError> {
    let rows: Vec<Resource> = endpoints
        .iter()
        .map(rows)
        .collect::<Result<Vec<_>, _>>()?
        .concat();
    for kind in [Kind::Endpoint, Kind::EndpointConfig, Kind::Model] {
        let gone = |there: &Resource| {
            let declared = |row: &Resource| (row.kind, &row.name) == (there.kind, &there.name);
            is_declared(there) && !rows.iter().any(declared)
        };
        for there in store::all(db, kind)?.iter().filter(|there| gone(there)) {
            store::remove(db, kind, &there.name)?;
        }
    }
    for row in &rows {
        put(db, row)?;
    }
    Ok(())
}

const ORIGIN: &str = "template:";

fn is_declared(row: &Resource) -> bool {
    let origin = row.origin.as_deref();
    origin.is_some_and(|origin| origin.starts_with(ORIGIN))
}

/// Adds the row, or gives the one that is there what the template says anew.
fn put(db: &Connection, row: &Resource) -> Result<(), ApiError> {
    if store::insert(db, row)? {
        return Ok(());
    }
    let Some(there) = store::get(db, row.kind, &row.name)? else {
        return Ok(());
    };
    if there.origin == row.origin {
        return Ok(());
    }
    let mut next = Resource {
        created: there.created,
        ..row.clone()
    };
    if row.kind == Kind::Endpoint {
        // What serves goes on until the new deployment does.
        let old: Record = there.read_state()?;
        let new: Record = row.read_state()?;
        next.status = match old.serving {
            Some(_) => "Updating".to_owned(),
            None => row.status.clone(),
        };
        next.write_state(&Record {
            serving: old.serving,
            ..new
        })?;
    }
    Ok(store::update(db, &next)?)
}

/// The endpoint, its configuration and its models.
fn rows(endpoint: &template::Endpoint) -> Result<Vec<Resource>, ApiError> {
    let mut rows: Vec<Resource> = endpoint
        .variants
        .iter()
        .map(|variant| row(Kind::Model, &variant.model_name, model(variant)))
        .collect();
    let config = row(
        Kind::EndpointConfig,
        &endpoint.config_name,
        config(endpoint),
    );
    let pending = deployment(endpoint, &config)?;
    rows.push(config);
    let request = json!({
        "EndpointName": endpoint.name,
        "EndpointConfigName": endpoint.config_name,
    });
    let mut own = row(Kind::Endpoint, &endpoint.name, request);
    own.status = "Creating".to_owned();
    own.write_state(&Record {
        pending: Some(pending),
        ..Record::default()
    })?;
    // Its models and configuration are part of what the template says of it.
    own.origin = Some(origin(&own.state));
    rows.push(own);
    Ok(rows)
}

fn row(kind: Kind, name: &str, request: Value) -> Resource {
    let origin = origin(&request);
    Resource {
        origin: Some(origin),
        ..Resource::new(kind, name, request)
    }
}

fn origin(said: &Value) -> String {
    let digest = Sha256::digest(said.to_string());
    format!("{ORIGIN}{}", hex::encode(&digest[..16]))
}

fn model(variant: &template::Variant) -> Value {
    let environment: Map<String, Value> = variant
        .environment
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect();
    json!({
        "ModelName": variant.model_name,
        "PrimaryContainer": {
            "Image": variant.image,
            "ModelDataUrl": variant.model_data_url,
            "Environment": environment,
        },
    })
}

fn config(endpoint: &template::Endpoint) -> Value {
    let variants = endpoint.variants.iter().map(|variant| {
        json!({
            "VariantName": variant.name,
            "ModelName": variant.model_name,
            "InitialInstanceCount": variant.instance_count,
            "InstanceType": variant.instance_type,
            "InitialVariantWeight": variant.weight,
        })
    });
    let mut config = json!({
        "EndpointConfigName": endpoint.config_name,
        "ProductionVariants": variants.collect::<Vec<_>>(),
    });
    if let Some(capture) = &endpoint.capture {
        config["DataCaptureConfig"] = data_capture(capture);
    }
    config
}

fn data_capture(capture: &template::DataCapture) -> Value {
    let modes = [("Input", capture.input), ("Output", capture.output)];
    let modes = modes.iter().filter(|(_, captured)| *captured);
    let options: Vec<Value> = modes
        .map(|(mode, _)| json!({ "CaptureMode": mode }))
        .collect();
    json!({
        "EnableCapture": true,
        "InitialSamplingPercentage": capture.sampling_percent,
        "DestinationS3Uri": capture.destination_s3_uri,
        "CaptureOptions": options,
        "CaptureContentTypeHeader": {
            "JsonContentTypes": capture.json_content_types,
            "CsvContentTypes": capture.csv_content_types,
        },
    })
}

fn deployment(endpoint: &template::Endpoint, config: &Resource) -> Result<Deployment, ApiError> {
    let capture = Settings::of_config(&config.request).map_err(ApiError::Validation)?;
    let variants = endpoint.variants.iter().map(|variant| Variant {
        name: variant.name.clone(),
        weight: variant.weight,
        instances: variant.instance_count,
        containers: vec![Container {
            image: variant.image.clone(),
            model_data_url: Some(variant.model_data_url.clone()),
            environment: variant.environment.clone(),
            hostname: primary(),
            multi_model: false,
        }],
        direct: false,
    });
    Ok(Deployment {
        config: endpoint.config_name.clone(),
        variants: variants.collect(),
        capture,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::endpoint::Serving;
    use crate::store::Store;

    fn endpoint(image: &str) -> template::Endpoint {
        template::Endpoint {
            logical_id: "Endpoint".into(),
            name: "e".into(),
            config_name: "Config".into(),
            variants: vec![template::Variant {
                name: "v".into(),
                weight: 1.0,
                instance_count: 1,
                instance_type: "ml.t2.medium".into(),
                model_name: "Model".into(),
                image: image.into(),
                model_data_url: "s3://b/k".into(),
                environment: BTreeMap::new(),
            }],
            capture: None,
        }
    }

    fn record(store: &Store) -> Option<(String, Record)> {
        let row = store
            .now(|db| Ok(store::get(db, Kind::Endpoint, "e")?))
            .unwrap()?;
        Some((row.status.clone(), row.read_state().unwrap()))
    }

    /// Changes the endpoint as UpdateEndpoint does.
    fn update_by_hand(store: &Store) {
        let updated = store.now(|db| {
            let mut row = store::get(db, Kind::Endpoint, "e")?.unwrap();
            let mut other: Record = row.read_state()?;
            let mut deployment = other.pending.take().unwrap();
            deployment.config = "Other".into();
            other.serving = Some(Serving {
                deployment,
                models: vec![],
                since: row.created,
            });
            row.status = "InService".into();
            row.write_state(&other)?;
            Ok(store::update(db, &row)?)
        });
        updated.unwrap();
    }

    #[test]
    fn the_same_template_reverts_nothing_and_another_wins() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("sagemaker.db")).unwrap();
        let apply = |endpoints: &[template::Endpoint]| {
            store.now(|db| declare(db, endpoints)).unwrap();
            record(&store)
        };
        let (status, first) = apply(&[endpoint("one")]).unwrap();
        assert_eq!((status.as_str(), &first.serving), ("Creating", &None));
        update_by_hand(&store);
        let (status, kept) = apply(&[endpoint("one")]).unwrap();
        assert_eq!((status.as_str(), &kept.pending), ("InService", &None));
        assert_eq!(kept.serving.as_ref().unwrap().deployment.config, "Other");
        let (status, next) = apply(&[endpoint("two")]).unwrap();
        assert_eq!(
            (status.as_str(), &next.serving),
            ("Updating", &kept.serving)
        );
        assert_eq!(next.pending.unwrap().variants[0].containers[0].image, "two");
        assert_eq!(apply(&[]), None);
        let models = store.now(|db| Ok(store::all(db, Kind::Model)?)).unwrap();
        assert_eq!(models, []);
    }
}
