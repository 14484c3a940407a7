//! Why a profile allows or refuses: the entry that decides, or the denial.
//!
//! A grant is a list of entries, and a request is allowed if one entry alone allows it. So each
//! entry is tried alone, with the decision itself: what is explained here cannot be another policy
//! than the one that is applied.

mod limit;
mod target;

pub use limit::{LIMIT_KEYS, limit_text};
pub use target::{TargetError, explain_target};

use std::collections::BTreeSet;
use std::fmt::Display;

use crate::decide::allows;
use crate::{
    BucketSet, Denied, HostFunctionGrant, KvGrant, ListenGrant, NetGrant, Permission, Profile,
    ProfileBuilder, Request, SendGrant, SpawnGrant,
};

/// An answer, and what it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What was asked, as it stands behind "may".
    pub question: String,
    /// The permission that answers.
    pub permission: Permission,
    /// The answer.
    pub verdict: Verdict,
}

/// The answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every profile allows it: it is about the process itself or its relatives.
    Always,
    /// These entries allow it: the first that does, or all there are when any would do. At least one.
    Granted(Vec<Entry>),
    /// Nothing allows it.
    Denied(Box<Denied>),
    /// Nothing of the permission is granted, and nothing in particular was asked for.
    Nothing,
}

/// One entry of a grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The manifest key that it stands under: `allow-network`, `allow-storage.read`.
    pub key: &'static str,
    /// How it is written: an entry of a list, or `true` for what is granted as a whole.
    pub text: String,
    /// Which entry of the list it is, from 0, if the profile keeps their order.
    pub position: Option<usize>,
}

impl Explanation {
    /// Whether the answer is yes.
    pub fn is_allowed(&self) -> bool {
        match self.verdict {
            Verdict::Always | Verdict::Granted(_) => true,
            Verdict::Denied(_) | Verdict::Nothing => false,
        }
    }
}

/// Answers as [`decide`](crate::decide) does, and says why.
pub fn explain(profile: &Profile, request: &Request<'_>) -> Explanation {
    let permission = request.permission();
    let allowing = parts(profile, permission)
        .into_iter()
        .find(|(_, alone)| allows(alone, request));
    let verdict = match allowing {
        _ if allows(&nothing(), request) => Verdict::Always,
        Some((entry, _)) => Verdict::Granted(vec![entry]),
        None => Verdict::Denied(Box::new(Denied::new(profile, request))),
    };
    Explanation {
        question: crate::denied::deed(request),
        permission,
        verdict,
    }
}

/// Everything of a permission that a profile grants.
pub fn entries(profile: &Profile, permission: Permission) -> Vec<Entry> {
    let parts = parts(profile, permission).into_iter();
    parts.map(|(entry, _)| entry).collect()
}

fn nothing() -> Profile {
    built(Profile::builder("nothing"))
}

/// A profile of one entry of another profile: whatever was valid there is valid alone.
fn built(builder: ProfileBuilder) -> Profile {
    builder
        .build()
        .expect("one grant goes together with itself, and the limits are the default")
}

/// An entry, and a profile that has nothing else.
type Part = (Entry, Profile);

/// Each entry of the grants of a permission.
fn parts(profile: &Profile, permission: Permission) -> Vec<Part> {
    let key = permission.manifest_key();
    let unit =
        |is_granted, grant: fn(ProfileBuilder) -> ProfileBuilder| whole(key, is_granted, grant);
    match permission {
        Permission::Network => ordered(key, profile.network().rules(), |builder, rule| {
            builder.network(NetGrant::Rules(vec![rule]))
        }),
        Permission::Listen => match profile.listen() {
            ListenGrant::Off => Vec::new(),
            ListenGrant::Anywhere => unit(true, |builder| builder.listen(ListenGrant::Anywhere)),
            ListenGrant::Rules(rules) => ordered(key, rules, |builder, rule| {
                builder.listen(ListenGrant::Rules(vec![rule]))
            }),
        },
        Permission::Spawn => match profile.spawn() {
            SpawnGrant::Nobody => Vec::new(),
            SpawnGrant::Anyone => unit(true, |builder| builder.spawn(SpawnGrant::Anyone)),
            SpawnGrant::Listed(names) => unordered(key, names, |builder, name| {
                builder.spawn(SpawnGrant::listed([name]))
            }),
        },
        Permission::Send => match profile.send() {
            SendGrant::Anyone => unit(true, |builder| builder.send(SendGrant::Anyone)),
            SendGrant::Listed(names) => unordered(key, names, |builder, name| {
                builder.send(SendGrant::listed([name]))
            }),
        },
        Permission::Storage => storage(profile.storage()),
        Permission::ProcessControl => unit(
            profile.process_control(),
            ProfileBuilder::allow_process_control,
        ),
        Permission::Load => unit(profile.load(), ProfileBuilder::allow_load),
        Permission::Stdio => unit(profile.stdio(), ProfileBuilder::allow_stdio),
        Permission::Env => ordered(key, profile.env(), ProfileBuilder::env),
        Permission::Files => ordered(key, profile.dirs(), ProfileBuilder::dir),
        Permission::HostFunctions => {
            ordered(key, profile.host_functions().names(), |builder, name| {
                builder.host_functions(HostFunctionGrant::listed([name]))
            })
        }
    }
}

/// Reading and writing are granted apart.
fn storage(grant: &KvGrant) -> Vec<Part> {
    let sets = [
        ("allow-storage.read", &grant.read, true),
        ("allow-storage.write", &grant.write, false),
    ];
    let parts = sets.into_iter().flat_map(|(key, set, is_read)| {
        let only = move |builder: ProfileBuilder, set| {
            let mut grant = KvGrant::default();
            *(if is_read {
                &mut grant.read
            } else {
                &mut grant.write
            }) = set;
            builder.storage(grant)
        };
        match set {
            BucketSet::Nothing => Vec::new(),
            BucketSet::Every => whole(key, true, |builder| only(builder, BucketSet::Every)),
            BucketSet::Listed(patterns) => ordered(key, patterns, |builder, pattern| {
                only(builder, BucketSet::Listed(vec![pattern]))
            }),
        }
    });
    parts.collect()
}

/// What is granted as a whole.
fn whole(
    key: &'static str,
    is_granted: bool,
    grant: impl Fn(ProfileBuilder) -> ProfileBuilder,
) -> Vec<Part> {
    let parts = is_granted.then(|| part(key, "true".to_owned(), None, grant));
    parts.into_iter().collect()
}

/// The entries of a list that is kept as it was given.
fn ordered<T: Clone + Display>(
    key: &'static str,
    items: &[T],
    grant: impl Fn(ProfileBuilder, T) -> ProfileBuilder,
) -> Vec<Part> {
    let items = items.iter().enumerate();
    let parts = items.map(|(position, item)| {
        let only = |builder| grant(builder, item.clone());
        part(key, item.to_string(), Some(position), only)
    });
    parts.collect()
}

/// Names, in the order of the alphabet.
fn unordered(
    key: &'static str,
    names: &BTreeSet<String>,
    grant: impl Fn(ProfileBuilder, &str) -> ProfileBuilder,
) -> Vec<Part> {
    let parts = names
        .iter()
        .map(|name| part(key, name.clone(), None, |builder| grant(builder, name)));
    parts.collect()
}

fn part(
    key: &'static str,
    text: String,
    position: Option<usize>,
    grant: impl Fn(ProfileBuilder) -> ProfileBuilder,
) -> Part {
    let entry = Entry {
        key,
        text,
        position,
    };
    (entry, built(grant(Profile::builder(""))))
}
