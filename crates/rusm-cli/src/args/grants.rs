//! The flags that say what a single file may do, each read into the grant it stands for.

use clap::Args;
use rusm_caps::{DirGrant, EnvGrant, GrantError, ListenRule, NetRule};
use std::path::{Component, Path};

/// What a single file may do, besides its terminal.
#[derive(Clone, Debug, Default, PartialEq, Args)]
#[command(next_help_heading = "For a single FILE.wasm")]
pub(crate) struct GrantArgs {
    /// Start from this profile, of the rusm.toml in the current folder or built in (sandboxed,
    /// network-client, trusted), instead of from nothing
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Allow outgoing connections: to every address, or to the names, addresses, ranges and ports
    /// listed, such as api.example.com:443,*.example.org,10.1.0.0/16:5432,127.0.0.1:80,public:443
    #[arg(long, value_name = "RULES", num_args = 0..=1, require_equals = true, value_delimiter = ',',
          default_missing_value = NetFlag::EVERYWHERE, value_parser = net_flag)]
    pub(crate) allow_net: Vec<NetFlag>,
    /// Allow it to accept connections: at every address of this machine, or at those listed, such
    /// as 127.0.0.1:9000,127.0.0.1:8000-8100
    #[arg(long, value_name = "RULES", num_args = 0..=1, require_equals = true, value_delimiter = ',',
          default_missing_value = ListenFlag::ANYWHERE, value_parser = listen_flag)]
    pub(crate) allow_listen: Vec<ListenFlag>,
    /// Open a folder under another name, or under its own; ::ro is for reading only
    #[arg(long, value_name = "HOST[::GUEST][::ro]", value_parser = dir_flag)]
    pub(crate) dir: Vec<DirGrant>,
    /// Set an environment variable, or pass one on from here
    #[arg(long, value_name = "NAME[=VALUE]", value_parser = env_flag)]
    pub(crate) env: Vec<EnvFlag>,
    /// Allow it to spawn processes
    #[arg(long)]
    pub(crate) allow_spawn: bool,
    /// Linear memory [default: 4096]
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..=4096))]
    pub(crate) max_memory_mb: Option<u64>,
    /// CPU time of its whole life; 0 is no bound
    #[arg(long, value_name = "MS")]
    pub(crate) max_cpu_ms: Option<u64>,
    /// CPU time between two host calls that yield; 0 is no bound
    #[arg(long, value_name = "MS")]
    pub(crate) max_slice_ms: Option<u64>,
    /// Wall time of its life; 0 is no bound
    #[arg(long, value_name = "MS")]
    pub(crate) timeout_ms: Option<u64>,
    /// Standard output and error together; 0 is no bound
    #[arg(long, value_name = "KIB")]
    pub(crate) max_output_kb: Option<u64>,
    /// Live descendants
    #[arg(long, value_name = "N")]
    pub(crate) max_processes: Option<u32>,
    /// Files, sockets and streams open at once
    #[arg(long, value_name = "N")]
    pub(crate) max_handles: Option<u32>,
}

impl GrantArgs {
    /// The flags that were typed.
    pub(crate) fn typed(&self) -> Vec<&'static str> {
        let flags = [
            ("--profile", self.profile.is_some()),
            ("--allow-net", !self.allow_net.is_empty()),
            ("--allow-listen", !self.allow_listen.is_empty()),
            ("--dir", !self.dir.is_empty()),
            ("--env", !self.env.is_empty()),
            ("--allow-spawn", self.allow_spawn),
            ("--max-memory-mb", self.max_memory_mb.is_some()),
            ("--max-cpu-ms", self.max_cpu_ms.is_some()),
            ("--max-slice-ms", self.max_slice_ms.is_some()),
            ("--timeout-ms", self.timeout_ms.is_some()),
            ("--max-output-kb", self.max_output_kb.is_some()),
            ("--max-processes", self.max_processes.is_some()),
            ("--max-handles", self.max_handles.is_some()),
        ];
        flags
            .into_iter()
            .filter(|(_, typed)| *typed)
            .map(|(flag, _)| flag)
            .collect()
    }
}

/// One value of `--allow-net`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NetFlag {
    /// The bare flag: every address, loopback included.
    Everywhere,
    /// What one rule says.
    Rule(NetRule),
}

impl NetFlag {
    /// What clap puts in for the bare flag. No rule looks like this.
    const EVERYWHERE: &'static str = "<everywhere>";
}

/// One value of `--allow-listen`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ListenFlag {
    /// The bare flag: every address of this machine.
    Anywhere,
    /// What one rule says.
    Rule(ListenRule),
}

impl ListenFlag {
    /// What clap puts in for the bare flag. No rule looks like this.
    const ANYWHERE: &'static str = "<anywhere>";
}

/// One value of `--env`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EnvFlag {
    pub(crate) grant: EnvGrant,
    /// None: its value here is passed on.
    pub(crate) value: Option<String>,
}

fn net_flag(text: &str) -> Result<NetFlag, String> {
    if text == NetFlag::EVERYWHERE {
        return Ok(NetFlag::Everywhere);
    }
    text.parse().map(NetFlag::Rule).map_err(explained)
}

fn listen_flag(text: &str) -> Result<ListenFlag, String> {
    if text == ListenFlag::ANYWHERE {
        return Ok(ListenFlag::Anywhere);
    }
    text.parse().map(ListenFlag::Rule).map_err(explained)
}

fn env_flag(text: &str) -> Result<EnvFlag, String> {
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (text, None),
    };
    let grant: EnvGrant = name.parse().map_err(explained)?;
    if grant.exact_name().is_none() && value.is_some() {
        return Err("a prefix cannot have a value (write the whole name)".to_owned());
    }
    Ok(EnvFlag { grant, value })
}

fn dir_flag(text: &str) -> Result<DirGrant, String> {
    if text.ends_with("::rw") {
        return Err("a folder is for writing unless it ends in ::ro (leave ::rw out)".to_owned());
    }
    let (folders, read_only) = match text.strip_suffix("::ro") {
        Some(folders) => (folders, true),
        None => (text, false),
    };
    let (host, guest) = match folders.rsplit_once("::") {
        Some((host, guest)) => (host, guest_path(Path::new(guest))),
        None => (folders, guest_path(Path::new(folders))),
    };
    let guest = guest.ok_or_else(|| {
        format!("a guest path cannot climb out of its root (say under which name the guest sees it: {host}::/data)")
    })?;
    let grant = if read_only {
        DirGrant::read_only(host, guest)
    } else {
        DirGrant::read_write(host, guest)
    };
    grant.map_err(explained)
}

/// The absolute path for a guest. Guests start in `/`, so `data` is `/data` and `.` is all there is.
fn guest_path(typed: &Path) -> Option<String> {
    let mut path = String::new();
    for component in typed.components() {
        match component {
            Component::RootDir | Component::CurDir => {}
            Component::Normal(part) => {
                path.push('/');
                path.push_str(part.to_str()?);
            }
            Component::ParentDir | Component::Prefix(_) => return None,
        }
    }
    Some(if path.is_empty() {
        "/".to_owned()
    } else {
        path
    })
}

fn explained(error: GrantError) -> String {
    match error.suggestion() {
        Some(suggestion) => format!("{} ({suggestion})", error.reason()),
        None => error.reason().to_owned(),
    }
}
