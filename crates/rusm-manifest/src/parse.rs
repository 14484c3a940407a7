//! The two stages, one after the other.

use toml::de::DeTable;

use crate::bounds::TEXT_BYTES_MAX;
use crate::diagnostic::Diagnostics;
use crate::lower::lower;
use crate::manifest::Manifest;
use crate::origin::Origins;
use crate::raw::RawManifest;
use crate::report::Report;
use crate::source::Source;

/// What the TOML parser says of a key that is there twice. It keeps the first and goes on, so the
/// rest of the file still means something.
const DUPLICATE_KEY: &str = "duplicate key";

/// Reads the text of a manifest; `file_name` is what messages call it.
///
/// All mistakes are found in one run. Where the text is no TOML, those of syntax are all, since
/// nothing behind them can be trusted.
pub fn parse(file_name: &str, text: &str) -> Result<Manifest, Diagnostics> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(too_large(file_name, text));
    }
    let source = Source::new(file_name, text);
    let mut report = Report::new(&source);
    let (document, syntax_errors) = DeTable::parse_recoverable(text);
    let mut is_toml = true;
    for error in syntax_errors {
        let span = error.span().unwrap_or(0..0);
        if error.message() == DUPLICATE_KEY {
            let key = source.slice(&span);
            report.error_with_hint(&span, format!("`{key}` is there twice"), "keep one of them");
        } else {
            is_toml = false;
            report.error(&span, format!("this is not TOML: {}", error.message()));
        }
    }
    if !is_toml {
        return Err(report.into_errors());
    }
    let raw = RawManifest::read(&mut report, document.get_ref());
    let mut manifest = lower(&mut report, &raw);
    manifest.warnings = report.finish()?;
    manifest.origins = Origins::read(file_name, text, document.get_ref());
    Ok(manifest)
}

fn too_large(file_name: &str, text: &str) -> Diagnostics {
    let n_bytes = text.len();
    // Only the beginning is looked at: the place of the diagnostic.
    let head = text.split('\n').next().unwrap_or("");
    let source = Source::new(file_name, head);
    let mut report = Report::new(&source);
    report.error(
        &(0..0),
        format!("the manifest is {n_bytes} bytes long, more than {TEXT_BYTES_MAX}"),
    );
    report.into_errors()
}
