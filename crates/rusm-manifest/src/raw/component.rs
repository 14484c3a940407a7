//! `[components.NAME]` as typed.

use std::path::PathBuf;

use crate::manifest::{Placement, RestartDecl};
use crate::report::Report;
use crate::source::Span;
use crate::table::{Located, Table, Value};
use crate::{CodeSource, Digest};

/// The words for when a child is started again.
pub(super) const RESTARTS: [(&str, RestartDecl); 3] = [
    ("permanent", RestartDecl::Permanent),
    ("transient", RestartDecl::Transient),
    ("temporary", RestartDecl::Temporary),
];

/// One component.
#[derive(Debug)]
pub(crate) struct RawComponent<'t> {
    pub(crate) name: Located<&'t str>,
    pub(crate) code: Option<CodeSource>,
    pub(crate) capability: Option<Located<&'t str>>,
    pub(crate) restart: Option<Located<RestartDecl>>,
    pub(crate) args: Vec<String>,
    pub(crate) digest: Option<Digest>,
    pub(crate) profiles: Vec<Located<&'t str>>,
    pub(crate) placement: Placement,
}

impl<'t> RawComponent<'t> {
    pub(super) fn read(
        report: &mut Report<'_>,
        name: Located<&'t str>,
        mut table: Table<'t>,
    ) -> RawComponent<'t> {
        let code = read_code(report, &name, &mut table);
        let capability = table
            .take("capability")
            .and_then(|value| value.text(report));
        let restart = table.take("restart").and_then(|value| {
            let restart = value.choice(report, &RESTARTS)?;
            Some(Located {
                value: restart,
                span: value.span,
            })
        });
        let args = table
            .take("args")
            .and_then(|value| read_args(report, &value))
            .unwrap_or_default();
        let digest = table
            .take("digest")
            .and_then(|value| read_digest(report, &value));
        let profiles = table
            .take("profiles")
            .and_then(|value| value.texts(report))
            .unwrap_or_default();
        let placement = table
            .take("placement")
            .and_then(|value| read_placement(report, &value))
            .unwrap_or_default();
        table.finish(report);
        RawComponent {
            name,
            code,
            capability,
            restart,
            args,
            digest,
            profiles,
            placement,
        }
    }
}

fn read_code(
    report: &mut Report<'_>,
    name: &Located<&str>,
    table: &mut Table<'_>,
) -> Option<CodeSource> {
    let (source, wasm) = (table.take("source"), table.take("wasm"));
    let component = name.value;
    match (source, wasm) {
        (Some(source), None) => read_path(report, &source).map(CodeSource::Package),
        (None, Some(wasm)) => read_path(report, &wasm).map(CodeSource::Wasm),
        (Some(source), Some(wasm)) => {
            let last: Span = if source.span.start < wasm.span.start {
                wasm.span
            } else {
                source.span
            };
            let message = format!("[components.{component}] has both `source` and `wasm`");
            report.error_with_hint(
                &last,
                message,
                "keep `source` to build a package, or `wasm` to use a file",
            );
            None
        }
        (None, None) => {
            let message = format!("[components.{component}] has no code");
            let hint = "add `source = \"guests/NAME\"` to build a package, or `wasm = \"NAME.wasm\"` to use a file";
            report.error_with_hint(&name.span, message, hint);
            None
        }
    }
}

fn read_path(report: &mut Report<'_>, value: &Value<'_>) -> Option<PathBuf> {
    let text = value.text(report)?;
    if text.value.is_empty() || text.value.contains('\0') {
        let fault = if text.value.is_empty() {
            "is empty"
        } else {
            "contains a zero byte"
        };
        report.error(&text.span, format!("the path of {} {fault}", value.what));
        return None;
    }
    Some(PathBuf::from(text.value))
}

fn read_args(report: &mut Report<'_>, value: &Value<'_>) -> Option<Vec<String>> {
    let args = value.texts(report)?;
    for arg in args.iter().filter(|arg| arg.value.contains('\0')) {
        report.error(
            &arg.span,
            format!("an entry of {} contains a zero byte", value.what),
        );
    }
    Some(args.into_iter().map(|arg| arg.value.to_owned()).collect())
}

fn read_digest(report: &mut Report<'_>, value: &Value<'_>) -> Option<Digest> {
    let text = value.text(report)?;
    match text.value.parse() {
        Ok(digest) => Some(digest),
        Err(error) => {
            report.error(&text.span, format!("`digest` cannot be read: {error}"));
            None
        }
    }
}

fn read_placement(report: &mut Report<'_>, value: &Value<'_>) -> Option<Placement> {
    const PLACEMENTS: [(&str, Placement); 3] = [
        ("auto", Placement::Auto),
        ("guarded", Placement::Guarded),
        ("dense", Placement::Dense),
    ];
    value.choice(report, &PLACEMENTS)
}
