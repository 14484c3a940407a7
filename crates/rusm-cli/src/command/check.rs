//! `rusm check`: everything that is wrong with an app, in one run, without starting anything.
//!
//! Errors are what would keep the app from starting, or start it otherwise than it was written;
//! warnings are what some process will stumble over; notes compare code with grants. Notes and
//! warnings do not fail the check.

mod finding;
mod fix;
mod grants;
mod places;

use super::run::NOTHING_STARTS;
use super::{Build, Cache, Session};
use crate::args::{CheckArgs, LogLevel};
use crate::cargo::Built;
use crate::environment::{self, Environment};
use crate::log::Scope;
use crate::manifest_file;
use crate::place::{MANIFEST, find_app, folder_of, nearest};
use crate::report::{Failure, Kind, print_json, print_result};
use finding::{About, Finding, Findings};
use grants::Known;
use rusm_core::{BootError, BootPlan, CodeKind, Inspection, Runtime};
use rusm_manifest::{CodeSource, ComponentDecl, Manifest};
use std::path::Path;

pub(super) fn check(args: &CheckArgs, session: &Session) -> Result<u8, Failure> {
    let path = find_app(args.target.as_deref())?;
    let text = manifest_file::text(&path)?;
    let mut findings = Findings::default();
    let manifest = match rusm_manifest::parse(&path.display().to_string(), &text) {
        Err(errors) => {
            findings.extend(errors.iter().map(Finding::of_diagnostic));
            None
        }
        Ok(manifest) => Some(check_app(args, manifest, &path, session, &mut findings)?),
    };
    session.progress.finish();
    let is_dry = args.dry_run || args.diff;
    let fixed = match &manifest {
        Some(manifest) if args.fix || is_dry => {
            Some(fix::settle(&path, manifest, &mut findings, is_dry)?)
        }
        Some(_) | None => None,
    };
    let app = manifest.as_ref().map(|manifest| manifest.app.as_str());
    if args.json {
        print_json(&findings.to_json(&path, app, fixed.as_ref()))?;
    } else {
        findings.print(session.console);
        let fixed = fixed.map_or_else(String::new, |fixed| fixed.told());
        let summary = findings.summary(app.unwrap_or(MANIFEST));
        print_result(&format!("{fixed}{summary}"))?;
    }
    match findings.worst() {
        Some(kind) => Err(Failure::printed(kind)),
        None => Ok(0),
    }
}

fn check_app(
    args: &CheckArgs,
    manifest: Manifest,
    path: &Path,
    session: &Session,
    findings: &mut Findings,
) -> Result<Manifest, Failure> {
    let folder = folder_of(path);
    findings.extend(
        manifest
            .warnings
            .iter()
            .map(|warning| Finding::of_diagnostic(&warning.as_error())),
    );
    if manifest.root.children.is_empty() {
        let text = format!("nothing would be started: {NOTHING_STARTS}");
        findings.push(Finding::note(About::Manifest, text));
    }
    let environment = match environment::with_dot_env(environment::of_process(), folder) {
        Ok(environment) => Some(environment),
        Err(failure) => {
            findings.push(Finding::of_failure(About::Environment, &failure));
            None
        }
    };
    for component in manifest.components.values() {
        if let Some(environment) = &environment {
            check_variables(component, environment, findings);
        }
    }
    let built = match session.guests(&manifest, folder, Build::unless(args.no_build)) {
        Ok(built) => built,
        Err(failure) => {
            findings.push(Finding::of_failure(About::Build, &failure));
            // What is not built cannot be looked at; the other components can.
            Built::new()
        }
    };
    check_code(
        args,
        path,
        BootPlan {
            manifest,
            folder: folder.to_owned(),
            built,
        },
        session,
        findings,
    )
}

/// Loads the code of every component and compares it with its grants. Gives the manifest back.
fn check_code(
    args: &CheckArgs,
    path: &Path,
    plan: BootPlan,
    session: &Session,
    findings: &mut Findings,
) -> Result<Manifest, Failure> {
    session.start_log(LogLevel::Warn);
    let observer = session.observer(Scope::App);
    let runtime = session.runtime(
        |builder| builder.workers(1).manifest(&plan.manifest, path),
        Cache::unless(args.no_cache),
        Environment::new(),
        &observer,
    )?;
    let has_failed_to_build = findings.any_about(About::Build);
    let mut faulty = Vec::new();
    match runtime.declare_all(&plan) {
        Ok(()) => {}
        Err(BootError::Code(problems)) => {
            for problem in problems {
                let is_unbuilt = has_failed_to_build
                    && !plan.built.contains_key(&problem.component)
                    && is_package(&plan, &problem.component);
                if !is_unbuilt {
                    findings.push(
                        Finding::error(About::Code, problem.problem)
                            .of_component(&problem.component),
                    );
                }
                faulty.push(problem.component);
            }
        }
        Err(error) => findings.push(Finding::error(About::Code, error.to_string())),
    }
    check_folders(&plan, &runtime, findings);
    places::check(&plan, findings);
    runtime.shutdown();
    let components = plan.manifest.components.values();
    let sound = components.filter(|component| !faulty.contains(&component.name));
    let mut known = Known::new();
    for component in sound {
        if let Some(found) = inspect(&plan, component) {
            check_memory(component, &found, findings);
            known.insert(component.name.clone(), found.needs);
        }
    }
    findings.extend(grants::compare(&plan.manifest, &known).into_iter());
    Ok(plan.manifest)
}

fn is_package(plan: &BootPlan, component: &str) -> bool {
    plan.manifest
        .components
        .get(component)
        .is_some_and(|component| match component.code {
            CodeSource::Package(_) => true,
            CodeSource::Wasm(_) => false,
        })
}

/// The code of a component. It was loaded a moment ago, and is read again for what it says.
fn inspect(plan: &BootPlan, component: &ComponentDecl) -> Option<Inspection> {
    let path = match (&component.code, plan.built.get(&component.name)) {
        (CodeSource::Wasm(path), _) => plan.folder.join(path),
        (CodeSource::Package(_), Some(path)) => path.clone(),
        (CodeSource::Package(_), None) => return None,
    };
    let wasm = std::fs::read(path).ok()?;
    rusm_core::inspect(&wasm).ok()
}

/// A core module whose memories begin larger than its profile allows never starts.
fn check_memory(component: &ComponentDecl, found: &Inspection, findings: &mut Findings) {
    const PAGE: u64 = 64 << 10;
    let memories = found.memories.iter();
    let n_pages = memories.fold(0, |sum: u64, memory| sum.saturating_add(memory.initial));
    let (needed, held) = (
        n_pages.saturating_mul(PAGE),
        component.profile.limits().max_memory_bytes,
    );
    if found.kind == CodeKind::Module && needed > held {
        let text = format!(
            "its memory begins with {} MiB, and profile '{}' allows {} MiB: its processes would not start",
            needed.div_ceil(1 << 20),
            component.profile.name(),
            held >> 20
        );
        let finding = Finding::warning(About::Grants, text).of_component(&component.name);
        let help = format!("write max-memory-mb = {}", needed.div_ceil(1 << 20));
        findings.push(finding.with_help(Some(help)));
    }
}

/// A folder that cannot be given is a process that does not start.
fn check_folders(plan: &BootPlan, runtime: &Runtime, findings: &mut Findings) {
    for component in plan.manifest.components.values() {
        for grant in component.profile.dirs() {
            if let Some(why) = runtime.why_not_given(&plan.folder, grant) {
                let text = format!("{why}: its processes would end 'not-started'");
                let finding = Finding::warning(About::Environment, text);
                findings.push(finding.of_component(&component.name));
            }
        }
    }
}

/// A variable that is granted and set nowhere is a typing mistake or a missing setting.
fn check_variables(component: &ComponentDecl, environment: &Environment, findings: &mut Findings) {
    for grant in component.profile.env() {
        let is_set = environment.keys().any(|name| grant.covers(name));
        if !is_set {
            let text = format!("the environment variable {grant} is set neither here nor in .env");
            let near = grant
                .exact_name()
                .and_then(|name| nearest(name, environment.keys().map(String::as_str)));
            let finding = Finding::warning(About::Environment, text).of_component(&component.name);
            findings.push(finding.with_help(near.map(|near| format!("did you mean {near}?"))));
        }
    }
}

impl Finding {
    fn of_failure(about: About, failure: &Failure) -> Self {
        debug_assert_ne!(
            failure.kind(),
            Kind::Usage,
            "what was typed has been understood by now"
        );
        Self::laid_out(about, failure.to_string())
    }
}
