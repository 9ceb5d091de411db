//! Decodes every image below a folder to a PNG below another, or writes why it can't:
//! `benches/decoders.py` compares them with Pillow's.
//!
//!     cargo run --release -p fit-image --example upright -- FOLDER OUT

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let [folder, out] = [1, 2].map(|index| env::args_os().nth(index).map(PathBuf::from));
    let (Some(folder), Some(out)) = (folder, out) else {
        return Err("usage: upright FOLDER OUT".into());
    };
    decode_all(&folder, &out)
}

fn decode_all(folder: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(out)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let mut target = out.join(entry.file_name()).into_os_string();
        if entry.file_type()?.is_dir() {
            decode_all(&entry.path(), target.as_ref())?;
            continue;
        }
        match fit_image::upright(&fs::read(entry.path())?) {
            Ok(image) => {
                target.push(".png");
                image.save(target)?;
            }
            Err(error) => {
                target.push(".txt");
                fs::write(target, error.to_string())?;
            }
        }
    }
    Ok(())
}
