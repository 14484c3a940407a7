//! How a log line looks to a person: time, level, who, and what.
//!
//! `2026-11-21T05:08:11.123456Z  INFO api <0.7.12> | text`. What a guest printed stands behind a
//! bar; what is said about it stands behind a colon. A report may go on below, indented: the frames of a
//! trap on a line, and its other particulars on another. No field can start a line of its own, and a name that is no plain
//! word, as only code that a guest brings can have, is in quotes.

use crate::report::Colour;
use crate::visible::visible;
use rusm_caps::quoted;
use std::fmt;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// Formats events as lines for people.
#[derive(Debug)]
pub(super) struct Lines {
    pub(super) colour: Colour,
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        let mut fields = Fields::default();
        event.record(&mut fields);
        let line = self.line(&time, *event.metadata().level(), &fields);
        writer.write_str(&line)
    }
}

impl Lines {
    fn line(&self, time: &str, level: Level, fields: &Fields) -> String {
        let (name, code) = match level {
            Level::ERROR => ("ERROR", "1;31"),
            Level::WARN => (" WARN", "33"),
            Level::INFO => (" INFO", "32"),
            Level::DEBUG => ("DEBUG", "34"),
            Level::TRACE => ("TRACE", "35"),
        };
        let mut line = format!(
            "{} {} ",
            self.colour.paint("2", time),
            self.colour.paint(code, name)
        );
        if let Some(component) = &fields.component {
            let mut who = quoted(component);
            if let Some(pid) = &fields.pid {
                who.push_str(&format!(" {}", visible(pid)));
            }
            line.push_str(&self.colour.paint("36", &who));
            line.push_str(if fields.is_output { " | " } else { ": " });
        }
        line.push_str(&visible(&fields.message));
        line.push('\n');
        let below = [
            fields.frames.as_ref().map(|frames| format!("in {frames}")),
            (!fields.others.is_empty()).then(|| fields.others.join(" ")),
        ];
        for text in below.iter().flatten() {
            line.push_str(&self.colour.paint("2", &format!("    {}", visible(text))));
            line.push('\n');
        }
        line
    }
}

/// The fields of one event.
#[derive(Debug, Default)]
struct Fields {
    message: String,
    component: Option<String>,
    pid: Option<String>,
    /// Whether the message is what a guest printed.
    is_output: bool,
    /// Where a trap was met.
    frames: Option<String>,
    /// The rest, as `name=value`.
    others: Vec<String>,
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => self.message = value.to_owned(),
            "component" => self.component = Some(value.to_owned()),
            "pid" => self.pid = Some(value.to_owned()),
            "stream" => self.is_output = true,
            "frames" => self.frames = Some(value.to_owned()),
            // The message says so.
            "reason" | "aftermath" | "restarted_as" => {}
            other if value.is_empty() || value.contains(char::is_whitespace) => {
                self.others.push(format!("{other}={value:?}"));
            }
            other => self.others.push(format!("{other}={value}")),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "message" => self.message = format!("{value:?}"),
            "component" => self.component = Some(format!("{value:?}")),
            "pid" => self.pid = Some(format!("{value:?}")),
            other => self.others.push(format!("{other}={value:?}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(fields: &Fields) -> String {
        Lines {
            colour: Colour::Off,
        }
        .line("12:00:00Z", Level::INFO, fields)
    }

    fn fields(message: &str) -> Fields {
        let (component, pid) = (Some("api".to_owned()), Some("<0.7.12>".to_owned()));
        Fields {
            message: message.to_owned(),
            component,
            pid,
            ..Fields::default()
        }
    }

    /// A guest's line stands behind a bar, news about a guest behind a colon.
    #[test]
    fn who_is_marked() {
        let output = Fields {
            is_output: true,
            ..fields("text")
        };
        assert_eq!(line(&output), "12:00:00Z  INFO api <0.7.12> | text\n");
        assert_eq!(
            line(&fields("ended")),
            "12:00:00Z  INFO api <0.7.12>: ended\n"
        );
        let nobody = Fields {
            message: "hello".into(),
            others: vec!["n=3".into()],
            ..Fields::default()
        };
        assert_eq!(line(&nobody), "12:00:00Z  INFO hello\n    n=3\n");
    }

    /// A report is one block: what happened, where, and the particulars.
    #[test]
    fn a_report_is_a_block() {
        let report = Fields {
            frames: Some("f < g".into()),
            others: vec!["links=0".into(), "name=\"a b\"".into()],
            ..fields("crashed: trap")
        };
        assert_eq!(
            line(&report),
            "12:00:00Z  INFO api <0.7.12>: crashed: trap\n    in f < g\n    links=0 name=\"a b\"\n"
        );
    }

    /// A message cannot forge another line, a component's name neither.
    #[test]
    fn nothing_forges_a_line() {
        let forged = Fields {
            component: Some("a\nb".into()),
            ..fields("x\n12:00:00Z  INFO bank: paid\x1b[2K")
        };
        assert_eq!(line(&forged).matches('\n').count(), 1);
        assert!(!line(&forged).contains('\x1b'));
        let forged = Fields {
            component: Some("bank <0.65.2> | paid;".into()),
            is_output: true,
            ..fields("text")
        };
        assert_eq!(
            line(&forged),
            "12:00:00Z  INFO 'bank <0.65.2> | paid;' <0.7.12> | text\n"
        );
        let forged = Fields {
            frames: Some("f\n12:00:00Z  INFO bank: paid".into()),
            others: vec!["name=a\rb".into()],
            ..fields("crashed")
        };
        assert!(
            line(&forged)
                .lines()
                .skip(1)
                .all(|line| line.starts_with("    "))
        );
        assert_eq!(line(&forged).matches(['\n', '\r']).count(), 3);
    }
}
