//! The images to review.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, html};

use super::{Report, percent};
use crate::observed::GalleryImage;

pub(super) fn all(report: &Report<'_>) -> Markup {
    let gallery = &report.observed.gallery;
    html! {
        (row(report, "The surest wrong answers", &gallery.wrong))
        (row(report, "The most doubtful answers", &gallery.doubtful))
    }
}

fn row(report: &Report<'_>, title: &str, images: &[GalleryImage]) -> Markup {
    if images.is_empty() {
        return html! {};
    }
    html! {
        section {
            h2 { (title) }
            div.gallery { @for image in images { (figure(report, image)) } }
        }
    }
}

fn figure(report: &Report<'_>, image: &GalleryImage) -> Markup {
    let label = |class: usize| {
        report
            .observed
            .labels
            .get(class)
            .map_or("?", String::as_str)
    };
    let answer = label(image.predicted);
    html! {
        figure {
            @if image.png.is_empty() {
                p { "no image" }
            } @else {
                img src=(format!("data:image/png;base64,{}", STANDARD.encode(&image.png))) alt=(format!("answered \
                    as {answer}"));
            }
            figcaption {
                strong { (answer) } " " (percent(f64::from(image.confidence)))
                @if let Some(class) = image.class.filter(|class| *class != image.predicted) { br; "is \
                    " (label(class)) }
                span.id { (image.id) }
            }
        }
    }
}
