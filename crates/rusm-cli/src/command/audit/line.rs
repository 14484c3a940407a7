//! A record as a line for people.

use crate::visible::visible;
use rusm_audit::Entry;
use rusm_caps::quoted;
use serde_json::Value;

/// Time, kind, and what happened; nothing of it steers a terminal.
pub(super) fn of(entry: &Entry) -> String {
    let time = entry.time.replace('T', " ");
    let line = format!("{time}  {:<8} {}", entry.kind, what(entry));
    visible(line.trim_end()).into_owned()
}

fn what(entry: &Entry) -> String {
    let text = |field| entry.text(field).unwrap_or("?");
    let who = || match entry.text("pid") {
        Some("") => format!("{} (not started)", quoted(text("component"))),
        Some(pid) => format!("{} (pid {pid})", quoted(text("component"))),
        None => quoted(text("component")),
    };
    match entry.kind.as_str() {
        "start" => format!("app '{}', rusm {}", text("app"), text("version")),
        "stop" => text("reason").to_owned(),
        "grant" => {
            let is_offered = entry.fields.get("offered") == Some(&Value::Bool(true));
            let verb = if is_offered { "may be given" } else { "has" };
            format!(
                "{} {verb} profile '{}'{}",
                quoted(text("component")),
                text("profile"),
                grants(entry)
            )
        }
        "spawn" => {
            let parent = entry.text("parent").map(|parent| format!(", by {parent}"));
            let profile = entry
                .text("profile")
                .map(|name| format!(", profile '{name}'"));
            let (parent, profile) = (parent.unwrap_or_default(), profile.unwrap_or_default());
            format!("{}{parent}{profile}{}", who(), grants(entry))
        }
        "exit" => format!("{}: {}", who(), text("reason")),
        "denial" => text("sentence").to_owned(),
        "drop" => format!("{} gave up {}", who(), text("permission")),
        "operator" => {
            let named = |field| entry.text(field).map(|name| format!(" {field} '{name}'"));
            let (bucket, key) = (named("bucket"), named("key"));
            format!(
                "{}{}{}, entries: {}",
                text("action"),
                bucket.unwrap_or_default(),
                key.unwrap_or_default(),
                number(entry, "entries")
            )
        }
        "more" => format!(
            "{} more of {} like '{}'",
            number(entry, "count"),
            who(),
            text("of")
        ),
        "gap" => format!("records are missing ({}): {}", text("reason"), lost(entry)),
        "open" => entry
            .text("after")
            .map_or("the first file".to_owned(), |file| format!("after {file}")),
        "recovery" => match entry.text("damage") {
            Some(damage) => format!("the log was not as it was left: {damage}"),
            None => "a write before this was broken off".to_owned(),
        },
        // A later version of rusm may know more.
        _ => Value::Object(entry.fields.clone()).to_string(),
    }
}

fn number(entry: &Entry, field: &str) -> u64 {
    entry.fields.get(field).and_then(Value::as_u64).unwrap_or(0)
}

fn grants(entry: &Entry) -> String {
    let lines = entry.fields.get("grants").and_then(Value::as_array);
    let lines: Vec<&str> = lines
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if lines.is_empty() {
        String::new()
    } else {
        format!(": {}", lines.join("; "))
    }
}

fn lost(entry: &Entry) -> String {
    let lost = entry.fields.get("lost").and_then(Value::as_object);
    let parts: Vec<String> = lost
        .into_iter()
        .flatten()
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(rest: &str) -> String {
        let json = format!(r#"{{"seq":2,"prev":"","time":"2026-11-21T10:00:00.123Z",{rest}}}"#);
        of(&Entry::parse(json.as_bytes()).unwrap())
    }

    /// Each kind reads as a sentence.
    #[test]
    fn records_read_as_sentences() {
        for (rest, expected) in [
            (
                r#""kind":"start","app":"orders","version":"0.1.0""#,
                "start    app 'orders', rusm 0.1.0",
            ),
            (r#""kind":"stop","reason":"finished""#, "stop     finished"),
            (
                r#""kind":"grant","component":"api","profile":"web","offered":false,"grants":["allow-load = true","allow-stdio = true"]"#,
                "grant    api has profile 'web': allow-load = true; allow-stdio = true",
            ),
            (
                r#""kind":"spawn","component":"api","pid":"0.7.12","parent":"0.1.1","profile":"web","grants":[]"#,
                "spawn    api (pid 0.7.12), by 0.1.1, profile 'web'",
            ),
            (
                r#""kind":"exit","component":"api","pid":"0.7.12","reason":"normal""#,
                "exit     api (pid 0.7.12): normal",
            ),
            (
                r#""kind":"denial","sentence":"api may not""#,
                "denial   api may not",
            ),
            (
                r#""kind":"drop","component":"api","pid":"0.7.12","permission":"env""#,
                "drop     api (pid 0.7.12) gave up env",
            ),
            (
                r#""kind":"operator","action":"put","bucket":"orders","key":"42","entries":1"#,
                "operator put bucket 'orders' key '42', entries: 1",
            ),
            (
                r#""kind":"operator","action":"compact","entries":0"#,
                "operator compact, entries: 0",
            ),
            (
                r#""kind":"more","component":"api","of":"denial","count":7"#,
                "more     7 more of api like 'denial'",
            ),
            (
                r#""kind":"gap","reason":"disk","lost":{"exit":2,"spawn":1}"#,
                "gap      records are missing (disk): 2 exit, 1 spawn",
            ),
            (r#""kind":"open","format":1"#, "open     the first file"),
            (
                r#""kind":"recovery""#,
                "recovery a write before this was broken off",
            ),
            (r#""kind":"new","x":1"#, "new      {\"x\":1}"),
        ] {
            assert_eq!(line(rest), format!("2026-11-21 10:00:00.123Z  {expected}"));
        }
    }

    /// Whatever is missing or of another type, there is a line; nothing of it steers a terminal or ends it.
    #[test]
    fn odd_records_are_lines_too() {
        for kind in rusm_audit::Kind::ALL {
            let kind = kind.name();
            for rest in ["", r#","component":7,"grants":{},"lost":[],"count":"x""#] {
                assert!(!line(&format!(r#""kind":"{kind}"{rest}"#)).is_empty());
            }
        }
        let forged = line(
            r#""kind":"exit","component":"a\u001b[2J\u202e","pid":"1\n2026","reason":"\r\u0000""#,
        );
        assert!(!forged.chars().any(rusm_caps::is_steering), "{forged}");
    }
}
