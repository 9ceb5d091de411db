//! An in-memory bucket behind the real SDK, and synthetic traffic.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_http_client::test_util::infallible_client_fn;

use s3_objects::Bucket;

/// Objects by key, with a log of the requests for them.
#[derive(Clone, Default)]
pub(crate) struct Objects {
    pub(crate) by_key: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    pub(crate) requests: Arc<Mutex<Vec<String>>>,
}

impl Objects {
    pub(crate) fn put(&self, key: &str, body: impl Into<Vec<u8>>) {
        self.by_key
            .lock()
            .unwrap()
            .insert(key.to_owned(), body.into());
    }

    /// The prefixes that were listed.
    pub(crate) fn listed(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        requests
            .iter()
            .filter_map(|request| Some(request.strip_prefix("LIST ")?.to_owned()))
            .collect()
    }

    pub(crate) fn bucket(&self) -> Bucket {
        let objects = self.clone();
        let client = infallible_client_fn(
            move |request: http::Request<aws_sdk_s3::primitives::SdkBody>| {
                let (status, body) = objects.answer(&request);
                http::Response::builder()
                    .status(status)
                    .header("content-length", body.len())
                    .body(body)
                    .unwrap()
            },
        );
        Bucket::new(Client::from_conf(config().http_client(client).build()), "b")
    }

    fn answer(&self, request: &http::Request<aws_sdk_s3::primitives::SdkBody>) -> (u16, Vec<u8>) {
        let uri = request.uri();
        let parameters: BTreeMap<String, String> = uri
            .query()
            .unwrap_or_default()
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.replace("%2F", "/")))
            .collect();
        let key = uri
            .path()
            .trim_start_matches("/b")
            .trim_start_matches('/')
            .to_owned();
        let mut by_key = self.by_key.lock().unwrap();
        if let Some(prefix) = parameters.get("prefix") {
            self.requests.lock().unwrap().push(format!("LIST {prefix}"));
            return (
                200,
                list(&by_key, prefix, parameters.contains_key("delimiter")).into_bytes(),
            );
        }
        self.requests
            .lock()
            .unwrap()
            .push(format!("{} {key}", request.method()));
        if request.method() == http::Method::PUT {
            by_key.insert(key, request.body().bytes().unwrap_or_default().to_vec());
            return (200, Vec::new());
        }
        match by_key.get(&key) {
            Some(body) => (200, body.clone()),
            None => (
                404,
                b"<Error><Code>NoSuchKey</Code><Message>None.</Message></Error>".to_vec(),
            ),
        }
    }
}

fn config() -> aws_sdk_s3::config::Builder {
    aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("id", "secret", None, None, "tests"))
        .retry_config(aws_sdk_s3::config::retry::RetryConfig::disabled())
        .force_path_style(true)
}

/// Returns a client whose endpoint does not respond.
pub(crate) fn unreachable() -> Bucket {
    let http = aws_smithy_http_client::Builder::new().build_http();
    let config = config()
        .endpoint_url("http://127.0.0.1:9")
        .http_client(http);
    Bucket::new(Client::from_conf(config.build()), "b")
}

fn list(by_key: &BTreeMap<String, Vec<u8>>, prefix: &str, by_folder: bool) -> String {
    let mut xml = String::from("<ListBucketResult><IsTruncated>false</IsTruncated>");
    let found = by_key.keys().filter(|key| key.starts_with(prefix));
    let mut folders = std::collections::BTreeSet::new();
    for key in found {
        match key[prefix.len()..].split_once('/') {
            Some((folder, _)) if by_folder => {
                folders.insert(folder);
            }
            _ => write!(xml, "<Contents><Key>{key}</Key></Contents>").unwrap(),
        }
    }
    for folder in folders {
        write!(
            xml,
            "<CommonPrefixes><Prefix>{prefix}{folder}/</Prefix></CommonPrefixes>"
        )
        .unwrap();
    }
    xml + "</ListBucketResult>"
}

pub(crate) fn at(text: &str) -> jiff::Timestamp {
    text.parse().unwrap()
}

/// An image of 32 by 32 pixels: a disc (class 0) or a bar (class 1) of some color on a shaded
/// ground.
pub(crate) fn drawn(seed: u64, class: usize) -> image::RgbImage {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut color = || image::Rgb(std::array::from_fn(|_| random.u8(60..220)));
    let (ground, figure) = (color(), color());
    let (x0, y0, size) = (random.i32(10..22), random.i32(10..22), random.i32(5..10));
    image::RgbImage::from_fn(32, 32, |x, y| {
        let (dx, dy) = (x as i32 - x0, y as i32 - y0);
        let inside = match class {
            0 => dx * dx + dy * dy < size * size,
            _ => dx.abs() < size / 2 && dy.abs() < size * 2,
        };
        let color = if inside { figure } else { ground };
        let shade = 0.75 + (x + y) as f32 / 256.0;
        image::Rgb(color.0.map(|value| (f32::from(value) * shade) as u8))
    })
}

/// Encodes the image as a file.
pub(crate) fn png(seed: u64, class: usize) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    drawn(seed, class)
        .write_to(&mut file, image::ImageFormat::Png)
        .unwrap();
    file.into_inner()
}

/// Synthetic predictions for drawn images, all of whose classes are known.
///
/// The model's confidence grows with an image's contrast, and it is perfectly calibrated.
pub(crate) struct Traffic {
    pub(crate) count: usize,
    pub(crate) seed: u64,
    /// The fraction of the images that are of class 1.
    pub(crate) share: f32,
    pub(crate) corruption: Option<(crate::corruption::Corruption, u8)>,
}

pub(crate) fn traffic(count: usize, seed: u64) -> crate::observed::Observed {
    Traffic {
        count,
        seed,
        share: 0.5,
        corruption: None,
    }
    .observed()
}

/// One prediction of the synthetic model.
pub(crate) struct Sample {
    scores: [f32; 2],
    class: usize,
    image: Vec<u8>,
    features: crate::pictures::Features,
    embedding: Vec<f32>,
}

impl Traffic {
    pub(crate) fn samples(&self) -> Vec<Sample> {
        let mut random = fastrand::Rng::with_seed(self.seed);
        (0..self.count).map(|_| self.sample(&mut random)).collect()
    }

    fn sample(&self, random: &mut fastrand::Rng) -> Sample {
        let class = usize::from(random.f32() < self.share);
        let mut image = drawn(random.u64(..), class);
        if let Some((kind, severity)) = self.corruption {
            image = crate::corruption::corrupt(&image, kind, severity, random.u64(..));
        }
        let features = crate::pictures::Features::of(&image);
        let confidence = 1.0 - 0.5 * (-features.values[1] * 60.0 * random.f32()).exp();
        let answer = if random.f32() < confidence {
            class
        } else {
            1 - class
        };
        let small = image::imageops::thumbnail(&image, 4, 4);
        let mut file = std::io::Cursor::new(Vec::new());
        image.write_to(&mut file, image::ImageFormat::Png).unwrap();
        Sample {
            scores: [0, 1].map(|class| {
                if class == answer {
                    confidence
                } else {
                    1.0 - confidence
                }
            }),
            class,
            image: file.into_inner(),
            features,
            embedding: small
                .as_raw()
                .iter()
                .map(|value| f32::from(*value) / 255.0)
                .collect(),
        }
    }

    pub(crate) fn observed(&self) -> crate::observed::Observed {
        let samples = self.samples();
        let embeddings: std::collections::HashMap<Vec<u8>, Vec<f32>> = samples
            .iter()
            .map(|sample| (sample.image.clone(), sample.embedding.clone()))
            .collect();
        let mut observer = observer(Ok(Box::new(move |file| Ok(embeddings[file].clone()))));
        for (n, sample) in samples.iter().enumerate() {
            let image = Some(sample.image.as_slice());
            let (scores, class) = (&sample.scores, Some(sample.class));
            let time = at("2025-10-04T08:00:00Z")
                + jiff::SignedDuration::from_secs((n * 3599 / self.count) as i64);
            observer
                .observe(&crate::observed::Prediction {
                    id: &n.to_string(),
                    time,
                    scores,
                    image,
                    class,
                })
                .unwrap();
        }
        observer.finish()
    }
}

/// Observes the predictions again, without decoding the images.
pub(crate) fn seen(samples: &[&Sample]) -> crate::observed::Observed {
    let mut observer = observer(Err(String::new()));
    for sample in samples {
        let (scores, class, time) = (
            &sample.scores,
            Some(sample.class),
            at("2025-10-04T08:00:00Z"),
        );
        observer
            .observe(&crate::observed::Prediction {
                id: "",
                time,
                scores,
                image: None,
                class,
            })
            .unwrap();
    }
    crate::observed::Observed {
        inputs: samples.len() as u64,
        images: samples.iter().map(|sample| Some(sample.features)).collect(),
        embeddings: Ok(samples
            .iter()
            .map(|sample| sample.embedding.clone())
            .collect()),
        ..observer.finish()
    }
}

fn observer(embed: Result<crate::observed::Embed, String>) -> crate::observed::Observer {
    let (from, to) = (at("2025-10-04T08:00:00Z"), at("2025-10-04T09:00:00Z"));
    crate::observed::Observer::new(crate::observed::Settings {
        labels: ["bicycle", "motorcycle"].map(str::to_owned).to_vec(),
        threshold: evaluation::Threshold::new(0.8).unwrap(),
        window: crate::Window::new(from, to).unwrap(),
        truth: crate::ground_truth::Classes::default(),
        embed,
    })
}
