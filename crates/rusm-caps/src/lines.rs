//! The grants of a profile as lines of a manifest, for records and for people.

use crate::escape::toml_string;
use crate::{BucketSet, DirGrant, KvGrant, ListenGrant, Profile, SendGrant, SpawnGrant};

impl Profile {
    /// What it grants, one line for each key of a `[capabilities.*]` table, in the manifest's order; without
    /// limits. Nothing granted is no line.
    ///
    /// Long texts are cut, so a line is for reading and not for pasting back.
    pub fn grant_lines(&self) -> Vec<String> {
        let flag = |key: &str, is_granted: bool| is_granted.then(|| format!("{key} = true"));
        let lines = [
            list("allow-network", self.network().rules()),
            match self.listen() {
                ListenGrant::Off => None,
                ListenGrant::Anywhere => flag("allow-listen", true),
                ListenGrant::Rules(rules) => list("allow-listen", rules),
            },
            match self.spawn() {
                SpawnGrant::Nobody => None,
                SpawnGrant::Anyone => flag("allow-spawn", true),
                SpawnGrant::Listed(names) => list("allow-spawn", names),
            },
            storage(self.storage()),
            flag("allow-process-control", self.process_control()),
            match self.send() {
                SendGrant::Anyone => flag("allow-send", true),
                SendGrant::Listed(names) => list("allow-send", names),
            },
            flag("allow-load", self.load()),
            flag("allow-stdio", self.stdio()),
            list("env", self.env()),
            (!self.dirs().is_empty()).then(|| {
                let folders: Vec<String> = self.dirs().iter().map(folder).collect();
                format!("preopen = [{}]", folders.join(", "))
            }),
            list("host-functions", self.host_functions().names()),
        ];
        lines.into_iter().flatten().collect()
    }
}

fn texts<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    let texts: Vec<String> = items
        .into_iter()
        .map(|item| toml_string(&item.to_string()))
        .collect();
    format!("[{}]", texts.join(", "))
}

/// `key = ["a", "b"]`; nothing for no items.
fn list<T: ToString>(key: &str, items: impl IntoIterator<Item = T>) -> Option<String> {
    let mut items = items.into_iter().peekable();
    items.peek()?;
    Some(format!("{key} = {}", texts(items)))
}

fn storage(grant: &KvGrant) -> Option<String> {
    if (&grant.read, &grant.write) == (&BucketSet::Every, &BucketSet::Every) {
        return Some("allow-storage = true".to_owned());
    }
    let part = |key: &str, set: &BucketSet| match set {
        BucketSet::Nothing => None,
        BucketSet::Every => Some(format!("{key} = [\"*\"]")),
        BucketSet::Listed(patterns) => list(key, patterns),
    };
    let parts = [part("read", &grant.read), part("write", &grant.write)];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| format!("allow-storage = {{ {} }}", parts.join(", ")))
}

fn folder(dir: &DirGrant) -> String {
    let host = toml_string(&dir.host().display().to_string());
    let read_only = if dir.is_read_only() {
        ", read-only = true"
    } else {
        ""
    };
    format!(
        "{{ host = {host}, guest = {}{read_only} }}",
        toml_string(dir.guest())
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EnvGrant, NetGrant};

    /// Nothing granted is nothing said.
    #[test]
    fn no_grant_is_no_line() {
        assert_eq!(
            Profile::builder("p").build().unwrap().grant_lines(),
            [""; 0]
        );
    }

    /// Each key as it stands in a manifest; what steers a terminal is escaped.
    #[test]
    fn grants_are_lines_of_a_manifest() {
        let profile = Profile::builder("p")
            .network(NetGrant::Rules(vec![
                "public:443".parse().unwrap(),
                "10.0.0.0/8".parse().unwrap(),
            ]))
            .listen(ListenGrant::Rules(vec!["127.0.0.1:9000".parse().unwrap()]))
            .spawn(SpawnGrant::listed(["a\u{202e}"]))
            .storage(KvGrant {
                read: BucketSet::Listed(vec!["config".parse().unwrap()]),
                write: BucketSet::Every,
            })
            .send(SendGrant::Anyone)
            .allow_load()
            .env("APP_*".parse::<EnvGrant>().unwrap())
            .dir(DirGrant::read_only("./data", "/data").unwrap())
            .dir(DirGrant::read_write("./out", "/out").unwrap())
            .build()
            .unwrap();
        assert_eq!(
            profile.grant_lines(),
            [
                r#"allow-network = ["public:443", "10.0.0.0/8"]"#,
                r#"allow-listen = ["127.0.0.1:9000"]"#,
                r#"allow-spawn = ["a\U0000202E"]"#,
                r#"allow-storage = { read = ["config"], write = ["*"] }"#,
                "allow-send = true",
                "allow-load = true",
                r#"env = ["APP_*"]"#,
                r#"preopen = [{ host = "./data", guest = "/data", read-only = true }, { host = "./out", guest = "/out" }]"#,
            ]
        );
    }

    /// Every permission that is granted has its line, and what is taken away has none.
    #[test]
    fn every_permission_has_its_line() {
        let trusted = Profile::trusted();
        for permission in crate::Permission::ALL {
            let has_line = |profile: &Profile| {
                let key = format!("{} = ", permission.manifest_key());
                profile
                    .grant_lines()
                    .iter()
                    .any(|line| line.starts_with(&key))
            };
            assert_eq!(
                has_line(&trusted),
                trusted.holds(permission),
                "{permission}"
            );
            let without = trusted.revoke(permission.name()).unwrap();
            assert!(!has_line(&without), "{permission}");
        }
    }
}
