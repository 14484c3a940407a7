//! Reads a manifest from its file and says what is wrong with it.

mod replace;

pub(crate) use replace::replace;

use crate::place::{nearest_path, plain_cause};
use crate::report::{Console, Failure, Kind};
use rusm_manifest::{Manifest, TEXT_BYTES_MAX};
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

/// The manifest in a file. Its warnings are inside it, not shown.
pub(crate) fn read(path: &Path, console: Console) -> Result<Manifest, Failure> {
    let text = text(path)?;
    rusm_manifest::parse(&path.display().to_string(), &text)
        .map_err(|errors| Failure::manifest(&errors, console))
}

/// The text of a manifest, bounded: what is longer is cut one byte behind the bound, for the parser to refuse.
pub(crate) fn text(path: &Path) -> Result<String, Failure> {
    let cannot = |why: &str| {
        Failure::new(
            Kind::Manifest,
            format!("cannot read '{}': {why}", path.display()),
        )
    };
    let open = |path: &Path| -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let most = u64::try_from(TEXT_BYTES_MAX)
            .unwrap_or(u64::MAX)
            .saturating_add(1);
        File::open(path)?.take(most).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = open(path).map_err(|error| {
        let help = if error.kind() == ErrorKind::NotFound {
            nearest_path(path)
        } else {
            None
        };
        cannot(&plain_cause(&error)).maybe_help(help)
    })?;
    let is_too_long = bytes.len() > TEXT_BYTES_MAX;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text),
        // The cut may lie within a character.
        Err(error) if is_too_long => Ok(String::from_utf8_lossy(error.as_bytes()).into_owned()),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            Err(cannot(&format!("it is not UTF-8 text from byte {at} on")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(content: &[u8]) -> Failure {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        text(file.path()).unwrap_err()
    }

    /// Bytes that are no text are an error of the manifest, with their place.
    #[test]
    fn bytes_are_no_manifest() {
        let failure = failure(b"[app]\nname = \"\xff\"");
        assert_eq!(failure.kind(), Kind::Manifest);
        assert!(failure.to_string().contains("byte 14"), "{failure}");
    }

    /// A huge file is not read whole; the parser is left to say that it is too long.
    #[test]
    fn a_huge_file_is_cut() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(1 << 40).unwrap();
        assert_eq!(text(file.path()).unwrap().len(), TEXT_BYTES_MAX + 1);
    }
}
