//! The commands, one file each, and what they have in common.

mod audit;
mod build;
mod check;
mod doctor;
mod grant_line;
mod inspect;
mod kv;
mod run;
mod run_file;
mod wall;
mod why;

use crate::args::{Cli, Command, GlobalArgs, LogFormat, LogLevel, RunArgs};
use crate::cargo::{Builder, Built, Warnings};
use crate::environment::Environment;
use crate::log::{self, LogObserver, Scope};
use crate::place::{self, Target};
use crate::progress::Progress;
use crate::report::{Console, Failure, Kind};
use rusm_core::{Runtime, RuntimeBuilder, RuntimeObserver};
use rusm_manifest::Manifest;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Does what was asked. The answer is the exit code of a run that did not fail by itself.
pub(crate) fn run(cli: &Cli, console: Console) -> Result<u8, Failure> {
    let session = Session {
        global: cli.global.clone(),
        console,
        progress: match cli.global.log_format {
            LogFormat::Text => Progress::new(console),
            // Whoever reads this is a program, wherever it is.
            LogFormat::Json => Progress::default(),
        },
    };
    match &cli.command {
        Command::Run(args) => run_either(args, &session),
        Command::Build(args) => build::build(args, &session),
        Command::Check(args) => check::check(args, &session),
        Command::Inspect(args) => inspect::inspect(args),
        Command::Why(args) => why::why(args, &session),
        Command::Doctor(args) => doctor::doctor(args, &session),
        Command::Audit(args) => audit::audit(args, session.console),
        Command::Kv(args) => kv::kv(args, session.console),
    }
}

fn run_either(args: &RunArgs, session: &Session) -> Result<u8, Failure> {
    match place::find(args.target.as_deref())? {
        Target::App(manifest) => run::run(args, &manifest, session),
        Target::File(file) => run_file::run(args, &file, session),
    }
}

/// What every command has at hand.
#[derive(Debug)]
struct Session {
    global: GlobalArgs,
    console: Console,
    progress: Progress,
}

/// Whether guests are built or taken as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Build {
    WhatIsStale,
    Nothing,
}

/// Whether compiled code is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cache {
    Kept,
    Off,
}

impl Session {
    fn builder(&self, warnings: Warnings) -> Builder {
        Builder {
            progress: self.progress.clone(),
            console: self.console,
            warnings,
        }
    }

    /// Where the guests of an app are, built if that is wanted.
    fn guests(&self, manifest: &Manifest, folder: &Path, build: Build) -> Result<Built, Failure> {
        let builder = self.builder(Warnings::Hidden);
        match build {
            Build::WhatIsStale => builder.build(manifest, folder),
            Build::Nothing => builder.locate(manifest, folder),
        }
    }

    fn start_log(&self, default: LogLevel) {
        log::start(&self.global, default, self.console, &self.progress);
    }

    fn observer(&self, scope: Scope) -> Arc<LogObserver> {
        Arc::new(LogObserver::new(scope, self.progress.clone()))
    }

    fn runtime(
        &self,
        set_up: impl FnOnce(RuntimeBuilder) -> RuntimeBuilder,
        cache: Cache,
        environment: Environment,
        observer: &Arc<impl RuntimeObserver + 'static>,
    ) -> Result<Runtime, Failure> {
        let mut builder = set_up(Runtime::builder()).env(environment);
        builder = builder.observer(Arc::clone(observer) as Arc<dyn RuntimeObserver>);
        if let Some(folder) = cache.folder() {
            builder = builder.cache_folder(folder);
        }
        builder
            .build()
            .map_err(|error| Failure::new(Kind::NotStarted, error.to_string()))
    }
}

impl Build {
    fn unless(no_build: bool) -> Self {
        if no_build {
            Self::Nothing
        } else {
            Self::WhatIsStale
        }
    }
}

impl Cache {
    fn unless(no_cache: bool) -> Self {
        if no_cache { Self::Off } else { Self::Kept }
    }

    /// Where it is kept; none if it is not.
    fn folder(self) -> Option<PathBuf> {
        match self {
            Self::Kept => place::cache_folder(|name| std::env::var_os(name)),
            Self::Off => None,
        }
    }
}
