//! A change of a manifest's text changes what it is about, and nothing else.
#![expect(
    clippy::unwrap_used,
    reason = "a change that is not made is a failed test"
)]

use proptest::prelude::*;
use rusm_manifest::{Change, Edit, fix};

fn remove(path: &str) -> Edit {
    Edit {
        path: path.split('.').map(str::to_owned).collect(),
        change: Change::Remove,
    }
}

fn set(path: &str, value: &str) -> Edit {
    Edit {
        change: Change::Set(value.to_owned()),
        ..remove(path)
    }
}

fn fixed(text: &str, edit: Edit) -> String {
    fix(text, &[edit]).unwrap()
}

/// The line goes; what stands around it stays, byte for byte.
#[test]
fn a_line_goes_and_the_rest_stays() {
    let text = "# top\r\n[app] # app\r\nname='x'\r\n\r\n[capabilities.web]\r\n# about env\r\nenv = [ 'A' ]\r\n  allow-load=true\r\n";
    assert_eq!(
        fixed(text, remove("capabilities.web.env")),
        "# top\r\n[app] # app\r\nname='x'\r\n\r\n[capabilities.web]\r\n# about env\r\n  allow-load=true\r\n"
    );
    assert_eq!(
        fixed(text, set("capabilities.web.env", "[]")),
        text.replace("[ 'A' ]", "[]")
    );
    let last = "[capabilities.web]\nenv = ['A']";
    assert_eq!(
        fixed(last, remove("capabilities.web.env")),
        "[capabilities.web]\n"
    );
}

/// A comment behind the key, and those inside its value, are kept on lines of their own.
#[test]
fn comments_are_kept() {
    let text = "[c.w]\n\tenv = [\n  'A', # one\n] # for 'A' = \"#\"\nx = 1\n";
    assert_eq!(
        fixed(text, remove("c.w.env")),
        "[c.w]\n\t# one\n\t# for 'A' = \"#\"\nx = 1\n"
    );
    assert_eq!(
        fixed(text, set("c.w.env", "[]")),
        "[c.w]\n\t# one\n\tenv = [] # for 'A' = \"#\"\nx = 1\n"
    );
    let nested = "[c]\r\np = [\r\n  { h = '#1' }, # two\r\n  # three\r\n]\r\n";
    assert_eq!(fixed(nested, remove("c.p")), "[c]\r\n# two\r\n# three\r\n");
}

/// Tables of every form: under a header, dotted, in braces, on several lines of braces.
#[test]
fn every_form_of_table_is_edited() {
    let rows = [
        ("c.w.env = []\nc.w.x = 1\n", "c.w.env", "c.w.x = 1\n"),
        (
            "[c]\nw.env = []\n\"w\".x = 1\n",
            "c.w.env",
            "[c]\n\"w\".x = 1\n",
        ),
        (
            "c = { w = { env = [], x = 1 } }\n",
            "c.w.env",
            "c = { w = { x = 1 } }\n",
        ),
        (
            "c = { w = { x = 1, env = [] } }\n",
            "c.w.env",
            "c = { w = { x = 1 } }\n",
        ),
        ("c = { w = { env = [] } }\n", "c.w.env", "c = { w = { } }\n"),
        (
            "c.w = {\n  env = [],\n  x = 1,\n}\n",
            "c.w.env",
            "c.w = {\n  x = 1,\n}\n",
        ),
        (
            "[c.w]\ns = { r = ['a'], w = ['b'] } # s\n",
            "c.w.s.w",
            "[c.w]\ns = { r = ['a'] } # s\n",
        ),
        (
            "[c.w]\nx = 1\n[c.w.s]\nr = ['a']\nw = []\n[d]\n",
            "c.w.s",
            "[c.w]\nx = 1\n[c.w.s]\n[d]\n",
        ),
    ];
    for (text, path, expected) in rows {
        assert_eq!(fixed(text, remove(path)), expected, "{path} of {text:?}");
    }
}

/// What cannot be changed by itself is an error that names it, and no other text.
#[test]
fn what_cannot_be_changed_is_named() {
    let cannot = |text: &str, edit: Edit| fix(text, &[edit]).unwrap_err().to_string();
    assert!(cannot("[a]\n", remove("a.b")).contains("a.b"));
    assert!(cannot("not toml", remove("a.b")).contains("by hand"));
    assert!(cannot("[a]\nb = 1\n", set("a.b", "1\nc = 2")).contains("a.b"));
    assert!(cannot("a = { b.c = 1 }\n", remove("a.b.c")).contains("a.b.c"));
    assert!(cannot("[[a.b]]\nc = 1\n[[a.b]]\nc = 2\n", remove("a.b")).contains("a.b"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// Whatever the text and whatever the change: no panic, and a text that says what was meant.
    #[test]
    fn any_text_is_changed_as_meant_or_not_at_all(lines in prop::collection::vec(line(), 0..12), path in path(), is_removal in any::<bool>()) {
        let text = lines.concat();
        let edit = if is_removal { remove(&path) } else { set(&path, "false") };
        if let Ok(after) = fix(&text, &[edit]) {
            let (before, after): (toml::Table, toml::Table) = (text.parse().unwrap(), after.parse().unwrap());
            prop_assert_ne!(&before, &after);
            let strip = |mut table: toml::Table| {
                let mut keys = path.split('.').peekable();
                let mut inner = &mut table;
                while let Some(key) = keys.next() {
                    if keys.peek().is_none() {
                        inner.remove(key);
                        break;
                    }
                    inner = inner.get_mut(key).unwrap().as_table_mut().unwrap();
                }
                table
            };
            prop_assert_eq!(strip(before), strip(after));
        }
    }
}

fn path() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a.b", "a.b.c", "a.c", "a", "a.b.d"]).prop_map(str::to_owned)
}

fn line() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "[a]\n",
        "[a.b]\n",
        "# comment\n",
        "\n",
        "b = 1\n",
        "c = [1, # x\n 2] # y\n",
        "b.c = true # z\n",
        "a.b = { c = 1, d = 2 }\n",
        "b = { c = 1 }\r\n",
        "  d = 'x # y'\n",
        "[[a.c]]\n",
        "\"c\" = '''\n#\n'''\n",
        "a = { b = { c = 1, d = [1,\n2], } }\n",
        "ü = 1\n",
    ])
    .prop_map(str::to_owned)
}
